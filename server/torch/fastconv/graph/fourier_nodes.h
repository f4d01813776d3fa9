// Nodes of rewritten Fourier transforms.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace fastconv::graph {

// (image) -> planar spectrum
extern const c10::Symbol kRfft2;
// (planar spectrum, sizes of a view of the interleaved channels) -> the same view with planar channels
extern const c10::Symbol kSpectrumView;
// (planar spectrum[, axis]) -> size of the complex or split tensor in the original graph
extern const c10::Symbol kSpectrumSize;
// (planar channels, sizes [N, C, 2, H, W / 2 + 1], sizes of the image[, addend]) -> image
extern const c10::Symbol kIrfft2;

// Attributes: libtorch's `norm` (absent: the default), contiguous result (present or absent), a
// `ComplexLayout`.
inline const c10::Symbol kNorm = c10::Symbol::attr("norm");
inline const c10::Symbol kContiguous = c10::Symbol::attr("contiguous");
inline const c10::Symbol kComplexLayout = c10::Symbol::attr("complex_layout");

// Shape of a tensor of complex numbers [N, C, H, B] in the original graph.
enum ComplexLayout : int64_t {
  complex_dtype,        // [N, C, H, B], complex
  parts_after_channels, // [N, C, 2, H, B], real
  parts_last            // [N, C, H, B, 2], real
};

} // namespace fastconv::graph
