// Answers a graph's questions for the number of dimensions, which guard batch norms and choose between paddings.
#pragma once

#include <memory>

#include <torch/csrc/jit/ir/ir.h>

namespace iopaint::graph {

// Takes every tensor input to have four dimensions.
void fold_ranks(std::shared_ptr<torch::jit::Graph> &graph);

} // namespace iopaint::graph
