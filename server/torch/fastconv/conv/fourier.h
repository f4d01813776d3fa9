// 2D real Fourier transforms of channels-last images. A planar spectrum is an image of twice as many
// channels: the real parts of all channels, then the imaginary parts.
#pragma once

#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

namespace fastconv::conv {

// libtorch's `norm`: None, "backward", "ortho" or "forward".
using FftNorm = std::optional<std::string>;

// Returns the planar spectrum [N, 2 C, H, W / 2 + 1] of [N, C, H, W].
at::Tensor rfft2(const at::Tensor &image, const FftNorm &norm);

// Returns the image [N, C, H, W] of a planar spectrum [N, 2 C, H, W / 2 + 1], plus `addend` if it is defined.
// `sizes`: H and W; a spectrum of other sizes is trimmed or zero-padded, as in libtorch.
at::Tensor irfft2(
    const at::Tensor &spectrum, at::IntArrayRef sizes, const FftNorm &norm, const at::Tensor &addend);

// Reorder the channels of a spectrum between libtorch's interleaved order (re0, im0, re1, im1, ...) and
// planar order.
at::Tensor to_interleaved(const at::Tensor &spectrum);
at::Tensor to_planar(const at::Tensor &spectrum);

// Returns the interleaved index of each planar channel.
at::Tensor planar_order(int64_t channels);

} // namespace fastconv::conv
