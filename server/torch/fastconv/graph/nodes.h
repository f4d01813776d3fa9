// Predicates and accessors for the nodes of a graph.
#pragma once

#include <optional>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

namespace fastconv::graph {

inline bool is(const torch::jit::Node *node, const char *kind) {
  return node->kind() == c10::Symbol::fromQualString(kind);
}

inline bool is_tensor(const torch::jit::Value *value) {
  return value->type()->isSubtypeOf(*c10::TensorType::get());
}

// Returns the argument called `name` in the operator's schema, or null.
inline torch::jit::Value *argument(torch::jit::Node *node, const char *name) {
  const auto index = node->schema().argumentIndexWithName(name);
  return index && static_cast<size_t>(*index) < node->inputs().size()
             ? node->input(static_cast<size_t>(*index))
             : nullptr;
}

// Returns the value of the argument called `name` if it is a constant.
inline std::optional<c10::IValue> constant(torch::jit::Node *node, const char *name) {
  torch::jit::Value *value = argument(node, name);
  return value == nullptr ? std::nullopt : torch::jit::toIValue(value);
}

// Returns one integer per image axis (rows, columns); a list of one integer applies to both.
inline std::optional<std::vector<int64_t>> int_pair(torch::jit::Node *node, const char *name) {
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

// Returns true for nodes that read only the shape of their argument.
inline bool is_shape_query(const torch::jit::Node *node) {
  return is(node, "aten::size") || is(node, "aten::dim");
}

// Returns true for an addition of two different tensors with alpha 1.
inline bool is_unscaled_add(torch::jit::Node *node) {
  if (!is(node, "aten::add") || node->input(0) == node->input(1)) {
    return false;
  }
  const auto factor = constant(node, "alpha");
  return factor && factor->isScalar() && factor->toScalar().equal(1) && is_tensor(node->input(0)) &&
         is_tensor(node->input(1));
}

// Returns true if `node` is the only user of `value`, not counting shape queries if they are ignored.
inline bool is_only_used_by(
    const torch::jit::Value *value, const torch::jit::Node *node, bool ignore_shape_queries) {
  for (const torch::jit::Use &use : value->uses()) {
    if (use.user != node && !(ignore_shape_queries && is_shape_query(use.user))) {
      return false;
    }
  }
  return true;
}

} // namespace fastconv::graph
