// Replaces mean poolings of stride 1, which libtorch computes value by value.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace fastconv::graph {

// (image) -> means of its windows
extern const c10::Symbol kMeanPool;

// Replaces `avg_pool2d` nodes with constant parameters and stride 1. Returns their number.
int64_t rewrite_pools(torch::jit::Graph &graph);

} // namespace fastconv::graph
