// Parallel loops on libtorch's OpenMP threads.
//
// `at::parallel_for` is a serial loop unless its caller is compiled for OpenMP and linked with the OpenMP
// library that libtorch loads. PyTorch ships that library under its own file name (libgomp-<hash>.so.1),
// which differs from the SONAME inside. A program linked with it would load the system's library instead,
// which many machines lack, and which brings a second thread pool that libtorch's matrix multiplication
// doesn't use. Therefore its entry points are looked up at run time.
#pragma once

#include <cstdint>

#include <c10/util/FunctionRef.h>

namespace fastconv::conv {

// Calls `body(from, to)` for parts of [begin, end) with at least `grain` steps each (the last may have
// fewer), on libtorch's intra-op threads. A thread that has finished its part takes another; the parts'
// boundaries depend only on the arguments and the number of threads. One serial call inside another parallel
// region or without OpenMP. Rethrows the first exception of a thread.
void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body);

// Returns the number of threads that share such a loop.
int64_t parallel_threads();

// Counts the threads that OpenMP runs for such a loop.
int64_t team_threads();

} // namespace fastconv::conv
