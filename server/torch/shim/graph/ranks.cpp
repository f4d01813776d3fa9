#include "ranks.h"

#include <set>
#include <unordered_set>

#include <torch/csrc/jit/passes/constant_propagation.h>

#include "values.h"

namespace iopaint::graph {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// Operators that answer as many dimensions as their first argument has.
bool keeps_rank(const Node *node) {
  static const std::unordered_set<c10::Symbol> kinds = [] {
    std::unordered_set<c10::Symbol> symbols;
    for (const char *name :
        {"conv2d", "_convolution", "conv_transpose2d", "pad", "reflection_pad2d", "replication_pad2d",
            "constant_pad_nd", "batch_norm", "instance_norm", "relu", "leaky_relu", "elu", "gelu", "silu", "hardtanh",
            "sigmoid", "tanh", "neg", "clamp", "contiguous", "dropout", "max_pool2d", "avg_pool2d", "upsample_nearest2d",
            "upsample_bilinear2d"}) {
      symbols.insert(c10::Symbol::aten(name));
    }
    return symbols;
  }();
  return kinds.count(node->kind()) != 0;
}

bool is_arithmetic(const Node *node) {
  return is(node, "aten::add") || is(node, "aten::sub") || is(node, "aten::mul") || is(node, "aten::div") ||
         is(node, "aten::rsub");
}

class Ranks {
public:
  explicit Ranks(torch::jit::Graph &graph) : graph_(graph) {
    for (const Value *input : graph.inputs()) {
      note(input, is_tensor(input));
    }
    visit(graph.block());
  }

  // Whether a question was answered.
  bool folded() const { return folded_; }

private:
  void note(const Value *value, bool image) {
    if (image) {
      images_.insert(value);
    }
  }

  bool is_image(const Value *value) const { return images_.count(value) != 0; }

  void visit(Block *block) {
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) {
        visit(inner);
      }
      if (node->inputs().empty() || node->outputs().size() != 1) {
        continue;
      }
      const Value *first = node->input(0);
      if (keeps_rank(node)) {
        note(node->output(), is_image(first));
      } else if (is_arithmetic(node)) {
        const Value *second = node->input(1);
        const bool number = !is_tensor(second);
        note(node->output(), is_image(first) && (number || is_image(second)));
      } else if (is(node, "aten::cat") && is(first->node(), "prim::ListConstruct")) {
        bool all = true;
        for (const Value *part : first->node()->inputs()) {
          all = all && is_image(part);
        }
        note(node->output(), all);
      } else if (is(node, "aten::dim") && is_image(first)) {
        torch::jit::WithInsertPoint here(node);
        folded_ = folded_ || node->output()->hasUses();
        node->output()->replaceAllUsesWith(graph_.insertConstant(4));
      }
    }
  }

  torch::jit::Graph &graph_;
  std::set<const Value *> images_;
  bool folded_ = false;
};

} // namespace

void fold_ranks(std::shared_ptr<torch::jit::Graph> &graph) {
  // What a branch answers is known once the question that it hangs on is answered, and may be asked about in turn.
  while (Ranks(*graph).folded()) {
    torch::jit::ConstantPropagation(graph);
  }
}

} // namespace iopaint::graph
