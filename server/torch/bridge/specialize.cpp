#include "specialize.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>

namespace iopaint {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::GraphFunction;
using torch::jit::Node;
using torch::jit::Value;

// Returns the function that a node calls; null for other nodes.
GraphFunction *callee(const Node *node) {
  if (node->kind() == c10::prim::CallFunction) {
    const auto type = node->input(0)->type()->cast<c10::FunctionType>();
    return type ? torch::jit::tryToGraphFunction(*type->function()) : nullptr;
  }
  if (node->kind() == c10::prim::CallMethod) {
    const auto type = node->input(0)->type()->cast<c10::ClassType>();
    return type ? torch::jit::tryToGraphFunction(type->getMethod(node->s(c10::attr::name))) : nullptr;
  }
  return nullptr;
}

bool is_immutable(const c10::TypePtr &type) {
  switch (type->kind()) {
  case c10::TypeKind::BoolType:
  case c10::TypeKind::FloatType:
  case c10::TypeKind::IntType:
  case c10::TypeKind::NoneType:
  case c10::TypeKind::NumberType:
  case c10::TypeKind::StringType:
    return true;
  case c10::TypeKind::OptionalType:
  case c10::TypeKind::TupleType: {
    const at::ArrayRef<c10::TypePtr> parts = type->containedTypes();
    return std::all_of(parts.begin(), parts.end(), is_immutable);
  }
  default:
    return false;
  }
}

// Returns true for nodes that compute numbers, strings and tuples of them from such values, and nothing else.
bool is_pure(const Node *node) {
  static const std::unordered_set<c10::Symbol> excluded{c10::prim::AutogradZero, c10::prim::Uninitialized,
      c10::prim::Guard, c10::prim::profile, c10::prim::unchecked_unwrap_optional};
  const auto immutable = [](at::ArrayRef<const Value *> values) {
    return std::all_of(
        values.begin(), values.end(), [](const Value *value) { return is_immutable(value->type()); });
  };
  return node->blocks().empty() && excluded.count(node->kind()) == 0 && immutable(node->inputs()) &&
         immutable(node->outputs()) && !node->hasSideEffects() && !node->isNondeterministic();
}

class Specializer {
public:
  explicit Specializer(const torch::jit::Module &module)
      : module_(module), graph_(std::make_shared<Graph>()) {}

  std::shared_ptr<Graph> run() {
    GraphFunction &forward = torch::jit::toGraphFunction(module_.get_method("forward").function());
    const std::shared_ptr<Graph> source = forward.graph();
    Values values;
    for (Value *const input : source->inputs()) {
      values[input] = graph_->addInput()->copyMetadata(input);
    }
    objects_.emplace(graph_->inputs()[0], module_._ivalue());
    copy(source->block(), values);
    for (Value *const output : source->outputs()) {
      graph_->registerOutput(values.at(output));
    }
    return graph_;
  }

private:
  // The copy of each value of a function's graph, in one call of the function.
  using Values = std::unordered_map<const Value *, Value *>;

  // Copies the nodes of a block to the insert point.
  void copy(Block *block, Values &values) {
    for (Node *const node : block->nodes()) {
      if (node->kind() == c10::prim::Constant) {
        values[node->output()] = copy_constant(node);
      } else if (node->kind() == c10::prim::GetAttr) {
        values[node->output()] = copy_attribute(node, values);
      } else if (GraphFunction *const function = callee(node)) {
        copy_call(node, *function, values);
      } else if (const std::optional<bool> condition = constant_condition(node, values)) {
        Block *const taken = node->blocks()[*condition ? 0 : 1];
        copy(taken, values);
        assign(node->outputs(), taken->outputs(), values, values);
      } else {
        copy_other(node, values);
      }
    }
  }

  // Copies a constant to the start of the graph, once for all calls of its function.
  Value *copy_constant(Node *node) {
    const auto [entry, is_new] = constants_.emplace(node->output(), nullptr);
    if (is_new) {
      const torch::jit::WithInsertPoint at_start(graph_->block()->nodes().front());
      entry->second =
          graph_->insertNode(graph_->createClone(node, [](Value *value) { return value; }))->output();
    }
    return entry->second;
  }

