#include "pure_graph.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/runtime/operator.h>

namespace iopaint {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

using Symbols = std::unordered_set<c10::Symbol>;

// Nodes that are no operators and change no value themselves.
const Symbols &harmless_nodes() {
  static const Symbols symbols{c10::prim::Constant, c10::prim::DictConstruct, c10::prim::If,
      c10::prim::ListConstruct, c10::prim::ListUnpack, c10::prim::TupleConstruct, c10::prim::TupleIndex,
      c10::prim::TupleSlice, c10::prim::TupleUnpack};
  return symbols;
}

bool may_write(const Node *node) {
  if (harmless_nodes().count(node->kind()) != 0) {
    return false;
  }
  const torch::jit::Operator *const op = node->maybeOperator();
  return op == nullptr || op->schema().is_mutable();
}

// Returns the functional operator of an activation in place.
std::optional<c10::Symbol> functional_activation(const Node *node) {
  static const std::unordered_map<c10::Symbol, c10::Symbol> symbols = [] {
    std::unordered_map<c10::Symbol, c10::Symbol> map;
    for (const std::string name : {"relu", "leaky_relu", "hardtanh", "elu", "silu", "sigmoid", "tanh"}) {
      map.emplace(c10::Symbol::aten(name + "_"), c10::Symbol::aten(name));
    }
    return map;
  }();
  const auto entry = symbols.find(node->kind());
  return entry == symbols.end() ? std::nullopt : std::optional(entry->second);
}

// Returns true for results that share no memory with the operator's arguments. Annotations of schemas don't
// suffice: without training, aten::dropout returns its argument.
bool is_new(const Value *value) {
  static const Symbols symbols = [] {
    Symbols set;
    for (const std::string name : {"_convolution", "add", "addmm", "avg_pool2d", "batch_norm", "cat",
             "conv2d", "conv_transpose2d", "convolution", "div", "group_norm", "instance_norm", "linear",
             "matmul", "max_pool2d", "mul", "sub", "upsample_bilinear2d", "upsample_nearest2d"}) {
      set.insert(c10::Symbol::aten(name));
    }
    return set;
  }();
  return symbols.count(value->node()->kind()) != 0;
}

// Replaces an activation in place if it is the first user of a new tensor. No other value shares the tensor's
// memory then, and all other users read the result.
void make_functional(Graph &graph, Node *node, c10::Symbol kind) {
  Value *const changed = node->input(0);
  const bool is_unconditional = changed->node()->owningBlock() == node->owningBlock();
  const bool is_first = std::all_of(changed->uses().begin(), changed->uses().end(),
      [node](const torch::jit::Use &use) { return use.user == node || use.user->isAfter(node); });
  if (!is_new(changed) || !is_unconditional || !is_first) {
    return;
  }
  Node *const activation = graph.create(kind, node->inputs(), 1)->insertBefore(node);
  activation->output()->copyMetadata(node->output());
  node->output()->replaceAllUsesWith(activation->output());
  node->destroy();
  changed->replaceAllUsesAfterNodeWith(activation, activation->output());
}

void make_functional(Graph &graph, Block *block) {
  for (auto next = block->nodes().begin(); next != block->nodes().end();) {
    Node *const node = *next++;
    for (Block *const inner : node->blocks()) {
      make_functional(graph, inner);
    }
    if (const std::optional<c10::Symbol> kind = functional_activation(node)) {
      make_functional(graph, node, *kind);
    }
  }
}

bool is_foldable(const Node *node) {
  static const Symbols excluded{c10::prim::AutogradZero, c10::prim::Constant, c10::prim::Guard,
      c10::prim::Uninitialized, c10::prim::profile, c10::prim::unchecked_unwrap_optional,
      c10::Symbol::aten("dequantize")};
  return excluded.count(node->kind()) == 0 && node->blocks().empty() && !node->hasSideEffects() &&
         !node->isNondeterministic();
}

// Replaces the results of a node by constants if its inputs are constant.
void fold(Graph &graph, Node *node) {
  const std::optional<torch::jit::Stack> results = torch::jit::runNodeIfInputsAreConstant(node);
  if (!results) {
    return;
  }
  const torch::jit::WithInsertPoint before(node);
  for (size_t i = 0; i < results->size(); ++i) {
    Value *const output = node->outputs()[i];
    if (Value *const constant = torch::jit::tryInsertConstant(graph, (*results)[i]).value_or(nullptr)) {
      constant->setType((*results)[i].isNone() ? output->type() : constant->type());
      output->replaceAllUsesWith(constant);
    }
  }
}

// Replaces a branch by one of its blocks. Returns the first node in its place, or else the next node.
Node *inline_block(Node *branch, Block *taken) {
  const std::vector<Node *> nodes(taken->nodes().begin(), taken->nodes().end());
  for (Node *const node : nodes) {
    node->moveBefore(branch);
  }
  for (size_t i = 0; i < taken->outputs().size(); ++i) {
    branch->outputs()[i]->replaceAllUsesWith(taken->outputs()[i]);
  }
  Node *const first = nodes.empty() ? branch->next() : nodes.front();
  branch->destroy();
  return first;
}

// Replaces the number of a tensor that was made from a number: traced graphs compute sizes as tensors.
void skip_tensor(Node *node) {
  static const Symbols numbers{c10::aten::Int, c10::aten::Float};
  if (numbers.count(node->kind()) != 0 && node->input(0)->node()->kind() == c10::prim::NumToTensor) {
    Value *const number = node->input(0)->node()->input();
    if (*number->type() == *node->output()->type()) {
      node->output()->replaceAllUsesWith(number);
    }
  }
}

void propagate_constants(Graph &graph, Block *block) {
  for (Node *node = block->nodes().front(); node != block->return_node();) {
    if (node->kind() == c10::prim::If) {
      if (const std::optional<c10::IValue> condition = torch::jit::toIValue(node->input(0))) {
        node = inline_block(node, node->blocks()[condition->toBool() ? 0 : 1]);
        continue;
      }
    }
    for (Block *const inner : node->blocks()) {
      propagate_constants(graph, inner);
    }
    if (is_foldable(node)) {
      fold(graph, node);
      skip_tensor(node);
    }
    node = node->next();
  }
}

} // namespace

bool any_node(const Block *block, const std::function<bool(const Node *)> &matches) {
  const auto in_block = [&](const Block *inner) { return any_node(inner, matches); };
  return std::any_of(block->nodes().begin(), block->nodes().end(), [&](const Node *node) {
    return matches(node) || std::any_of(node->blocks().begin(), node->blocks().end(), in_block);
  });
}

bool purify(Graph &graph) {
  make_functional(graph, graph.block());
  return !any_node(graph.block(), may_write);
}

void propagate_constants(Graph &graph) {
  propagate_constants(graph, graph.block());
  torch::jit::EliminateDeadCode(graph.block());
}

} // namespace iopaint
