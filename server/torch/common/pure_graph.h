// Passes over graphs that change no value in place. They need no alias analysis, which takes most of the time
// of libtorch's passes.
#pragma once

#include <functional>

#include <torch/csrc/jit/ir/ir.h>

namespace iopaint {

// Returns true if `matches` returns true for a node of a block or of the blocks in it.
bool any_node(const torch::jit::Block *block, const std::function<bool(const torch::jit::Node *)> &matches);

// Replaces activations in place of tensors that are new by the functional operators. Returns true if the
// graph is pure thereafter: no node may change a value, and branches are the only nodes with blocks.
bool purify(torch::jit::Graph &graph);

// Replaces the results of nodes with constant inputs by constants, branches with constant conditions by one
// of their blocks, and numbers of tensors that were made from numbers by these; removes unused nodes. The
// graph must be pure.
void propagate_constants(torch::jit::Graph &graph);

} // namespace iopaint
