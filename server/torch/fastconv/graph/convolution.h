// Converts a convolution node, and a padding before it, to a layer.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/jit/ir/ir.h>

#include "../conv/layer.h"

namespace fastconv::graph {

// Returns true for convolutions of images, transposed ones too.
bool is_convolution(const torch::jit::Node *node);

struct ParsedConvolution {
  c10::intrusive_ptr<conv::Layer> layer; // null: no convolution, or an unsupported one
  torch::jit::Value *input = nullptr;
  bool merged_padding = false; // the preceding node is a padding and became part of the layer
};

ParsedConvolution parse_convolution(torch::jit::Node *node);

} // namespace fastconv::graph
