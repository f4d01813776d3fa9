#include "rewrite.h"

#include <unordered_map>
#include <unordered_set>

#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/frozen_conv_folding.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/lower_tuples.h>
#include <torch/csrc/jit/passes/remove_mutation.h>
#include <torch/csrc/jit/runtime/custom_operator.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <c10/core/InferenceMode.h>

#include "../../common/pure_graph.h"
#include "../conv/parallel.h"
#include "convolution.h"
#include "fourier.h"
#include "layer_node.h"
#include "nodes.h"
#include "pooling.h"
#include "ranks.h"

namespace fastconv::graph {
namespace {

using conv::Layer;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

torch::jit::Operation operation_of(const Node *node) {
  return [layer = layer_of(node)](torch::jit::Stack &stack) {
    const auto count = static_cast<std::ptrdiff_t>(layer->arguments());
    std::vector<at::Tensor> arguments;
    for (auto argument = stack.end() - count; argument != stack.end(); ++argument) {
      arguments.push_back(std::move(*argument).toTensor());
    }
    stack.erase(stack.end() - count, stack.end());
    stack.emplace_back(layer->run(std::move(arguments)));
  };
}

const torch::jit::RegisterOperators registration({
    torch::jit::Operator(kLayerNode, operation_of, c10::AliasAnalysisKind::PURE_FUNCTION),
});

// Returns true for operators whose values don't depend on their arguments' memory layout, and whose result
// has the layout of its arguments.
bool is_layout_agnostic(const Node *node) {
  static const std::unordered_set<c10::Symbol> kinds = [] {
    std::unordered_set<c10::Symbol> symbols{c10::Symbol::prim("ListConstruct"), kMeanPool};
    for (const char *name : {"add", "sub", "rsub", "mul", "div", "neg", "relu", "leaky_relu", "prelu", "elu",
             "gelu", "silu", "hardtanh", "sigmoid", "tanh", "clamp", "batch_norm", "cat", "max_pool2d",
             "avg_pool2d", "upsample_nearest2d", "upsample_bilinear2d", "conv2d", "_convolution", "pad",
             "reflection_pad2d", "slice"}) {
      symbols.insert(c10::Symbol::aten(name));
    }
    return symbols;
  }();
  return kinds.count(node->kind()) != 0;
}

class Rewriter {
public:
  Rewriter(Graph &graph, conv::Precision precision) : graph_(graph), precision_(precision) {}

  RewriteCounts run() {
    visit(graph_.block());
    counts_.transforms = rewrite_transforms(graph_);
    counts_.pools = rewrite_pools(graph_);
    finalize();
    return counts_;
  }

private:
  void visit(Block *block) {
    for (auto next = block->nodes().begin(); next != block->nodes().end();) {
      Node *const node = *next++;
      for (Block *inner : node->blocks()) {
        visit(inner);
      }
      if (!fold_rank(node) && !replace_convolution(node) && !fuse_activation(node) && !fuse_norm(node) &&
          !fuse_sum(node)) {
        fuse_residual(node);
      }
    }
  }

  // Replaces the uses of `before`'s output by a new layer node.
  Node *insert_layer(c10::intrusive_ptr<Layer> layer, const std::vector<Value *> &inputs, Node *before) {
    Node *const inserted = graph_.create(kLayerNode, inputs, 1);
    inserted->ival_(kLayerAttribute, c10::IValue::make_capsule(std::move(layer)));
    inserted->insertBefore(before);
    before->output()->replaceAllUsesWith(inserted->output());
    return inserted;
  }

  // Destroys a node and the constants that only it used.
  void destroy_with_constants(Node *node) {
    const std::unordered_set<Value *> inputs(node->inputs().begin(), node->inputs().end());
    node->destroy();
    for (Value *input : inputs) {
      const bool unused = !input->hasUses();
      if (unused && is(input->node(), "prim::Constant")) {
        input->node()->destroy();
      }
    }
  }

