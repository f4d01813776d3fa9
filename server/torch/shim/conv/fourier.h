// Fourier's transform of images and back, channels-last. A spectrum is an image of twice as many channels: the real parts
// of all channels, then the imaginary parts.
#pragma once

#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

namespace iopaint::conv {

// What libtorch's `norm` says: None, "backward", "ortho" or "forward".
using Norm = std::optional<std::string>;

// [N, C, H, W] to [N, 2 C, H, W / 2 + 1].
at::Tensor spectrum(const at::Tensor &image, const Norm &norm);

// The image [N, C, H, W] of a spectrum [N, 2 C, H, W / 2 + 1], plus `added`, if it is defined. `sizes`: H and W; others
// than these cut or fill the spectrum, as libtorch does.
at::Tensor from_spectrum(
    const at::Tensor &spectrum, at::IntArrayRef sizes, const Norm &norm, const at::Tensor &added);

// A spectrum's channels as libtorch's programs have them, real and imaginary parts in turns, and back.
at::Tensor in_turns(const at::Tensor &spectrum);
at::Tensor in_halves(const at::Tensor &spectrum);

// The order in which `in_halves` takes `channels` channels.
at::Tensor halves(int64_t channels);

} // namespace iopaint::conv
