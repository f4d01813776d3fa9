#include "frozen_graph.h"

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/loop_unrolling.h>
#include <torch/csrc/jit/passes/peephole.h>

#include "specialize.h"

namespace iopaint {
namespace {

using torch::jit::AliasDb;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

// Passes over the graph until loops of constant length are unrolled; each round unrolls one level of loops.
constexpr int kMaxRounds = 4;

bool has_loops(const Block *block) {
  for (const Node *node : block->nodes()) {
    if (node->kind() == c10::prim::Loop) {
      return true;
    }
    for (const Block *inner : node->blocks()) {
      if (has_loops(inner)) {
        return true;
      }
    }
  }
  return false;
}

// Returns true if a run may change a constant tensor.
bool has_written_constants(const AliasDb &aliases, const Block *block) {
  for (const Node *node : block->nodes()) {
    const bool is_tensor = node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
                           node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t;
    if (is_tensor && aliases.hasWriters(node->output())) {
      return true;
    }
    for (const Block *inner : node->blocks()) {
      if (has_written_constants(aliases, inner)) {
        return true;
      }
    }
  }
  return false;
}

} // namespace

std::shared_ptr<Graph> frozen_graph(const torch::jit::Module &module) {
  std::shared_ptr<Graph> graph = specialize(module);
  torch::jit::EliminateDeadCode(graph->block());
  for (int round = 0; round < kMaxRounds; ++round) {
    torch::jit::ConstantPropagation(graph, true);
    torch::jit::EliminateDeadCode(graph);
    if (!has_loops(graph->block()) || !torch::jit::UnrollConstantLoops(graph)) {
      break;
    }
  }
  torch::jit::PeepholeOptimize(graph);
  torch::jit::EliminateDeadCode(graph);
  if (graph->inputs()[0]->hasUses() || has_written_constants(AliasDb(graph), graph->block())) {
    return nullptr;
  }
  return graph;
}

} // namespace iopaint
