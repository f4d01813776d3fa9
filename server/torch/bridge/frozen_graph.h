#pragma once

#include <memory>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

namespace iopaint {

// Returns the graph of `forward` with the module's attributes as constants, which share the attributes'
// memory. Faster than torch::jit::freeze, which compares all constants with each other to merge equal ones.
// Null if attributes remain or could be changed by a run.
std::shared_ptr<torch::jit::Graph> frozen_graph(const torch::jit::Module &module);

} // namespace iopaint
