#include "ranks.h"

#include <set>
#include <unordered_set>

#include <torch/csrc/jit/passes/constant_propagation.h>

#include "../../common/pure_graph.h"
#include "nodes.h"

namespace fastconv::graph {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// Returns true for operators whose result has the rank of their first argument.
bool keeps_rank(const Node *node) {
  static const std::unordered_set<c10::Symbol> kinds = [] {
    std::unordered_set<c10::Symbol> symbols;
    for (const char *name : {"conv2d", "_convolution", "conv_transpose2d", "pad", "reflection_pad2d",
             "replication_pad2d", "constant_pad_nd", "batch_norm", "instance_norm", "relu", "leaky_relu",
             "prelu", "elu", "gelu", "silu", "hardtanh", "sigmoid", "tanh", "neg", "clamp", "contiguous",
             "dropout", "max_pool2d", "avg_pool2d", "upsample_nearest2d", "upsample_bilinear2d"}) {
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

class RankFolder {
public:
  explicit RankFolder(torch::jit::Graph &graph) : graph_(graph) {
    for (const Value *input : graph.inputs()) {
      mark(input, is_tensor(input));
    }
    visit(graph.block());
  }

  // Returns true if a rank query with users was replaced.
  bool folded() const { return folded_; }

private:
  void mark(const Value *value, bool is_rank4) {
    if (is_rank4) {
      rank4_values_.insert(value);
    }
  }

  bool has_rank4(const Value *value) const { return rank4_values_.count(value) != 0; }

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
        mark(node->output(), has_rank4(first));
      } else if (is_arithmetic(node)) {
        const Value *second = node->input(1);
        const bool scalar = !is_tensor(second);
        mark(node->output(), has_rank4(first) && (scalar || has_rank4(second)));
      } else if (is(node, "aten::cat") && is(first->node(), "prim::ListConstruct")) {
        bool all = true;
        for (const Value *part : first->node()->inputs()) {
          all = all && has_rank4(part);
        }
        mark(node->output(), all);
      } else if (is(node, "aten::dim") && has_rank4(first)) {
        torch::jit::WithInsertPoint here(node);
        folded_ = folded_ || node->output()->hasUses();
        node->output()->replaceAllUsesWith(graph_.insertConstant(4));
      }
    }
  }

  torch::jit::Graph &graph_;
  std::set<const Value *> rank4_values_;
  bool folded_ = false;
};

} // namespace

void fold_ranks(std::shared_ptr<torch::jit::Graph> &graph) {
  // Folding a query may decide a branch, which makes the rank of the branch's result known for later queries.
  while (RankFolder(*graph).folded()) {
    if (iopaint::purify(*graph)) {
      iopaint::propagate_constants(*graph);
    } else {
      torch::jit::ConstantPropagation(graph);
    }
  }
}

} // namespace fastconv::graph
