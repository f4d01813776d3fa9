// Questions to the nodes of a graph.
#pragma once

#include <optional>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

namespace iopaint::graph {

inline bool is(const torch::jit::Node *node, const char *kind) { return node->kind() == c10::Symbol::fromQualString(kind); }

inline bool is_tensor(const torch::jit::Value *value) { return value->type()->isSubtypeOf(*c10::TensorType::get()); }

// The argument of that name of a node's operator, if it has one.
inline torch::jit::Value *argument(torch::jit::Node *node, const char *name) {
  const auto index = node->schema().argumentIndexWithName(name);
  return index && static_cast<size_t>(*index) < node->inputs().size() ? node->input(static_cast<size_t>(*index)) : nullptr;
}

// The argument of that name where it is a constant.
inline std::optional<c10::IValue> constant(torch::jit::Node *node, const char *name) {
  torch::jit::Value *value = argument(node, name);
  return value == nullptr ? std::nullopt : torch::jit::toIValue(value);
}

// One integer for each axis; a single one stands for both.
inline std::optional<std::vector<int64_t>> pair(torch::jit::Node *node, const char *name) {
  const auto value = constant(node, name);
  if (!value || !value->isIntList()) {
    return std::nullopt;
  }
  std::vector<int64_t> list = value->toIntVector();
  if (list.size() == 1) {
    list.push_back(list[0]);
  }
  return list.size() == 2 ? std::optional(list) : std::nullopt;
}

// Whether a node asks for nothing but a value's shape.
inline bool asks_for_shape(const torch::jit::Node *node) { return is(node, "aten::size") || is(node, "aten::dim"); }

// An addition of two tensors as they are.
inline bool is_plain_sum(torch::jit::Node *node) {
  if (!is(node, "aten::add") || node->input(0) == node->input(1)) {
    return false;
  }
  const auto factor = constant(node, "alpha");
  return factor && factor->isScalar() && factor->toScalar().equal(1) && is_tensor(node->input(0)) &&
         is_tensor(node->input(1));
}

// Whether nothing but `node` looks into `value`. Its shape may be known to others.
inline bool only_for(const torch::jit::Value *value, const torch::jit::Node *node, bool shape_may_be_known) {
  for (const torch::jit::Use &use : value->uses()) {
    if (use.user != node && !(shape_may_be_known && asks_for_shape(use.user))) {
      return false;
    }
  }
  return true;
}

} // namespace iopaint::graph