  Value *copy_attribute(Node *node, const Values &values) {
    const auto owner = objects_.find(values.at(node->input()));
    if (owner == objects_.end()) {
      return insert_clone(node, values)->output();
    }
    const c10::IValue value = owner->second.toObject()->getAttr(node->s(c10::attr::name));
    if (value.isObject()) {
      Value *const object = insert_clone(node, values)->output();
      objects_.emplace(object, value);
      return object;
    }
    Value *const constant = constant_of(value);
    return constant != nullptr ? constant : insert_clone(node, values)->output();
  }

  void copy_call(Node *node, GraphFunction &function, Values &values) {
    function.ensure_defined();
    const std::shared_ptr<Graph> body = function.graph();
    // The first input of a function's call is the function, that of a method's call the object.
    const size_t skipped = node->kind() == c10::prim::CallFunction ? 1 : 0;
    Values inner;
    for (size_t i = 0; i < body->inputs().size(); ++i) {
      inner[body->inputs()[i]] = values.at(node->input(i + skipped));
    }
    copy(body->block(), inner);
    assign(node->outputs(), body->outputs(), inner, values);
  }

  // Copies any other node, and the nodes of its blocks.
  void copy_other(Node *node, Values &values) {
    Node *const clone = insert_clone(node, values);
    for (Block *const block : node->blocks()) {
      Block *const inner = clone->addBlock();
      for (Value *const input : block->inputs()) {
        values[input] = inner->addInput()->copyMetadata(input);
      }
      {
        const torch::jit::WithInsertPoint in_block(inner);
        copy(block, values);
      }
      for (Value *const output : block->outputs()) {
        inner->registerOutput(values.at(output));
      }
    }
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      values[node->outputs()[i]] = clone->outputs()[i];
    }
    if (is_pure(clone)) {
      evaluate(node, clone, values);
    }
  }

  // Replaces a copy whose inputs are constant by its results.
  void evaluate(Node *node, Node *clone, Values &values) {
    const std::optional<torch::jit::Stack> results = torch::jit::runNodeIfInputsAreConstant(clone);
    if (!results) {
      return;
    }
    std::vector<Value *> constants;
    for (const c10::IValue &result : *results) {
      constants.push_back(constant_of(result));
      if (constants.back() == nullptr) {
        return;
      }
    }
    for (size_t i = 0; i < constants.size(); ++i) {
      values[node->outputs()[i]] = constants[i];
    }
    clone->destroy();
  }

  // Returns the condition of a branch if it is constant.
  std::optional<bool> constant_condition(const Node *node, const Values &values) const {
    if (node->kind() != c10::prim::If) {
      return std::nullopt;
    }
    const std::optional<c10::IValue> condition = torch::jit::toIValue(values.at(node->input(0)));
    return condition ? std::optional(condition->toBool()) : std::nullopt;
  }

  Node *insert_clone(Node *node, const Values &values) {
    return graph_->insertNode(
        graph_->createClone(node, [&](Value *value) { return values.at(value); }, false));
  }

  // Gives the values `outputs` the copies of `results`.
  static void assign(
      at::ArrayRef<Value *> outputs, at::ArrayRef<Value *> results, const Values &from, Values &to) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      to[outputs[i]] = from.at(results[i]);
    }
  }

  // Returns the constant of a value; null if values of its type can't be constants. One constant per tensor,
  // however often it is read.
  Value *constant_of(const c10::IValue &value) {
    const torch::jit::WithInsertPoint at_start(graph_->block()->nodes().front());
    if (!value.isTensor()) {
      return torch::jit::tryInsertConstant(*graph_, value).value_or(nullptr);
    }
    const auto [entry, is_new] = tensors_.emplace(value.toTensor().unsafeGetTensorImpl(), nullptr);
    if (is_new) {
      entry->second = torch::jit::tryInsertConstant(*graph_, value.toTensor().detach()).value_or(nullptr);
    }
    return entry->second;
  }

  const torch::jit::Module &module_;
  const std::shared_ptr<Graph> graph_;
  // Objects that values of the graph are known to be.
  std::unordered_map<const Value *, c10::IValue> objects_;
  std::unordered_map<const Value *, Value *> constants_;
  std::unordered_map<const void *, Value *> tensors_;
};

} // namespace

std::shared_ptr<Graph> specialize(const torch::jit::Module &module) { return Specializer(module).run(); }

} // namespace iopaint
