#include "kernels_impl.h"

namespace iopaint::conv {
const Kernels avx512_kernels = KernelsOf<16>::table;
}
