#include "fourier.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "../conv/fourier.h"
#include "fourier_nodes.h"
#include "layer_node.h"
#include "values.h"

namespace iopaint::graph {
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
  return value && value->isInt() && std::find(expected.begin(), expected.end(), value->toInt()) != expected.end();
}

bool is_none(Node *node, const char *name) {
  const auto value = constant(node, name);
  return value && value->isNone();
}

// Whether a transform goes along an image's rows and columns, in a known norm.
bool is_of_images(Node *node) {
  const auto norm = constant(node, "norm");
  return (is_integers(node, "dim", {-2, -1}) || is_integers(node, "dim", {2, 3})) && norm &&
         (norm->isNone() || norm->isString());
}

bool is_view(const Node *node) { return is(node, "aten::view") || is(node, "aten::reshape"); }

bool is_copy(Node *node) { return is(node, "aten::contiguous") && is_integer(node, "memory_format", {0}); }

// A slice that leaves nothing out.
bool is_whole_slice(Node *node) {
  if (!is(node, "aten::slice")) {
    return false;
  }
  const auto start = constant(node, "start"), end = constant(node, "end");
  return start && (start->isNone() || start->toInt() == 0) && is_integer(node, "step", {1}) && end &&
         (end->isNone() || end->toInt() == std::numeric_limits<int64_t>::max());
}

// The nodes that look into `value`, not only at its shape.
std::vector<Node *> readers(const Value *value) {
  std::vector<Node *> nodes;
  for (const torch::jit::Use &use : value->uses()) {
    if (!asks_for_shape(use.user)) {
      nodes.push_back(use.user);
    }
  }
  return nodes;
}

Node *only_reader(const Value *value) {
  const std::vector<Node *> nodes = readers(value);
  return nodes.size() == 1 ? nodes[0] : nullptr;
}

class Transforms {
public:
  explicit Transforms(Graph &graph) : graph_(graph) {}

