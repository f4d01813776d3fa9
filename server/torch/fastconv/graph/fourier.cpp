#include "fourier.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "../conv/fourier.h"
#include "fourier_nodes.h"
#include "layer_node.h"
#include "nodes.h"

namespace fastconv::graph {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

bool is_integers(Node *node, const char *name, std::initializer_list<int64_t> expected) {
  const auto value = constant(node, name);
  return value && value->isIntList() && value->toIntVector() == std::vector<int64_t>(expected);
}

bool is_integer(Node *node, const char *name, std::initializer_list<int64_t> expected) {
  const auto value = constant(node, name);
  return value && value->isInt() &&
         std::find(expected.begin(), expected.end(), value->toInt()) != expected.end();
}

bool is_none(Node *node, const char *name) {
  const auto value = constant(node, name);
  return value && value->isNone();
}

// Returns true for a transform over an image's rows and columns with a constant norm.
bool is_2d(Node *node) {
  const auto norm = constant(node, "norm");
  return (is_integers(node, "dim", {-2, -1}) || is_integers(node, "dim", {2, 3})) && norm &&
         (norm->isNone() || norm->isString());
}

bool is_view(const Node *node) { return is(node, "aten::view") || is(node, "aten::reshape"); }

bool is_copy(Node *node) { return is(node, "aten::contiguous") && is_integer(node, "memory_format", {0}); }

// Returns true for a slice that selects the whole axis.
bool is_whole_slice(Node *node) {
  if (!is(node, "aten::slice")) {
    return false;
  }
  const auto start = constant(node, "start"), end = constant(node, "end");
  return start && (start->isNone() || start->toInt() == 0) && is_integer(node, "step", {1}) && end &&
         (end->isNone() || end->toInt() == std::numeric_limits<int64_t>::max());
}

// Returns the users of `value` that read its elements, not only its shape.
std::vector<Node *> data_users(const Value *value) {
  std::vector<Node *> nodes;
  for (const torch::jit::Use &use : value->uses()) {
    if (!is_shape_query(use.user)) {
      nodes.push_back(use.user);
    }
  }
  return nodes;
}

Node *only_data_user(const Value *value) {
  const std::vector<Node *> nodes = data_users(value);
  return nodes.size() == 1 ? nodes[0] : nullptr;
}

class TransformRewriter {
public:
  explicit TransformRewriter(Graph &graph) : graph_(graph) {}

