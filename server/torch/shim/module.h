// What tch's bindings lack: TorchScript modules that are frozen, run in inference mode and never throw.
// Every call that can fail leaves a text in `*error` (to be freed by iopaint_text_free) and returns null or false.
#pragma once

#include "device.h"

extern "C" {

struct iopaint_module;

// How a model is loaded.
struct iopaint_loading {
  iopaint_device device;
  // Rewrites the model's convolutions where it runs on the CPU.
  bool optimize;
  // Lays the filters of convolutions out as cuDNN's fast ones read them; a model that is rewritten has its own layout.
  bool channels_last;
};

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
  int64_t contiguous;
};

iopaint_module *iopaint_module_load_file(
    const char *path, const iopaint_loading *loading, iopaint_rewritten *rewritten, char **error);
iopaint_module *iopaint_module_load_bytes(
    const void *bytes, size_t size, const iopaint_loading *loading, iopaint_rewritten *rewritten, char **error);
void iopaint_module_free(iopaint_module *module);

// Runs `forward` on `count` tensors. `tune`: on a GPU, cuDNN measures which algorithms are fastest at sizes that it hasn't
// seen. `*out_of_memory` is set where libtorch says by the error's type that memory ran out.
at::Tensor *iopaint_module_forward(iopaint_module *module, at::Tensor *const *inputs, size_t count, bool tune,
    bool *out_of_memory, char **error);
}
