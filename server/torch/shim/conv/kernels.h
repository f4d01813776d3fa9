// The loops that are worth compiling for more than one instruction set.
//
// Pixels are channels-last: the channels of a pixel lie side by side, and every loop runs over them. So no loop needs
// shuffles, and one source serves vectors of any width.
#pragma once

#include <cstddef>

namespace iopaint::conv {

// Winograd's minimal filtering F(4x4, 3x3): a tile of 4x4 outputs takes 6x6 inputs and 36 multiplications a channel
// instead of 144 (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
constexpr int kTile = 4;
constexpr int kTileInput = kTile + 2;
constexpr int kPlanes = kTileInput * kTileInput;

enum class Activation { none, relu, leaky };

// Another image that is added to the output: not at all, before or after the activation.
enum class Residual { none, before, after };

// What follows a convolution, in one pass over its output.
struct Epilogue {
  const float *bias; // as many as there are output channels; none: nothing follows
  Activation activation;
  float slope; // of a leaky ReLU, left of zero
  Residual residual = Residual::none;
  const float *added = nullptr; // the residual, laid out as the output is

  // The same for what lies `offset` floats further in the output.
  Epilogue from(std::ptrdiff_t offset) const {
    Epilogue moved = *this;
    moved.added += residual == Residual::none ? 0 : offset;
    return moved;
  }
};

struct Kernels {
  // Takes 6x6 pixels to the 36 planes of Winograd's domain. Plane i of this tile is at `planes + i * plane_stride`.
  void (*winograd_input)(const float *const *pixels, size_t channels, float *planes, size_t plane_stride);

  // Takes 36 planes back to 4x4 pixels. `accumulate`: adds to what the pixels hold, before the epilogue. `added`: the
  // residual's pixels, in place of the epilogue's own pointer.
  void (*winograd_output)(const float *planes, size_t plane_stride, size_t channels, Epilogue epilogue, bool accumulate,
      const float *const *added, float *const *pixels);

  // Takes 3x3 taps, `tap_stride` apart, to 36 planes, for `count` filters that lie side by side.
  void (*winograd_filter)(const float *taps, size_t tap_stride, size_t count, float *planes, size_t plane_stride);

  // The epilogue alone, in place.
  void (*finish)(float *pixels, size_t count, size_t channels, Epilogue epilogue);

  // The epilogue for pixels that are laid out channel by channel: `channels` rows, `stride` apart, of `count` values.
  void (*finish_planes)(float *planes, size_t channels, size_t stride, size_t count, Epilogue epilogue);

  // sums[i] += values[i]
  void (*add)(float *sums, const float *values, size_t count);
};

// The best that this processor has. Follows libtorch's own choice, and with it ATEN_CPU_CAPABILITY.
const Kernels &kernels();

// The name of that choice, for the log.
const char *kernels_name();

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

} // namespace iopaint::conv
