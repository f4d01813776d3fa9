#include "pooling.h"

#include <vector>

#include <torch/csrc/jit/runtime/custom_operator.h>

#include "../conv/mean_pool.h"
#include "nodes.h"

namespace fastconv::graph {

const c10::Symbol kMeanPool = c10::Symbol::fromQualString("fastconv::mean_pool");

namespace {

using torch::jit::Node;

const c10::Symbol kKernel = c10::Symbol::attr("kernel");
const c10::Symbol kPadding = c10::Symbol::attr("padding");
const c10::Symbol kCountIncludePad = c10::Symbol::attr("count_include_pad");

torch::jit::Operation pool_operation(const Node *node) {
  const std::vector<int64_t> &kernel = node->is(kKernel), &padding = node->is(kPadding);
  const conv::MeanPool pool{{kernel[0], kernel[1]}, {padding[0], padding[1]}, node->i(kCountIncludePad) != 0};
  return [pool](torch::jit::Stack &stack) {
    const at::Tensor input = torch::jit::pop(stack).toTensor();
    torch::jit::push(stack, conv::mean_pool(input, pool));
  };
}

const torch::jit::RegisterOperators pool_registration({
    torch::jit::Operator(kMeanPool, pool_operation, c10::AliasAnalysisKind::PURE_FUNCTION),
});

// Returns true if `node` was replaced.
bool replace_pool(Node *node, torch::jit::Graph &graph) {
  if (!is(node, "aten::avg_pool2d")) {
    return false;
  }
  const auto kernel = int_pair(node, "kernel_size"), stride = int_pair(node, "stride"),
             padding = int_pair(node, "padding");
  const auto include = constant(node, "count_include_pad"), divisor = constant(node, "divisor_override");
  if (!kernel || !stride || *stride != std::vector<int64_t>{1, 1} || !padding || !include ||
      !include->isBool() || !divisor || !divisor->isNone()) {
    return false;
  }
  Node *const pool = graph.create(kMeanPool, {node->input(0)}, 1);
  pool->is_(kKernel, *kernel)->is_(kPadding, *padding)->i_(kCountIncludePad, include->toBool() ? 1 : 0);
  pool->insertBefore(node);
  node->output()->replaceAllUsesWith(pool->output());
  return true;
}

int64_t replace_pools(torch::jit::Block *block, torch::jit::Graph &graph) {
  int64_t replaced = 0;
  for (auto node = block->nodes().begin(); node != block->nodes().end();) {
    for (torch::jit::Block *inner : node->blocks()) {
      replaced += replace_pools(inner, graph);
    }
    if (replace_pool(*node, graph)) {
      node.destroyCurrent();
      ++replaced;
    } else {
      ++node;
    }
  }
  return replaced;
}

} // namespace

int64_t rewrite_pools(torch::jit::Graph &graph) { return replace_pools(graph.block(), graph); }

} // namespace fastconv::graph
