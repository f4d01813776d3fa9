#pragma once

#include <memory>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

namespace iopaint {

// Returns the graph of `forward`, evaluated partially: called methods are inlined, attributes are constants
// that share the attributes' memory, numbers that depend on constants alone are computed, and of a branch on
// such a number only the taken side is copied. torch::jit::Inline copies all sides of all branches of all
// calls, which later passes remove again.
//
// Attributes are assumed to be constant. If they aren't, nodes that set them remain in the graph.
std::shared_ptr<torch::jit::Graph> specialize(const torch::jit::Module &module);

} // namespace iopaint
