// Reads a convolution node, and the padding before it, as a layer.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/jit/ir/ir.h>

#include "../conv/layer.h"

namespace iopaint::graph {

struct Found {
  c10::intrusive_ptr<conv::Layer> layer; // none: this is no convolution that a layer can do
  torch::jit::Value *input = nullptr;
  bool padding = false; // the node before the convolution was a padding and is part of the layer
};

Found read_convolution(torch::jit::Node *node);

} // namespace iopaint::graph
