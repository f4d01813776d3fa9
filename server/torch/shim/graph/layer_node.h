// The node that stands for a layer: its arguments are the layer's.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/jit/ir/ir.h>

#include "../conv/layer.h"

namespace iopaint::graph {

inline const c10::Symbol kLayerNode = c10::Symbol::fromQualString("iopaint::layer");
inline const c10::Symbol kLayerAttribute = c10::Symbol::attr("layer");

inline c10::intrusive_ptr<conv::Layer> layer_of(const torch::jit::Node *node) {
  return c10::static_intrusive_pointer_cast<conv::Layer>(node->ival(kLayerAttribute).toCapsule());
}

} // namespace iopaint::graph
