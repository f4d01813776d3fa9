// Inner loops that are compiled once per instruction set.
//
// Pixels are channels-last and every loop runs over adjacent channels, so no loop needs shuffles and one
// source serves vectors of any width.
#pragma once

#include <cstddef>

namespace fastconv::conv {

// Winograd's minimal filtering F(4x4, 3x3): 4x4 outputs from 6x6 inputs with 36 multiplications per channel
// instead of 144 (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
constexpr int kTile = 4;
constexpr int kTileInput = kTile + 2;
constexpr int kPlanes = kTileInput * kTileInput;

enum class Activation { none, relu, leaky_relu };

// Position of an image that is added to the output.
enum class Residual { none, before_activation, after_activation };

// Operations applied when an output is written.
struct Epilogue {
  const float *bias; // one per output channel; null: no epilogue
  Activation activation;
  const float *slopes; // of the leaky ReLU for negative values, one per output channel
  Residual residual = Residual::none;
  const float *residual_data = nullptr; // in the output's layout

  // Returns the epilogue for the output from `offset` floats on.
  Epilogue offset_by(std::ptrdiff_t offset) const {
    Epilogue moved = *this;
    moved.residual_data += residual == Residual::none ? 0 : offset;
    return moved;
  }
};

// Factorization of a transform's length.
struct FourierAxis {
  size_t size;
  const size_t *radices; // `stages` factors of `size`
  size_t stages;
  const float *roots; // cos and sin of -2 pi i / size for each i
};

// Largest supported prime factor of a length; lengths with a larger one are left to libtorch.
constexpr size_t kMaxRadix = 127;

// Plan of a 2D transform; `columns` transforms along a row (length: width), `rows` along a column (length:
// height).
struct FourierPlan {
  FourierAxis rows, columns;
};

struct Kernels {
  // Transforms 6x6 pixels to the Winograd domain. Coefficient i is stored at `planes + i * plane_stride`.
  void (*winograd_input)(const float *const *pixels, size_t channels, float *planes, size_t plane_stride);

  // Transforms 36 coefficients to 4x4 pixels. `accumulate`: adds the pixels' previous values before the
  // epilogue. `residual_pixels` replaces the epilogue's residual_data.
  void (*winograd_output)(const float *planes, size_t plane_stride, size_t channels, Epilogue epilogue,
      bool accumulate, const float *const *residual_pixels, float *const *pixels);

  // Transforms `count` adjacent 3x3 filters, whose weights are `weight_stride` apart, to 36 coefficients.
  void (*winograd_filter)(
      const float *weights, size_t weight_stride, size_t count, float *planes, size_t plane_stride);

  // Applies the epilogue to `count` channels-last pixels in place.
  void (*apply_epilogue)(float *pixels, size_t count, size_t channels, Epilogue epilogue);

  // Applies the epilogue in place to `channels` planes of `count` values, `stride` apart.
  void (*apply_epilogue_planar)(
      float *planes, size_t channels, size_t stride, size_t count, Epilogue epilogue);

  // sums[i] += values[i]
  void (*add)(float *sums, const float *values, size_t count);

  // Computes `count` adjacent means: the sum of the `rows` x `columns` values from `values + i` on, row by
  // row, whose rows are `stride` apart, divided by `divisor`.
  void (*window_means)(const float *values, size_t stride, size_t rows, size_t columns, size_t count,
      float divisor, float *means);

  // Channels per call of the two transforms below (a channel block).
  size_t lanes;

  // Real 2D transform: [height, width] pixels to [height, width / 2 + 1] complex numbers, row-major.
  // `scratch`: (height * (width / 2 + 1) + 4 * max(height, width)) * 2 * lanes floats.
  void (*fourier_forward)(const FourierPlan &plan, const float *pixels, size_t pixel_step, float scale,
      float *re, float *im, size_t bin_step, float *scratch);

  // Inverse of `fourier_forward`, plus an image `addend` unless it is null.
  void (*fourier_inverse)(const FourierPlan &plan, const float *re, const float *im, size_t bin_step,
      float scale, const float *addend, float *pixels, size_t pixel_step, float *scratch);
};

// Returns the kernels for the instruction set that libtorch chose for this processor (see
// ATEN_CPU_CAPABILITY).
const Kernels &kernels();

// Returns the name of that instruction set, for the log.
const char *instruction_set_name();

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

} // namespace fastconv::conv
