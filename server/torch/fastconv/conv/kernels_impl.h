// The implementation of `Kernels` for vectors of `Width` floats. Included by one file per instruction set,
// compiled for that set. No other headers may be included: the linker could pick their inline functions,
// compiled for a newer instruction set, for the whole program.
#pragma once

#include "fourier_impl.h"
#include "kernels.h"
#include "vectors_impl.h"

namespace fastconv::conv {
namespace {

// Applies an activation. NaN stays NaN, as in torch.relu.
template <Activation activation, class V, class Slope> FASTCONV_INLINE V activate(V value, Slope slope) {
  const V zero{};
  switch (activation) {
  case Activation::relu:
    return value < zero ? zero : value;
  case Activation::leaky_relu:
    return value < zero ? value * slope : value;
  default:
    return value;
  }
}

// An epilogue's activation and residual as compile-time constants, so that loops have no branches.
template <Activation activation_, Residual residual_> struct EpilogueOp {
  static constexpr Activation activation = activation_;
  static constexpr Residual residual = residual_;

  // Returns the residual of the output at `offset`.
  static FASTCONV_INLINE const float *at(const float *data, size_t offset) {
    return residual == Residual::none ? nullptr : data + offset;
  }

  // Returns the slopes of the channels from `channel` on.
  template <class V> static FASTCONV_INLINE V slope(const Epilogue &epilogue, size_t channel) {
    return activation == Activation::leaky_relu ? load<V>(epilogue.slopes + channel) : V{};
  }

  template <class V, class Slope> static FASTCONV_INLINE V apply(V value, const float *data, Slope slope) {
    if (residual == Residual::before_activation) {
      value += load<V>(data);
    }
    value = activate<activation>(value, slope);
    if (residual == Residual::after_activation) {
      value += load<V>(data);
    }
    return value;
  }
};

template <Activation activation, class Body>
FASTCONV_INLINE void dispatch_residual(const Epilogue &epilogue, Body body) {
  switch (epilogue.residual) {
  case Residual::none:
    return body(EpilogueOp<activation, Residual::none>());
  case Residual::before_activation:
    return body(EpilogueOp<activation, Residual::before_activation>());
  case Residual::after_activation:
    return body(EpilogueOp<activation, Residual::after_activation>());
  }
}

// Calls `body` with the `EpilogueOp` of an epilogue.
template <class Body> FASTCONV_INLINE void dispatch_epilogue(const Epilogue &epilogue, Body body) {
  switch (epilogue.activation) {
  case Activation::none:
    return dispatch_residual<Activation::none>(epilogue, body);
  case Activation::relu:
    return dispatch_residual<Activation::relu>(epilogue, body);
  case Activation::leaky_relu:
    return dispatch_residual<Activation::leaky_relu>(epilogue, body);
  }
}

// Computes B^T x for six values `step` apart.
template <class V> FASTCONV_INLINE void input_transform_1d(const V *x, int step, V *y) {
  const V x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
  const V even = x4 - 4.0f * x2, odd = x3 - 4.0f * x1;
  const V even_half = x4 - x2, odd_half = 2.0f * (x3 - x1);
  y[0] = 4.0f * x0 - 5.0f * x2 + x4;
  y[1] = even + odd;
  y[2] = even - odd;
  y[3] = even_half + odd_half;
  y[4] = even_half - odd_half;
  y[5] = 4.0f * x1 - 5.0f * x3 + x5;
}

// Computes A^T m for six values `step` apart.
template <class V> FASTCONV_INLINE void output_transform_1d(const V *m, int step, V *y, int y_step) {
  const V sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
  const V sum_far = m[3 * step] + m[4 * step], difference_far = m[3 * step] - m[4 * step];
  y[0] = m[0] + sum + sum_far;
  y[y_step] = difference + 2.0f * difference_far;
  y[2 * y_step] = sum + 4.0f * sum_far;
  y[3 * y_step] = difference + 8.0f * difference_far + m[5 * step];
}

// Computes G g for three values `step` apart.
template <class V> FASTCONV_INLINE void filter_transform_1d(const V *g, int step, V *u) {
  const V outer = g[0] + g[2 * step], far = g[0] * (1.0f / 24) + g[2 * step] * (1.0f / 6);
  const V middle = g[step], middle_far = g[step] * (1.0f / 12);
  u[0] = g[0] * 0.25f;
  u[1] = (outer + middle) * (-1.0f / 6);
  u[2] = (outer - middle) * (-1.0f / 6);
  u[3] = far + middle_far;
  u[4] = far - middle_far;
  u[5] = g[2 * step];
}

template <class V>
FASTCONV_INLINE void input_transform_2d(
    const float *const *pixels, size_t channel, float *planes, size_t plane_stride) {
  V transformed[kPlanes];
  for (int column = 0; column < kTileInput; ++column) {
    V x[kTileInput];
    for (int row = 0; row < kTileInput; ++row) {
      x[row] = load<V>(pixels[row * kTileInput + column] + channel);
    }
    input_transform_1d(x, 1, transformed + column * kTileInput);
  }
  for (int row = 0; row < kTileInput; ++row) {
    V y[kTileInput];
    input_transform_1d(transformed + row, kTileInput, y);
    for (int column = 0; column < kTileInput; ++column) {
      store(planes + (row * kTileInput + column) * plane_stride + channel, y[column]);
    }
  }
}

template <class V, bool accumulate, class EpilogueOp>
FASTCONV_INLINE void output_transform_2d(const float *planes, size_t plane_stride, size_t channel,
    const Epilogue &epilogue, const float *const *residual_pixels, float *const *pixels) {
  V transformed[kTileInput * kTile];
  for (int column = 0; column < kTileInput; ++column) {
    V m[kTileInput];
    for (int row = 0; row < kTileInput; ++row) {
      m[row] = load<V>(planes + (row * kTileInput + column) * plane_stride + channel);
    }
    output_transform_1d(m, 1, transformed + column, kTileInput);
  }
  const V bias = load<V>(epilogue.bias + channel);
  const V slope = EpilogueOp::template slope<V>(epilogue, channel);
  for (int row = 0; row < kTile; ++row) {
    V y[kTile];
    output_transform_1d(transformed + row * kTileInput, 1, y, 1);
    for (int column = 0; column < kTile; ++column) {
      const int i = row * kTile + column;
      float *pixel = pixels[i] + channel;
      V value = y[column] + bias;
      if (accumulate) {
        value += load<V>(pixel);
      }
      const float *residual = EpilogueOp::residual == Residual::none ? nullptr : residual_pixels[i] + channel;
      store(pixel, EpilogueOp::apply(value, residual, slope));
    }
  }
}

template <class V>
FASTCONV_INLINE void filter_transform_2d(
    const float *weights, size_t weight_stride, float *planes, size_t plane_stride) {
  V transformed[3 * kTileInput];
  for (int column = 0; column < 3; ++column) {
    V g[3];
    for (int row = 0; row < 3; ++row) {
      g[row] = load<V>(weights + (row * 3 + column) * weight_stride);
    }
    filter_transform_1d(g, 1, transformed + column * kTileInput);
  }
  for (int row = 0; row < kTileInput; ++row) {
    V u[kTileInput];
    filter_transform_1d(transformed + row, kTileInput, u);
    for (int column = 0; column < kTileInput; ++column) {
      store(planes + (row * kTileInput + column) * plane_stride, u[column]);
    }
  }
}

template <int Width> struct KernelsOf {
  using Vector = typename VectorOf<Width>::type;

  static void winograd_input(
      const float *const *pixels, size_t channels, float *planes, size_t plane_stride) {
    size_t channel = 0;
    for (; channel + Width <= channels; channel += Width) {
      input_transform_2d<Vector>(pixels, channel, planes, plane_stride);
    }
    for (; channel < channels; ++channel) {
      input_transform_2d<float>(pixels, channel, planes, plane_stride);
    }
  }

  template <bool accumulate, class EpilogueOp>
  static FASTCONV_INLINE void output(const float *planes, size_t plane_stride, size_t channels,
      const Epilogue &epilogue, const float *const *residual_pixels, float *const *pixels) {
    size_t channel = 0;
    for (; channel + Width <= channels; channel += Width) {
      output_transform_2d<Vector, accumulate, EpilogueOp>(
          planes, plane_stride, channel, epilogue, residual_pixels, pixels);
    }
    for (; channel < channels; ++channel) {
      output_transform_2d<float, accumulate, EpilogueOp>(
          planes, plane_stride, channel, epilogue, residual_pixels, pixels);
    }
  }

  static void winograd_output(const float *planes, size_t plane_stride, size_t channels, Epilogue epilogue,
      bool accumulate, const float *const *residual_pixels, float *const *pixels) {
    dispatch_epilogue(epilogue, [&](auto op) {
      using EpilogueOp = decltype(op);
      accumulate
          ? output<true, EpilogueOp>(planes, plane_stride, channels, epilogue, residual_pixels, pixels)
          : output<false, EpilogueOp>(planes, plane_stride, channels, epilogue, residual_pixels, pixels);
    });
  }

  static void winograd_filter(
      const float *weights, size_t weight_stride, size_t count, float *planes, size_t plane_stride) {
    size_t i = 0;
    for (; i + Width <= count; i += Width) {
      filter_transform_2d<Vector>(weights + i, weight_stride, planes + i, plane_stride);
    }
    for (; i < count; ++i) {
      filter_transform_2d<float>(weights + i, weight_stride, planes + i, plane_stride);
    }
  }

  static void apply_epilogue(float *pixels, size_t count, size_t channels, Epilogue epilogue) {
    dispatch_epilogue(epilogue, [&](auto op) {
      for (size_t i = 0; i < count; ++i, pixels += channels) {
        const float *const residual = op.at(epilogue.residual_data, i * channels);
        size_t channel = 0;
        for (; channel + Width <= channels; channel += Width) {
          const Vector value = load<Vector>(pixels + channel) + load<Vector>(epilogue.bias + channel);
          const Vector slope = op.template slope<Vector>(epilogue, channel);
          store(pixels + channel, op.apply(value, op.at(residual, channel), slope));
        }
        for (; channel < channels; ++channel) {
          const float value = pixels[channel] + epilogue.bias[channel];
          const float slope = op.template slope<float>(epilogue, channel);
          pixels[channel] = op.apply(value, op.at(residual, channel), slope);
        }
      }
    });
  }

  static void apply_epilogue_planar(
      float *planes, size_t channels, size_t stride, size_t count, Epilogue epilogue) {
    dispatch_epilogue(epilogue, [&](auto op) {
      for (size_t channel = 0; channel < channels; ++channel, planes += stride) {
        const float *const residual = op.at(epilogue.residual_data, channel * stride);
        const float bias = epilogue.bias[channel];
        const float slope = op.template slope<float>(epilogue, channel);
        size_t i = 0;
        for (; i + Width <= count; i += Width) {
          store(planes + i, op.apply(load<Vector>(planes + i) + bias, op.at(residual, i), slope));
        }
        for (; i < count; ++i) {
          planes[i] = op.apply(planes[i] + bias, op.at(residual, i), slope);
        }
      }
    });
  }

  static void add(float *sums, const float *values, size_t count) {
    size_t i = 0;
    for (; i + Width <= count; i += Width) {
      store(sums + i, load<Vector>(sums + i) + load<Vector>(values + i));
    }
    for (; i < count; ++i) {
      sums[i] += values[i];
    }
  }

  template <class V>
  static FASTCONV_INLINE void window_mean(
      const float *values, size_t stride, size_t rows, size_t columns, float divisor, float *means) {
    V sum{};
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = 0; column < columns; ++column) {
        sum += load<V>(values + row * stride + column);
      }
    }
    store(means, sum / divisor);
  }

  static void window_means(const float *values, size_t stride, size_t rows, size_t columns, size_t count,
      float divisor, float *means) {
    size_t i = 0;
    for (; i + Width <= count; i += Width) {
      window_mean<Vector>(values + i, stride, rows, columns, divisor, means + i);
    }
    for (; i < count; ++i) {
      window_mean<float>(values + i, stride, rows, columns, divisor, means + i);
    }
  }

  static constexpr Kernels table{winograd_input, winograd_output, winograd_filter, apply_epilogue,
      apply_epilogue_planar, add, window_means, Width, fourier_forward<Vector>, fourier_inverse<Vector>};
};

} // namespace
} // namespace fastconv::conv
