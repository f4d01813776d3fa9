// Vectors of 16 bytes (SSE2, NEON), which all of libtorch's processors support.
#include "kernels_impl.h"

namespace fastconv::conv {
const Kernels portable_kernels = KernelsOf<4>::table;
}
