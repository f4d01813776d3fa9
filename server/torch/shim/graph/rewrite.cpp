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

#include "convolution.h"
#include "fourier.h"
#include "layer_node.h"
#include "ranks.h"
#include "values.h"

namespace iopaint::graph {
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

// Operators that answer the same values whatever their arguments' layout, in a layout that follows from it.
bool takes_any_layout(const Node *node) {
  static const std::unordered_set<c10::Symbol> kinds = [] {
    std::unordered_set<c10::Symbol> symbols{c10::Symbol::prim("ListConstruct")};
    for (const char *name : {"add", "sub", "rsub", "mul", "div", "neg", "relu", "leaky_relu", "elu", "gelu", "silu",
             "hardtanh", "sigmoid", "tanh", "clamp", "batch_norm", "cat", "max_pool2d", "avg_pool2d",
             "upsample_nearest2d", "upsample_bilinear2d", "conv2d", "_convolution", "pad", "reflection_pad2d"}) {
      symbols.insert(c10::Symbol::aten(name));
    }
    return symbols;
  }();
  return kinds.count(node->kind()) != 0;
}

class Rewriter {
public:
  explicit Rewriter(Graph &graph) : graph_(graph) {}

  Rewritten run() {
    visit(graph_.block());
    rewritten_.transforms = rewrite_transforms(graph_);
    seal(graph_.block());
    return rewritten_;
  }

private:
  void visit(Block *block) {
    for (auto next = block->nodes().begin(); next != block->nodes().end();) {
      Node *const node = *next++;
      for (Block *inner : node->blocks()) {
        visit(inner);
      }
      if (!rank(node) && !convolution(node) && !activation(node) && !norm(node) && !sum(node)) {
        residual(node);
      }
    }
  }

  Node *place(c10::intrusive_ptr<Layer> layer, const std::vector<Value *> &inputs, Node *before) {
    Node *const placed = graph_.create(kLayerNode, inputs, 1);
    placed->ival_(kLayerAttribute, c10::IValue::make_capsule(std::move(layer)));
    placed->insertBefore(before);
    before->output()->replaceAllUsesWith(placed->output());
    return placed;
  }

  // Destroys a node and the constants, or the padding, that only it used.
  void discard(Node *node) {
    const std::unordered_set<Value *> inputs(node->inputs().begin(), node->inputs().end());
    node->destroy();
    for (Value *input : inputs) {
      const bool unused = !input->hasUses();
      if (unused && is(input->node(), "prim::Constant")) {
        input->node()->destroy();
      }
    }
  }

  // The layer node that gives `value`, if `node` alone uses it.
  Node *layer_for(const Value *value, const Node *node, bool shape_may_be_known) {
    Node *const from = const_cast<Node *>(value->node());
    const bool own = from->kind() == kLayerNode && from->owningBlock() == node->owningBlock() &&
                     only_for(value, node, shape_may_be_known);
    return own ? from : nullptr;
  }

  // The same, if a norm or a sum can still become part of it.
  Node *open_layer(const Value *value, const Node *node, bool shape_may_be_known) {
    Node *const from = layer_for(value, node, shape_may_be_known);
    return from != nullptr && layer_of(from)->open() ? from : nullptr;
  }

  // What a batch norm that was scripted asks first: the number of dimensions of a layer's result, which is four.
  bool rank(Node *node) {
    if (!is(node, "aten::dim")) {
      return false;
    }
    const Node *const from = node->input()->node();
    if (from->kind() == kLayerNode && layer_of(from)->takes_residual()) {
      torch::jit::WithInsertPoint here(node);
      node->output()->replaceAllUsesWith(graph_.insertConstant(4));
      node->destroy();
    }
    return true;
  }

  bool convolution(Node *node) {
    const Found found = read_convolution(node);
    if (!found.layer) {
      return false;
    }
    place(found.layer, {found.input}, node);
    discard(node);
    ++rewritten_.convolutions;
    rewritten_.paddings += found.padding ? 1 : 0;
    return true;
  }

  bool activation(Node *node) {
    const bool leaky = is(node, "aten::leaky_relu");
    if (!leaky && !is(node, "aten::relu")) {
      return false;
    }
    const auto slope = leaky ? constant(node, "negative_slope") : std::nullopt;
    Node *const before = layer_for(node->input(0), node, true);
    if (before == nullptr || !layer_of(before)->takes_activation() || (leaky && !(slope && slope->isScalar()))) {
      return true;
    }
    if (leaky) {
      layer_of(before)->activate(conv::Activation::leaky, slope->toScalar().toFloat());
    } else {
      layer_of(before)->activate(conv::Activation::relu);
    }
    node->output()->replaceAllUsesWith(before->output());
    discard(node);
    ++rewritten_.activations;
    return true;
  }

