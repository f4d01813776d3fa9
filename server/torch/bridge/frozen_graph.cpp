#include "frozen_graph.h"

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/loop_unrolling.h>
#include <torch/csrc/jit/passes/peephole.h>
#include <torch/csrc/jit/passes/peephole_non_tensor.h>

#include "../common/pure_graph.h"
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
  return any_node(block, [](const Node *node) { return node->kind() == c10::prim::Loop; });
}

// Returns true if a run may change a constant tensor.
bool has_written_constants(const AliasDb &aliases, const Block *block) {
  return any_node(block, [&](const Node *node) {
    return node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
           node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t &&
           aliases.hasWriters(node->output());
  });
}

// Runs libtorch's passes, which analyse aliases. Returns true if a run may change a constant.
bool optimize(std::shared_ptr<Graph> &graph) {
  for (int round = 0; round < kMaxRounds; ++round) {
    torch::jit::ConstantPropagation(graph, true);
    torch::jit::EliminateDeadCode(graph);
    if (!has_loops(graph->block()) || !torch::jit::UnrollConstantLoops(graph)) {
      break;
    }
  }
  torch::jit::PeepholeOptimize(graph);
  torch::jit::EliminateDeadCode(graph);
  return has_written_constants(AliasDb(graph), graph->block());
}

} // namespace

std::shared_ptr<Graph> frozen_graph(const torch::jit::Module &module) {
  std::shared_ptr<Graph> graph = specialize(module);
  torch::jit::EliminateDeadCode(graph->block());
  bool has_state = false;
  if (purify(*graph)) {
    torch::jit::PeepholeOptimizeNonTensor(graph);
    propagate_constants(*graph);
  } else {
    has_state = optimize(graph);
  }
  return has_state || graph->inputs()[0]->hasUses() ? nullptr : graph;
}

} // namespace iopaint
