#include "kernels_impl.h"

namespace iopaint::conv {
const Kernels avx2_kernels = KernelsOf<8>::table;
}
