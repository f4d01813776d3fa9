// What tch's bindings lack: TorchScript modules that are frozen, run in inference mode and never throw.
// Every call that can fail leaves a text in `*error` (to be freed by iopaint_text_free) and returns null or false.
#pragma once

#include <cstddef>
#include <cstdint>

namespace at {
class Tensor;
}

extern "C" {

struct iopaint_module;

// A negative device is the CPU, any other the index of a CUDA device.
typedef int iopaint_device;

// Turns off what would recompile a model for each new image size: the profiling executor and the fusers.
// `tf32`: lets a GPU round what it multiplies to 10 bits.
void iopaint_configure(int threads, bool tf32);

// What took the place of a model's convolutions; all zero where the model runs as it is.
struct iopaint_rewritten {
  int64_t layers;
  int64_t convolutions;
  int64_t paddings;
  int64_t norms;
  int64_t activations;
  int64_t sums;
  int64_t residuals;
  int64_t transforms;
  int64_t winograd;
};

// The instruction set that rewritten convolutions use on this processor. Never freed.
const char *iopaint_instruction_set(void);

// Devices that a CUDA build of libtorch can use; 0 for a CPU build or where there is no driver.
int iopaint_cuda_device_count(void);

// `optimize`: rewrites the model's convolutions where it runs on the CPU.
iopaint_module *iopaint_module_load_file(
    const char *path, iopaint_device device, bool optimize, iopaint_rewritten *rewritten, char **error);
iopaint_module *iopaint_module_load_bytes(
    const void *bytes, size_t size, iopaint_device device, bool optimize, iopaint_rewritten *rewritten, char **error);
void iopaint_module_free(iopaint_module *module);

// Runs `forward` on `count` tensors. `*out_of_memory` tells whether a failure was the device's memory running out.
at::Tensor *iopaint_module_forward(
    iopaint_module *module, at::Tensor *const *inputs, size_t count, bool *out_of_memory, char **error);

void iopaint_text_free(char *text);
}
