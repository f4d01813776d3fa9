// Where models run, and libtorch's settings for the whole process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace at {
class Tensor;
}

extern "C" {

// A negative device is the CPU, any other the index of a CUDA device.
typedef int iopaint_device;

// Turns off what would recompile a model for each new image size: the profiling executor and the fusers.
// `tf32`: lets a GPU round what it multiplies to 10 bits.
void iopaint_configure(int threads, bool tf32);

// The instruction set that rewritten convolutions use on this processor. Never freed.
const char *iopaint_instruction_set(void);

// How many threads share a loop of such a convolution; found out by running one.
int iopaint_loop_threads(void);

// Devices that a CUDA build of libtorch can use; 0 for a CPU build or where there is no driver.
int iopaint_cuda_device_count(void);

// Bounds what libtorch takes of a GPU's memory to `share` of all of it (above 0, up to 1). An error's text goes to `*error`
// and is to be freed by iopaint_text_free.
bool iopaint_cuda_limit_memory(iopaint_device device, double share, char **error);

// Gives what libtorch keeps of GPUs' memory for later back to the driver.
void iopaint_cuda_release_memory(void);

// A tensor of `count` bytes in memory of this machine that a GPU reads and writes by itself; null and an error's text where
// there is none.
at::Tensor *iopaint_pinned_bytes(int64_t count, char **error);

void iopaint_text_free(char *text);
}
