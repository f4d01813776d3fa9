// Loops that libtorch's threads share.
//
// `at::parallel_for` is a plain loop unless the code that calls it is compiled for OpenMP and linked with the OpenMP library
// that libtorch loads. PyTorch ships that one under a name of its own (libgomp-<hash>.so.1) which differs from the name it
// bears inside, so that linkers would ask for the system's instead: missing on many machines, and a second set of threads,
// unknown to libtorch's matrix multiplication, where it is there. So the library is asked for its entry when the program runs.
#pragma once

#include <cstdint>

#include <c10/util/FunctionRef.h>

namespace iopaint::conv {

// Calls `body(from, to)` for parts of `begin` to `end`, of at least `grain` steps each, on as many threads as libtorch was
// told to use. Inside another such loop, or without OpenMP, it is one call.
void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body);

// How many threads share such a loop.
int64_t parallel_threads();

} // namespace iopaint::conv
