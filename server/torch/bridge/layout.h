// Memory layout of a model's weights.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace iopaint {

// Stores every four-dimensional weight channels-last. cuDNN convolves in the layout of the filters, and its
// tensor core kernels expect this one. Values and shapes stay the same.
void to_channels_last(torch::jit::Module &module);

} // namespace iopaint
