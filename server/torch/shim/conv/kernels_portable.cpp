// Vectors of 16 bytes: what every processor has that libtorch runs on (SSE2, NEON).
#include "kernels_impl.h"

namespace iopaint::conv {
const Kernels portable_kernels = KernelsOf<4>::table;
}