  bool norm(Node *node) {
    if (!is(node, "aten::batch_norm")) {
      return false;
    }
    Node *const before = open_layer(node->input(0), node, true);
    const auto mean = constant(node, "running_mean"), variance = constant(node, "running_var");
    const auto weight = constant(node, "weight"), bias = constant(node, "bias");
    const auto training = constant(node, "training"), epsilon = constant(node, "eps");
    if (before == nullptr || !mean || !mean->isTensor() || !variance || !variance->isTensor() || !weight || !bias ||
        !training || training->toBool() || !epsilon) {
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
    layer_of(before)->scale_and_shift(scale, shift);
    node->output()->replaceAllUsesWith(before->output());
    discard(node);
    ++rewritten_.norms;
    return true;
  }

  bool sum(Node *node) {
    if (!is_plain_sum(node)) {
      return false;
    }
    Node *const left = open_layer(node->input(0), node, false), *const right = open_layer(node->input(1), node, false);
    if (left == nullptr || right == nullptr || layer_of(left)->upsamples() || layer_of(right)->upsamples() ||
        layer_of(left)->channels_out() != layer_of(right)->channels_out()) {
      return false;
    }
    const c10::intrusive_ptr<Layer> layer = layer_of(left);
    layer->add(*layer_of(right));
    std::vector<Value *> inputs = left->inputs().vec();
    inputs.insert(inputs.end(), right->inputs().begin(), right->inputs().end());
    place(layer, inputs, node);
    discard(node);
    left->destroy();
    right->destroy();
    ++rewritten_.sums;
    return true;
  }

  // An image that is added to a layer's result. Of two layers the one without an activation takes the other's result, so
  // that a ReLU that follows can still become part of it.
  void residual(Node *node) {
    if (!is_plain_sum(node)) {
      return;
    }
    Node *chosen = nullptr;
    for (size_t side : {1, 0}) {
      Node *const from = layer_for(node->input(side), node, false);
      if (from != nullptr && layer_of(from)->takes_residual() &&
          (chosen == nullptr || layer_of(from)->takes_activation())) {
        chosen = from;
      }
    }
    if (chosen == nullptr) {
      return;
    }
    const c10::intrusive_ptr<Layer> layer = layer_of(chosen);
    layer->add_residual();
    std::vector<Value *> inputs = chosen->inputs().vec();
    inputs.push_back(node->input(node->input(0) == chosen->output() ? 1 : 0));
    place(layer, inputs, node);
    discard(node);
    chosen->destroy();
    ++rewritten_.residuals;
  }

  // Whether `value`, maybe by way of operators that don't mind, ends up where a layout may be taken for granted.
  bool layout_matters(const Value *value) {
    const auto known = matters_.emplace(value, false);
    if (!known.second) {
      return known.first->second;
    }
    for (const torch::jit::Use &use : value->uses()) {
      bool matters = use.user->kind() != kLayerNode && !is_transform(use.user) && !asks_for_shape(use.user);
      if (matters && takes_any_layout(use.user)) {
        matters = layout_matters(use.user->output());
      }
      if (matters) {
        matters_[value] = true;
        return true;
      }
    }
    return false;
  }

  void seal(Block *block) {
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) {
        seal(inner);
      }
      if (node->kind() == kLayerNode) {
        const c10::intrusive_ptr<Layer> layer = layer_of(node);
        const bool contiguous = layout_matters(node->output());
        layer->seal(contiguous ? conv::Layout::contiguous : conv::Layout::channels_last);
        ++rewritten_.layers;
        rewritten_.winograd += layer->uses_winograd() ? 1 : 0;
        rewritten_.contiguous += contiguous ? 1 : 0;
      } else if (is_transform(node) && layout_matters(node->output())) {
        answer_plain(node);
      }
    }
  }

  Graph &graph_;
  Rewritten rewritten_;
  std::unordered_map<const Value *, bool> matters_;
};

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

// Whether a tensor is changed in place, so that nodes can't be moved.
bool mutates(const Block *block) {
  for (const Node *node : block->nodes()) {
    const torch::jit::Operator *const known = node->maybeOperator();
    if (known != nullptr && writes_tensors(known->schema())) {
      return true;
    }
    for (const Block *inner : node->blocks()) {
      if (mutates(inner)) {
        return true;
      }
    }
  }
  return false;
}

// Takes factors and summands that are constants into the convolution before them.
void fold_constants(std::shared_ptr<Graph> &graph) {
  bool folded = true;
  while (folded) {
    folded = torch::jit::FoldFrozenConvMulOrDiv(graph);
    folded = torch::jit::FoldFrozenConvAddOrSub(graph) || folded;
  }
}

} // namespace

Rewritten rewrite(std::shared_ptr<Graph> &graph) {
  torch::jit::Inline(*graph);
  // What goes through a tuple, as between a scripted model's blocks, is otherwise lost sight of.
  torch::jit::LowerSimpleTuples(graph);
  fold_ranks(graph);
  torch::jit::RemoveTensorMutation(graph);
  torch::jit::EliminateDeadCode(graph);
  fold_constants(graph);
  Rewritten rewritten;
  if (!mutates(graph->block())) {
    rewritten = Rewriter(*graph).run();
  }
  // What is left: convolutions in groups, and their norms.
  torch::jit::OptimizeFrozenGraph(graph, true);
  torch::jit::ConstantPropagation(graph);
  torch::jit::EliminateDeadCode(graph);
  return rewritten;
}

} // namespace iopaint::graph
