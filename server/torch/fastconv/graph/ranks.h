// Folds rank queries (`aten::dim`), which scripted code uses to validate batch norms and to choose paddings.
#pragma once

#include <memory>

#include <torch/csrc/jit/ir/ir.h>

namespace fastconv::graph {

// Replaces rank queries by constants, assuming that every tensor input has four dimensions.
void fold_ranks(std::shared_ptr<torch::jit::Graph> &graph);

} // namespace fastconv::graph