  // Returns the layer node that computes `value` if `node` is its only user, otherwise null.
  Node *producer_layer(const Value *value, const Node *node, bool ignore_shape_queries) {
    Node *const producer = const_cast<Node *>(value->node());
    const bool exclusive = producer->kind() == kLayerNode && producer->owningBlock() == node->owningBlock() &&
                           is_only_used_by(value, node, ignore_shape_queries);
    return exclusive ? producer : nullptr;
  }

  // Returns the same node if a batch norm or a sum can be fused into its layer.
  Node *fusable_layer(const Value *value, const Node *node, bool ignore_shape_queries) {
    Node *const producer = producer_layer(value, node, ignore_shape_queries);
    return producer != nullptr && layer_of(producer)->is_fusable() ? producer : nullptr;
  }

  // Folds a rank query of a layer's result, which scripted batch norms begin with.
  bool fold_rank(Node *node) {
    if (!is(node, "aten::dim")) {
      return false;
    }
    const Node *const from = node->input()->node();
    if (from->kind() == kLayerNode && layer_of(from)->can_fuse_residual()) {
      torch::jit::WithInsertPoint here(node);
      node->output()->replaceAllUsesWith(graph_.insertConstant(4));
      node->destroy();
    }
    return true;
  }

  bool replace_convolution(Node *node) {
    const ParsedConvolution parsed = parse_convolution(node);
    if (!parsed.layer) {
      return false;
    }
    insert_layer(parsed.layer, {parsed.input}, node);
    destroy_with_constants(node);
    ++counts_.convolutions;
    counts_.paddings += parsed.merged_padding ? 1 : 0;
    return true;
  }

  // Returns the slope of a leaky or parametric ReLU for each of `channels`; undefined if it isn't constant.
  static at::Tensor slopes_of(Node *node, int64_t channels) {
    if (const auto slope = constant(node, "negative_slope"); slope && slope->isScalar()) {
      return at::full({channels}, slope->toScalar().toFloat(), at::kFloat);
    }
    const auto weight = constant(node, "weight");
    if (!weight || !weight->isTensor()) {
      return {};
    }
    const at::Tensor slopes = weight->toTensor();
    const bool fits = slopes.scalar_type() == at::kFloat && slopes.is_cpu() && slopes.dim() <= 1 &&
                      (slopes.numel() == 1 || slopes.numel() == channels);
    return fits ? slopes.reshape({-1}).expand({channels}).contiguous() : at::Tensor();
  }

  bool fuse_activation(Node *node) {
    const bool leaky = is(node, "aten::leaky_relu") || is(node, "aten::prelu");
    if (!leaky && !is(node, "aten::relu")) {
      return false;
    }
    Node *const before = producer_layer(node->input(0), node, true);
    if (before == nullptr || !layer_of(before)->can_fuse_activation()) {
      return true;
    }
    if (leaky) {
      at::Tensor slopes = slopes_of(node, layer_of(before)->channels_out());
      if (!slopes.defined()) {
        return true;
      }
      layer_of(before)->fuse_activation(conv::Activation::leaky_relu, std::move(slopes));
    } else {
      layer_of(before)->fuse_activation(conv::Activation::relu);
    }
    node->output()->replaceAllUsesWith(before->output());
    destroy_with_constants(node);
    ++counts_.activations;
    return true;
  }

  bool fuse_norm(Node *node) {
    if (!is(node, "aten::batch_norm")) {
      return false;
    }
    Node *const before = fusable_layer(node->input(0), node, true);
    const auto mean = constant(node, "running_mean"), variance = constant(node, "running_var");
    const auto weight = constant(node, "weight"), bias = constant(node, "bias");
    const auto training = constant(node, "training"), epsilon = constant(node, "eps");
    if (before == nullptr || !mean || !mean->isTensor() || !variance || !variance->isTensor() || !weight ||
        !bias || !training || training->toBool() || !epsilon) {
      return true;
    }
    at::Tensor scale = (variance->toTensor() + epsilon->toDouble()).rsqrt();
    if (weight->isTensor()) {
      scale = scale * weight->toTensor();
    }
    at::Tensor shift = -mean->toTensor() * scale;
    if (bias->isTensor()) {
      shift = shift + bias->toTensor();
    }
    layer_of(before)->fuse_batch_norm(scale, shift);
    node->output()->replaceAllUsesWith(before->output());
    destroy_with_constants(node);
    ++counts_.norms;
    return true;
  }

