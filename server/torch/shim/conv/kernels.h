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

// How a signal's length is taken apart for Fourier's transform.
struct FourierAxis {
  size_t size;
  const size_t *radices; // `stages` of them, whose product is `size`
  size_t stages;
  const float *roots; // of unity: cosine and sine of -2 pi i / size
};

// Larger ones would cost more than another way.
constexpr size_t kLargestRadix = 127;

// The axis along which the pixels of an image's row follow one another, and the other one.
struct FourierSize {
  FourierAxis rows, columns; // height, width
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

  // How many channels the two transforms below take at once.
  size_t lanes;

  // The real transform of an image: [height, width] pixels to [height, width / 2 + 1] complex numbers, in rows that
  // follow one another. `memory`: (height * (width / 2 + 1) + 4 * the larger size) * 2 * lanes floats.
  void (*fourier_forward)(const FourierSize &size, const float *pixels, size_t pixel_step, float scale, float *re,
      float *im, size_t number_step, float *memory);

  // The way back. `added`: another image that is added, or none.
  void (*fourier_inverse)(const FourierSize &size, const float *re, const float *im, size_t number_step, float scale,
      const float *added, float *pixels, size_t pixel_step, float *memory);
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
