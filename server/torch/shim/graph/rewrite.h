// Rewrites a frozen graph so that its convolutions run as layers (see conv/layer.h): paddings are read in place, batch
// norms, ReLUs and sums become part of them.
#pragma once

#include <cstdint>
#include <memory>

#include <torch/csrc/jit/ir/ir.h>

namespace iopaint::graph {

struct Rewritten {
  int64_t layers = 0;       // nodes that took the place of others
  int64_t convolutions = 0; // of these others
  int64_t paddings = 0;
  int64_t norms = 0;
  int64_t activations = 0;
  int64_t sums = 0;
  int64_t residuals = 0;
  int64_t transforms = 0; // Fourier's, from and to channels of layers
  int64_t winograd = 0; // layers with 3x3 convolutions of stride 1
  int64_t contiguous = 0; // layers that answer channel by channel, since what comes after them may ask for that
};

// Changes `graph`, whose weights are constants and whose tensor inputs have four dimensions. What isn't understood
// stays as it is. Constants that are no longer needed are freed as it goes, so that no weight is held twice for long.
Rewritten rewrite(std::shared_ptr<torch::jit::Graph> &graph);

} // namespace iopaint::graph
