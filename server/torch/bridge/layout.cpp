#include "layout.h"

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/ir.h>

namespace iopaint {
namespace {

using torch::jit::Block;
using torch::jit::Node;

at::Tensor channels_last(const at::Tensor &weight) {
  return weight.dim() == 4 ? weight.contiguous(at::MemoryFormat::ChannelsLast) : weight;
}

// Weights that freezing turned into constants of the graph.
void constants_to_channels_last(Block *block) {
  for (Node *node : block->nodes()) {
    for (Block *inner : node->blocks()) {
      constants_to_channels_last(inner);
    }
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t) {
      node->t_(c10::attr::value, channels_last(node->t(c10::attr::value)));
    }
  }
}

// Weights of a module that can't be frozen.
void attributes_to_channels_last(torch::jit::Module &module) {
  for (torch::jit::Module part : module.modules()) {
    for (const torch::jit::NameTensor &parameter : part.named_parameters(/*recurse=*/false)) {
      part.setattr(parameter.name, channels_last(parameter.value));
    }
  }
}

} // namespace

void to_channels_last(torch::jit::Module &module) {
  attributes_to_channels_last(module);
  constants_to_channels_last(module.get_method("forward").graph()->block());
}

} // namespace iopaint
