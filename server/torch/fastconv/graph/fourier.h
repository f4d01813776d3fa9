// Rewrites Fourier transforms next to layers: the nodes that convert between complex tensors and interleaved
// channels are removed, and the layer reads or writes a planar spectrum (conv/fourier.h) directly.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace fastconv::graph {

// Rewrites 2D transforms whose spectrum becomes channels of a layer, and inverse transforms of a layer's
// channels; the layers' weights are reordered from interleaved to planar. Layers must not be finalized yet.
// Returns the number of rewritten transforms.
int64_t rewrite_transforms(torch::jit::Graph &graph);

bool is_transform(const torch::jit::Node *node);

// Makes an inverse transform return a contiguous image. No effect on a forward transform.
void require_contiguous(torch::jit::Node *node);

} // namespace fastconv::graph
