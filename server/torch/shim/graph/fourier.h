// Rewrites what lies between Fourier's transforms and convolutions: complex numbers that are taken apart, moved to channels
// and back become images whose channels are real and imaginary parts (see conv/fourier.h).
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace iopaint::graph {

// Changes transforms of an image's rows and columns whose numbers go to a layer's channels, and those of a layer's channels
// back; the layers take and give their channels in another order. Layers must not be sealed yet. Answers how many
// transforms were changed.
int64_t rewrite_transforms(torch::jit::Graph &graph);

// Tells a node of this kind, once nothing changes any more, to answer its image in plain order.
bool is_transform(const torch::jit::Node *node);
void answer_plain(torch::jit::Node *node);

} // namespace iopaint::graph
