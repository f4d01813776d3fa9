// The graph node that runs a layer; its inputs are the layer's arguments.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/jit/ir/ir.h>

#include "../conv/layer.h"

namespace fastconv::graph {

inline const c10::Symbol kLayerNode = c10::Symbol::fromQualString("fastconv::layer");
inline const c10::Symbol kLayerAttribute = c10::Symbol::attr("layer");

inline c10::intrusive_ptr<conv::Layer> layer_of(const torch::jit::Node *node) {
  return c10::static_intrusive_pointer_cast<conv::Layer>(node->ival(kLayerAttribute).toCapsule());
}

} // namespace fastconv::graph