  // Returns the number of rewritten transforms. Dead nodes are removed first because they count as users.
  int64_t run() {
    torch::jit::EliminateDeadCode(graph_.block());
    for (Node *node : nodes(graph_.block(), {"aten::fft_rfftn", "aten::fft_rfft2"})) {
      rewrite_forward(node);
    }
    for (Node *node : nodes(graph_.block(), {"aten::fft_irfftn", "aten::fft_irfft2"})) {
      rewrite_inverse(node);
    }
    torch::jit::EliminateDeadCode(graph_.block());
    for (Node *node : nodes(graph_.block(), {"aten::add"})) {
      fuse_add(node);
    }
    return changed_;
  }

private:
  static std::vector<Node *> nodes(Block *block, std::initializer_list<const char *> kinds) {
    std::vector<Node *> found;
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) {
        const std::vector<Node *> more = nodes(inner, kinds);
        found.insert(found.end(), more.begin(), more.end());
      }
      if (std::any_of(kinds.begin(), kinds.end(), [node](const char *kind) { return is(node, kind); })) {
        found.push_back(node);
      }
    }
    return found;
  }

  Node *create(c10::Symbol kind, const std::vector<Value *> &inputs, Node *before, const Node *transform) {
    Node *const node = graph_.create(kind, inputs, 1);
    if (const auto norm = constant(const_cast<Node *>(transform), "norm"); norm && norm->isString()) {
      node->s_(kNorm, norm->toStringRef());
    }
    node->insertBefore(before);
    return node;
  }

  // A value of the original graph that a planar spectrum replaces.
  struct Stage {
    Value *value;
    ComplexLayout layout;
  };

  // Follows a transform's result to the view that turns it into channels, collecting the values on the way.
  // Returns null if the result is used in any other manner.
  Node *match_forward(Node *transform, std::vector<Stage> &stages) {
    Value *const numbers = transform->output();
    stages.push_back({numbers, complex_dtype});
    const std::vector<Node *> users = data_users(numbers);
    if (users.size() == 1 && is(users[0], "aten::view_as_real")) {
      stages.push_back({users[0]->output(), parts_last});
    } else if (users.size() == 2) {
      const bool real_first = is(users[0], "aten::real");
      Node *const real = users[real_first ? 0 : 1], *const imaginary = users[real_first ? 1 : 0];
      if (!is(real, "aten::real") || !is(imaginary, "aten::imag")) {
        return nullptr;
      }
      Node *const list = only_data_user(real->output());
      if (list == nullptr || list != only_data_user(imaginary->output()) ||
          !is(list, "prim::ListConstruct") ||
          list->inputs().vec() != std::vector<Value *>{real->output(), imaginary->output()}) {
        return nullptr;
      }
      Node *const stack = only_data_user(list->output());
      const bool at_end = stack != nullptr && is(stack, "aten::stack") && is_integer(stack, "dim", {-1, 4});
      if (stack == nullptr || !is(stack, "aten::stack") || !(at_end || is_integer(stack, "dim", {2, -3}))) {
        return nullptr;
      }
      stages.push_back({real->output(), complex_dtype});
      stages.push_back({imaginary->output(), complex_dtype});
      stages.push_back({stack->output(), at_end ? parts_last : parts_after_channels});
    } else {
      return nullptr;
    }
    for (;;) {
      Node *const next = only_data_user(stages.back().value);
      if (next == nullptr || next->input(0) != stages.back().value) {
        return nullptr;
      }
      const ComplexLayout layout = stages.back().layout;
      if (is_copy(next)) {
        stages.push_back({next->output(), layout});
      } else if (layout == parts_last && is(next, "aten::permute") &&
                 is_integers(next, "dims", {0, 1, 4, 2, 3})) {
        stages.push_back({next->output(), parts_after_channels});
      } else {
        return layout == parts_after_channels && is_view(next) ? next : nullptr;
      }
    }
  }

  void rewrite_forward(Node *transform) {
    std::vector<Stage> stages;
    Node *const view =
        is_none(transform, "s") && is_2d(transform) ? match_forward(transform, stages) : nullptr;
    Node *const layer = view != nullptr ? only_data_user(view->output()) : nullptr;
    if (layer == nullptr || layer->kind() != kLayerNode) {
      return;
    }
    // A layer's arguments are the inputs of its convolutions, then the residual.
    const std::vector<Value *> arguments = layer->inputs().vec();
    const auto position = std::find(arguments.begin(), arguments.end(), view->output());
    const auto input = static_cast<size_t>(position - arguments.begin());
    const int64_t count = input < layer_of(layer)->inputs() ? layer_of(layer)->channels_in(input) : 1;
    if (count % 2 != 0 || std::count(arguments.begin(), arguments.end(), view->output()) != 1) {
      return;
    }
    layer_of(layer)->reorder_input(input, conv::planar_order(count));
    Value *const spectrum = create(kRfft2, {transform->input(0)}, transform, transform)->output();
    for (const Stage &stage : stages) {
      replace_shape_queries(stage, spectrum);
    }
    Value *const channels = create(kSpectrumView, {spectrum, view->input(1)}, view, view)->output();
    view->output()->replaceAllUsesWith(channels);
    ++changed_;
  }

  void replace_shape_queries(const Stage &stage, Value *spectrum) {
    for (const torch::jit::Use &use : std::vector<torch::jit::Use>(stage.value->uses())) {
      Node *const node = use.user;
      if (!is_shape_query(node)) {
        continue;
      }
      torch::jit::WithInsertPoint here(node);
      if (is(node, "aten::dim")) {
        node->output()->replaceAllUsesWith(graph_.insertConstant(stage.layout == complex_dtype ? 4 : 5));
      } else {
        std::vector<Value *> inputs = node->inputs().vec();
        inputs[0] = spectrum;
        Node *const size = create(kSpectrumSize, inputs, node, node);
        size->i_(kComplexLayout, stage.layout);
        size->output()->setType(node->output()->type());
        node->output()->replaceAllUsesWith(size->output());
      }
      node->destroy();
    }
  }

  // Follows complex numbers back to the view that splits a layer's channels. `chain` receives the nodes on
  // the way.
  Node *match_inverse(Node *numbers, std::unordered_set<const Node *> &chain) {
    chain.insert(numbers);
    Value *value = nullptr;
    ComplexLayout layout = parts_last;
    if (is(numbers, "aten::view_as_complex")) {
      value = numbers->input(0);
    } else if (is(numbers, "aten::complex")) {
      Value *const real = match_part(numbers->input(0), 0, layout, chain);
      const ComplexLayout real_layout = layout;
      Value *const imaginary = match_part(numbers->input(1), 1, layout, chain);
      value = real == imaginary && layout == real_layout ? real : nullptr;
    }
    while (value != nullptr) {
      Node *const node = value->node();
      chain.insert(node);
      if (is_copy(node)) {
        value = node->input(0);
      } else if (layout == parts_last && is(node, "aten::permute") &&
                 is_integers(node, "dims", {0, 1, 3, 4, 2})) {
        layout = parts_after_channels;
        value = node->input(0);
      } else {
        return layout == parts_after_channels && is_view(node) ? node : nullptr;
      }
    }
    return nullptr;
  }

  // Returns the tensor of which `value` is the real (index 0) or imaginary (index 1) part, and its layout.
  Value *match_part(
      Value *value, int64_t index, ComplexLayout &layout, std::unordered_set<const Node *> &chain) {
    Node *node = value->node();
    chain.insert(node);
    if (is_copy(node)) {
      node = node->input(0)->node();
      chain.insert(node);
    }
    if (!is(node, "aten::select") || !is_integer(node, "index", {index}) ||
        !is_integer(node, "dim", {2, -3, 4, -1})) {
      return nullptr;
    }
    layout = is_integer(node, "dim", {2, -3}) ? parts_after_channels : parts_last;
    Value *from = node->input(0);
    while (is_whole_slice(from->node())) {
      chain.insert(from->node());
      from = from->node()->input(0);
    }
    return from;
  }

  void rewrite_inverse(Node *transform) {
    std::unordered_set<const Node *> chain{transform};
    Node *const view = is_2d(transform) ? match_inverse(transform->input(0)->node(), chain) : nullptr;
    Node *const layer = view != nullptr ? view->input(0)->node() : nullptr;
    if (layer == nullptr || layer->kind() != kLayerNode || !layer_of(layer)->can_fuse_residual() ||
        layer_of(layer)->channels_out() % 2 != 0 || only_data_user(layer->output()) != view) {
      return;
    }
    for (const Node *node : chain) {
      for (const torch::jit::Use &use : node->output()->uses()) {
        if (node != transform && chain.count(use.user) == 0) {
          return;
        }
      }
    }
    layer_of(layer)->reorder_output(conv::planar_order(layer_of(layer)->channels_out()));
    Node *const inverse =
        create(kIrfft2, {layer->output(), view->input(1), argument(transform, "s")}, transform, transform);
    transform->output()->replaceAllUsesWith(inverse->output());
    ++changed_;
  }

  // Fuses an addition to the image that an inverse transform returns.
  void fuse_add(Node *node) {
    if (!is_unscaled_add(node)) {
      return;
    }
    for (size_t side : {1, 0}) {
      Node *const producer = node->input(side)->node();
      if (producer->kind() == kIrfft2 && producer->inputs().size() == 3 &&
          producer->owningBlock() == node->owningBlock() &&
          is_only_used_by(producer->output(), node, false)) {
        producer->moveBefore(node);
        producer->addInput(node->input(1 - side));
        node->output()->replaceAllUsesWith(producer->output());
        node->destroy();
        return;
      }
    }
  }

  Graph &graph_;
  int64_t changed_ = 0;
};

} // namespace

int64_t rewrite_transforms(Graph &graph) { return TransformRewriter(graph).run(); }

bool is_transform(const Node *node) { return node->kind() == kRfft2 || node->kind() == kIrfft2; }

void require_contiguous(Node *node) {
  if (node->kind() == kIrfft2) {
    node->i_(kContiguous, 1);
  }
}

} // namespace fastconv::graph
