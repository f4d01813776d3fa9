// Fuses the convolutions of a frozen graph into layers (conv/layer.h): paddings are read in place; batch
// norms, ReLUs, sums and residuals become part of a layer.
#pragma once

#include <memory>

#include <torch/csrc/jit/ir/ir.h>

#include "../conv/layer.h"
#include "counts.h"

namespace fastconv::graph {

// Rewrites `graph`, whose weights are constants and whose tensor inputs have four dimensions. Unsupported
// nodes are left unchanged. Constants are freed as soon as they are unused, so that at most one weight is
// held twice. `precision`: see conv::Layer::finalize.
RewriteCounts rewrite(std::shared_ptr<torch::jit::Graph> &graph, conv::Precision precision);

} // namespace fastconv::graph
