#include "kernels_impl.h"

namespace fastconv::conv {
const Kernels avx2_kernels = KernelsOf<8>::table;
}