  bool fuse_sum(Node *node) {
    if (!is_unscaled_add(node)) {
      return false;
    }
    Node *const left = fusable_layer(node->input(0), node, false), *const right = fusable_layer(
                                                                       node->input(1), node, false);
    if (left == nullptr || right == nullptr || layer_of(left)->is_transposed() ||
        layer_of(right)->is_transposed() ||
        layer_of(left)->channels_out() != layer_of(right)->channels_out()) {
      return false;
    }
    const c10::intrusive_ptr<Layer> layer = layer_of(left);
    layer->fuse_sum(*layer_of(right));
    std::vector<Value *> inputs = left->inputs().vec();
    inputs.insert(inputs.end(), right->inputs().begin(), right->inputs().end());
    insert_layer(layer, inputs, node);
    destroy_with_constants(node);
    left->destroy();
    right->destroy();
    ++counts_.sums;
    return true;
  }

  // Fuses the addition of an image to a layer's result. If both operands are layers, the one without an
  // activation is chosen, so that a following ReLU can be fused too.
  void fuse_residual(Node *node) {
    if (!is_unscaled_add(node)) {
      return;
    }
    Node *chosen = nullptr;
    for (size_t side : {1, 0}) {
      Node *const producer = producer_layer(node->input(side), node, false);
      if (producer != nullptr && layer_of(producer)->can_fuse_residual() &&
          (chosen == nullptr || layer_of(producer)->can_fuse_activation())) {
        chosen = producer;
      }
    }
    if (chosen == nullptr) {
      return;
    }
    const c10::intrusive_ptr<Layer> layer = layer_of(chosen);
    layer->fuse_residual();
    std::vector<Value *> inputs = chosen->inputs().vec();
    inputs.push_back(node->input(node->input(0) == chosen->output() ? 1 : 0));
    insert_layer(layer, inputs, node);
    destroy_with_constants(node);
    chosen->destroy();
    ++counts_.residuals;
  }

  // Returns true if `value`, possibly through layout-agnostic operators, reaches an operator that may rely on
  // contiguous memory.
  bool needs_contiguous(const Value *value) {
    const auto [cached, inserted] = contiguous_needed_.emplace(value, false);
    if (!inserted) {
      return cached->second;
    }
    for (const torch::jit::Use &use : value->uses()) {
      bool needed = use.user->kind() != kLayerNode && !is_transform(use.user) && !is_shape_query(use.user);
      if (needed && is_layout_agnostic(use.user)) {
        needed = needs_contiguous(use.user->output());
      }
      if (needed) {
        contiguous_needed_[value] = true;
        return true;
      }
    }
    return false;
  }

  // A layer and the layout of its result.
  struct FinalLayer {
    c10::intrusive_ptr<Layer> layer;
    conv::Layout layout;
  };

  // Finalizes all layers, on several threads.
  void finalize() {
    std::vector<FinalLayer> layers;
    collect(graph_.block(), layers);
    size_t bytes = 0;
    for (const FinalLayer &final : layers) {
      bytes += final.layer->weight_bytes();
    }
    // Packed weights are smaller and have memory of their own.
    conv::WeightMemory memory(precision_ == conv::Precision::float32 ? bytes : 0);
    conv::parallel_for(0, static_cast<int64_t>(layers.size()), 1, [&](int64_t begin, int64_t end) {
      const c10::InferenceMode inference; // the mode belongs to a thread
      for (int64_t i = begin; i < end; ++i) {
        const FinalLayer &final = layers[static_cast<size_t>(i)];
        final.layer->finalize(final.layout, precision_, memory);
      }
    });
    for (const FinalLayer &final : layers) {
      ++counts_.layers;
      counts_.winograd += final.layer->uses_winograd() ? 1 : 0;
      counts_.bf16 += final.layer->uses_bf16() ? 1 : 0;
      counts_.contiguous += final.layout == conv::Layout::contiguous ? 1 : 0;
    }
  }

