#include "kernels_impl.h"

namespace fastconv::conv {
const Kernels avx512_kernels = KernelsOf<16>::table;
}
