// The layout in memory of a model's weights.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace iopaint::graph {

// Lays every weight of four dimensions out with its channels last. cuDNN convolves in the layout of the filters, and its
// kernels for tensor cores take this one. Values, shapes and answers stay what they are.
void to_channels_last(torch::jit::Module &module);

} // namespace iopaint::graph