  // Nodes that lost their meaning count as readers until they are gone.
  int64_t run() {
    torch::jit::EliminateDeadCode(graph_.block());
    for (Node *node : nodes(graph_.block(), {"aten::fft_rfftn", "aten::fft_rfft2"})) {
      forward(node);
    }
    for (Node *node : nodes(graph_.block(), {"aten::fft_irfftn", "aten::fft_irfft2"})) {
      inverse(node);
    }
    torch::jit::EliminateDeadCode(graph_.block());
    for (Node *node : nodes(graph_.block(), {"aten::add"})) {
      sum(node);
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

  // Tensors of libtorch's that a spectrum stands for, and where their parts are.
  struct Stage {
    Value *value;
    Parts parts;
  };

  // The view of a transform's numbers as channels; none: something else becomes of them.
  Node *follow(Node *transform, std::vector<Stage> &stages) {
    Value *const numbers = transform->output();
    stages.push_back({numbers, together});
    const std::vector<Node *> takers = readers(numbers);
    if (takers.size() == 1 && is(takers[0], "aten::view_as_real")) {
      stages.push_back({takers[0]->output(), last});
    } else if (takers.size() == 2) {
      const bool in_order = is(takers[0], "aten::real");
      Node *const real = takers[in_order ? 0 : 1], *const imaginary = takers[in_order ? 1 : 0];
      if (!is(real, "aten::real") || !is(imaginary, "aten::imag")) {
        return nullptr;
      }
      Node *const list = only_reader(real->output());
      if (list == nullptr || list != only_reader(imaginary->output()) || !is(list, "prim::ListConstruct") ||
          list->inputs().vec() != std::vector<Value *>{real->output(), imaginary->output()}) {
        return nullptr;
      }
      Node *const stack = only_reader(list->output());
      const bool at_end = stack != nullptr && is(stack, "aten::stack") && is_integer(stack, "dim", {-1, 4});
      if (stack == nullptr || !is(stack, "aten::stack") || !(at_end || is_integer(stack, "dim", {2, -3}))) {
        return nullptr;
      }
      stages.push_back({real->output(), together});
      stages.push_back({imaginary->output(), together});
      stages.push_back({stack->output(), at_end ? last : after_channels});
    } else {
      return nullptr;
    }
    for (;;) {
      Node *const next = only_reader(stages.back().value);
      if (next == nullptr || next->input(0) != stages.back().value) {
        return nullptr;
      }
      const Parts parts = stages.back().parts;
      if (is_copy(next)) {
        stages.push_back({next->output(), parts});
      } else if (parts == last && is(next, "aten::permute") && is_integers(next, "dims", {0, 1, 4, 2, 3})) {
        stages.push_back({next->output(), after_channels});
      } else {
        return parts == after_channels && is_view(next) ? next : nullptr;
      }
    }
  }

  void forward(Node *transform) {
    std::vector<Stage> stages;
    Node *const view = is_none(transform, "s") && is_of_images(transform) ? follow(transform, stages) : nullptr;
    Node *const layer = view != nullptr ? only_reader(view->output()) : nullptr;
    if (layer == nullptr || layer->kind() != kLayerNode) {
      return;
    }
    // A layer's arguments are its convolutions' inputs, then the residual.
    const std::vector<Value *> arguments = layer->inputs().vec();
    const auto place = std::find(arguments.begin(), arguments.end(), view->output());
    const auto input = static_cast<size_t>(place - arguments.begin());
    const int64_t count = input < layer_of(layer)->inputs() ? layer_of(layer)->channels_in(input) : 1;
    if (count % 2 != 0 || std::count(arguments.begin(), arguments.end(), view->output()) != 1) {
      return;
    }
    layer_of(layer)->reorder_input(input, conv::halves(count));
    Value *const spectrum = create(kForward, {transform->input(0)}, transform, transform)->output();
    for (const Stage &stage : stages) {
      answer_shapes(stage, spectrum);
    }
    Value *const channels = create(kChannels, {spectrum, view->input(1)}, view, view)->output();
    view->output()->replaceAllUsesWith(channels);
    ++changed_;
  }

  void answer_shapes(const Stage &stage, Value *spectrum) {
    for (const torch::jit::Use &use : std::vector<torch::jit::Use>(stage.value->uses())) {
      Node *const node = use.user;
      if (!asks_for_shape(node)) {
        continue;
      }
      torch::jit::WithInsertPoint here(node);
      if (is(node, "aten::dim")) {
        node->output()->replaceAllUsesWith(graph_.insertConstant(stage.parts == together ? 4 : 5));
      } else {
        std::vector<Value *> inputs = node->inputs().vec();
        inputs[0] = spectrum;
        Node *const size = create(kSize, inputs, node, node);
        size->i_(kParts, stage.parts);
        size->output()->setType(node->output()->type());
        node->output()->replaceAllUsesWith(size->output());
      }
      node->destroy();
    }
  }

  // Goes back from complex numbers to the view of channels they were made of. `chain`: all nodes on the way.
  Node *trace_back(Node *numbers, std::unordered_set<const Node *> &chain) {
    chain.insert(numbers);
    Value *value = nullptr;
    Parts parts = last;
    if (is(numbers, "aten::view_as_complex")) {
      value = numbers->input(0);
    } else if (is(numbers, "aten::complex")) {
      Value *const real = part(numbers->input(0), 0, parts, chain);
      const Parts of_real = parts;
      Value *const imaginary = part(numbers->input(1), 1, parts, chain);
      value = real == imaginary && parts == of_real ? real : nullptr;
    }
    while (value != nullptr) {
      Node *const node = value->node();
      chain.insert(node);
      if (is_copy(node)) {
        value = node->input(0);
      } else if (parts == last && is(node, "aten::permute") && is_integers(node, "dims", {0, 1, 3, 4, 2})) {
        parts = after_channels;
        value = node->input(0);
      } else {
        return parts == after_channels && is_view(node) ? node : nullptr;
      }
    }
    return nullptr;
  }

  // What `value` is a real (0) or imaginary (1) part of, and where that has its parts.
  Value *part(Value *value, int64_t index, Parts &parts, std::unordered_set<const Node *> &chain) {
    Node *node = value->node();
    chain.insert(node);
    if (is_copy(node)) {
      node = node->input(0)->node();
      chain.insert(node);
    }
    if (!is(node, "aten::select") || !is_integer(node, "index", {index}) || !is_integer(node, "dim", {2, -3, 4, -1})) {
      return nullptr;
    }
    parts = is_integer(node, "dim", {2, -3}) ? after_channels : last;
    Value *from = node->input(0);
    while (is_whole_slice(from->node())) {
      chain.insert(from->node());
      from = from->node()->input(0);
    }
    return from;
  }

  void inverse(Node *transform) {
    std::unordered_set<const Node *> chain{transform};
    Node *const view = is_of_images(transform) ? trace_back(transform->input(0)->node(), chain) : nullptr;
    Node *const layer = view != nullptr ? view->input(0)->node() : nullptr;
    if (layer == nullptr || layer->kind() != kLayerNode || !layer_of(layer)->takes_residual() ||
        layer_of(layer)->channels_out() % 2 != 0 || only_reader(layer->output()) != view) {
      return;
    }
    for (const Node *node : chain) {
      for (const torch::jit::Use &use : node->output()->uses()) {
        if (node != transform && chain.count(use.user) == 0) {
          return;
        }
      }
    }
    layer_of(layer)->reorder_output(conv::halves(layer_of(layer)->channels_out()));
    Node *const placed =
        create(kInverse, {layer->output(), view->input(1), argument(transform, "s")}, transform, transform);
    transform->output()->replaceAllUsesWith(placed->output());
    ++changed_;
  }

  // An image that is added to the one that a transform answers.
  void sum(Node *node) {
    if (!is_plain_sum(node)) {
      return;
    }
    for (size_t side : {1, 0}) {
      Node *const from = node->input(side)->node();
      if (from->kind() == kInverse && from->inputs().size() == 3 && from->owningBlock() == node->owningBlock() &&
          only_for(from->output(), node, false)) {
        from->moveBefore(node);
        from->addInput(node->input(1 - side));
        node->output()->replaceAllUsesWith(from->output());
        node->destroy();
        return;
      }
    }
  }

  Graph &graph_;
  int64_t changed_ = 0;
};

} // namespace

int64_t rewrite_transforms(Graph &graph) { return Transforms(graph).run(); }

bool is_transform(const Node *node) { return node->kind() == kForward || node->kind() == kInverse; }

void answer_plain(Node *node) {
  if (node->kind() == kInverse) {
    node->i_(kPlain, 1);
  }
}

} // namespace iopaint::graph