  void collect(Block *block, std::vector<FinalLayer> &layers) {
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) {
        collect(inner, layers);
      }
      if (node->kind() == kLayerNode) {
        const bool contiguous = needs_contiguous(node->output());
        layers.push_back(
            {layer_of(node), contiguous ? conv::Layout::contiguous : conv::Layout::channels_last});
      } else if (is_transform(node) && needs_contiguous(node->output())) {
        require_contiguous(node);
      }
    }
  }

  Graph &graph_;
  const conv::Precision precision_;
  RewriteCounts counts_;
  std::unordered_map<const Value *, bool> contiguous_needed_;
};

// Returns true for operators that modify a tensor argument.
bool writes_tensors(const c10::FunctionSchema &schema) {
  if (schema.name().rfind("aten::_foreach_", 0) == 0) {
    return schema.is_mutable();
  }
  for (const c10::Argument &argument : schema.arguments()) {
    const bool written = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
    if (written && argument.type()->isSubtypeOf(*c10::TensorType::get())) {
      return true;
    }
  }
  return false;
}

// Returns true for operators that modify tensors in place, so that nodes can't be reordered.
bool mutates(const Node *node) {
  const torch::jit::Operator *const op = node->maybeOperator();
  return op != nullptr && writes_tensors(op->schema());
}

// Returns true for constant factors and summands of a convolution's result.
bool scales_convolution(const Node *node) {
  if (!is(node, "aten::add") && !is(node, "aten::sub") && !is(node, "aten::mul") && !is(node, "aten::div")) {
    return false;
  }
  const Node *const left = node->input(0)->node(), *const right = node->input(1)->node();
  return (is_convolution(left) && is(right, "prim::Constant")) ||
         (is_convolution(right) && is(left, "prim::Constant"));
}

// Folds constant factors and summands into the preceding convolution.
void fold_constants(std::shared_ptr<Graph> &graph) {
  bool folded = iopaint::any_node(graph->block(), scales_convolution);
  while (folded) {
    folded = torch::jit::FoldFrozenConvMulOrDiv(graph);
    folded = torch::jit::FoldFrozenConvAddOrSub(graph) || folded;
  }
}

// Returns true for nodes that libtorch's optimization of frozen graphs may change.
bool is_optimizable(const Node *node) {
  return is_convolution(node) || is(node, "aten::conv1d") || is(node, "aten::conv3d") ||
         is(node, "aten::linear") || is(node, "aten::dropout");
}

} // namespace

RewriteCounts rewrite(std::shared_ptr<Graph> &graph, conv::Precision precision) {
  torch::jit::Inline(*graph);
  // Scripted models pass tuples between blocks, which would hide the tensors in them.
  torch::jit::LowerSimpleTuples(graph->block());
  torch::jit::EliminateDeadCode(graph->block());
  fold_ranks(graph);
  const bool pure = iopaint::purify(*graph);
  if (!pure) {
    torch::jit::RemoveTensorMutation(graph);
    torch::jit::EliminateDeadCode(graph);
  }
  fold_constants(graph);
  RewriteCounts counts;
  if (pure || !iopaint::any_node(graph->block(), mutates)) {
    counts = Rewriter(*graph, precision).run();
  }
  // For the remaining nodes: grouped convolutions and their batch norms.
  if (iopaint::any_node(graph->block(), is_optimizable)) {
    torch::jit::OptimizeFrozenGraph(graph, true);
  }
  if (pure) {
    iopaint::propagate_constants(*graph);
  } else {
    torch::jit::ConstantPropagation(graph);
    torch::jit::EliminateDeadCode(graph);
  }
  return counts;
}

} // namespace fastconv::graph
