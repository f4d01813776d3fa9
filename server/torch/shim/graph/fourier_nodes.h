// The nodes that transforms and what surrounds them become, and what they do when they run.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace iopaint::graph {

// image -> spectrum
extern const c10::Symbol kForward;
// spectrum, sizes of libtorch's tensor of real and imaginary parts in turns -> the same tensor, in halves
extern const c10::Symbol kChannels;
// spectrum[, axis] -> sizes of a tensor of libtorch's that it stands for
extern const c10::Symbol kSize;
// channels in halves, sizes [N, C, 2, H, B], the image's sizes[, an image that is added] -> image
extern const c10::Symbol kInverse;

// Attributes: libtorch's `norm`, none if absent; whether the answer is in plain order; where a tensor has its parts.
inline const c10::Symbol kNorm = c10::Symbol::attr("norm");
inline const c10::Symbol kPlain = c10::Symbol::attr("plain");
inline const c10::Symbol kParts = c10::Symbol::attr("parts");

// Where complex numbers [N, C, H, B] have their real and imaginary parts once they are taken apart.
enum Parts : int64_t { together, after_channels, last };

} // namespace iopaint::graph
