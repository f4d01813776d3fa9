#include "frozen_graph.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/loop_unrolling.h>
#include <torch/csrc/jit/passes/peephole.h>

namespace iopaint {
namespace {

using torch::jit::AliasDb;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// Passes over the graph until loops of constant length are unrolled; each round unrolls one level of loops.
constexpr int kMaxRounds = 4;

// Replaces reads of attributes by constants.
class Attributes {
public:
  Attributes(Graph &graph, const torch::jit::Module &module) : graph_(graph) {
    objects_.emplace(graph.inputs()[0], module._ivalue());
  }

  void replace() { replace(graph_.block()); }

private:
  void replace(Block *block) {
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) {
        replace(inner);
      }
      if (node->kind() == c10::prim::GetAttr) {
        replace(node);
      }
    }
  }

  void replace(Node *node) {
    const auto owner = objects_.find(node->input());
    if (owner == objects_.end()) {
      return;
    }
    const c10::IValue value = owner->second.toObject()->getAttr(node->s(c10::attr::name));
    if (value.isObject()) {
      objects_.emplace(node->output(), value);
      return;
    }
    if (Value *constant = constant_of(value)) {
      node->output()->replaceAllUsesWith(constant);
    }
  }

  // Returns the constant of a value; null if values of its type can't be constants.
  Value *constant_of(const c10::IValue &value) {
    if (!value.isTensor()) {
      const torch::jit::WithInsertPoint at_start(graph_.block()->nodes().front());
      return torch::jit::tryInsertConstant(graph_, value).value_or(nullptr);
    }
    // One constant per tensor, however often it is read.
    const auto [entry, is_new] = tensors_.emplace(value.toTensor().unsafeGetTensorImpl(), nullptr);
    if (is_new) {
      const torch::jit::WithInsertPoint at_start(graph_.block()->nodes().front());
      entry->second = torch::jit::tryInsertConstant(graph_, value.toTensor().detach()).value_or(nullptr);
    }
    return entry->second;
  }

  Graph &graph_;
  std::unordered_map<Value *, c10::IValue> objects_;
  std::unordered_map<const void *, Value *> tensors_;
};

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
  auto graph = torch::jit::toGraphFunction(module.get_method("forward").function()).graph()->copy();
  torch::jit::Inline(*graph);
  Attributes(*graph, module).replace();
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
