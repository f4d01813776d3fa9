// The bodies of `Kernels` for vectors of `Width` floats. Included by one file for each instruction set, which is
// compiled for that set; no headers but these may be included here, or the linker could hand such code to an older processor.
#pragma once

#include "fourier_impl.h"
#include "kernels.h"
#include "vectors_impl.h"

namespace iopaint::conv {
namespace {

// NaN stays NaN, as in torch.relu.
template <Activation activation, class V> IOPAINT_INLINE V activated(V value, float slope) {
  const V zero{};
  switch (activation) {
  case Activation::relu:
    return value < zero ? zero : value;
  case Activation::leaky:
    return value < zero ? value * slope : value;
  default:
    return value;
  }
}

// An activation and a residual, known when this is compiled, so that loops have no branches.
template <Activation activation_, Residual residual_> struct After {
  static constexpr Activation activation = activation_;
  static constexpr Residual residual = residual_;

  // Where the residual of the output at `offset` lies.
  static IOPAINT_INLINE const float *at(const float *added, size_t offset) {
    return residual == Residual::none ? nullptr : added + offset;
  }

  template <class V> static IOPAINT_INLINE V apply(V value, const float *added, float slope) {
    if (residual == Residual::before) {
      value += load<V>(added);
    }
    value = activated<activation>(value, slope);
    if (residual == Residual::after) {
      value += load<V>(added);
    }
    return value;
  }
};

template <Activation activation, class Body> IOPAINT_INLINE void with_residual(const Epilogue &epilogue, Body body) {
  switch (epilogue.residual) {
  case Residual::none:
    return body(After<activation, Residual::none>());
  case Residual::before:
    return body(After<activation, Residual::before>());
  case Residual::after:
    return body(After<activation, Residual::after>());
  }
}

// Calls `body` with the `After` that an epilogue asks for.
template <class Body> IOPAINT_INLINE void with_after(const Epilogue &epilogue, Body body) {
  switch (epilogue.activation) {
  case Activation::none:
    return with_residual<Activation::none>(epilogue, body);
  case Activation::relu:
    return with_residual<Activation::relu>(epilogue, body);
  case Activation::leaky:
    return with_residual<Activation::leaky>(epilogue, body);
  }
}

// B^T x for six values `step` apart.
template <class V> IOPAINT_INLINE void input_pass(const V *x, int step, V *y) {
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

// A^T m for six values.
template <class V> IOPAINT_INLINE void output_pass(const V *m, int step, V *y, int y_step) {
  const V sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
  const V sum_far = m[3 * step] + m[4 * step], difference_far = m[3 * step] - m[4 * step];
  y[0] = m[0] + sum + sum_far;
  y[y_step] = difference + 2.0f * difference_far;
  y[2 * y_step] = sum + 4.0f * sum_far;
  y[3 * y_step] = difference + 8.0f * difference_far + m[5 * step];
}

// G g for three values.
template <class V> IOPAINT_INLINE void filter_pass(const V *g, int step, V *u) {
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
IOPAINT_INLINE void input_channels(const float *const *pixels, size_t channel, float *planes, size_t plane_stride) {
  V between[kPlanes];
  for (int column = 0; column < kTileInput; ++column) {
    V x[kTileInput];
    for (int row = 0; row < kTileInput; ++row) {
      x[row] = load<V>(pixels[row * kTileInput + column] + channel);
    }
    input_pass(x, 1, between + column * kTileInput);
  }
  for (int row = 0; row < kTileInput; ++row) {
    V y[kTileInput];
    input_pass(between + row, kTileInput, y);
    for (int column = 0; column < kTileInput; ++column) {
      store(planes + (row * kTileInput + column) * plane_stride + channel, y[column]);
    }
  }
}

template <class V, bool accumulate, class After>
IOPAINT_INLINE void output_channels(const float *planes, size_t plane_stride, size_t channel, const Epilogue &epilogue,
    const float *const *added, float *const *pixels) {
  V between[kTileInput * kTile];
  for (int column = 0; column < kTileInput; ++column) {
    V m[kTileInput];
    for (int row = 0; row < kTileInput; ++row) {
      m[row] = load<V>(planes + (row * kTileInput + column) * plane_stride + channel);
    }
    output_pass(m, 1, between + column, kTileInput);
  }
  const V offset = load<V>(epilogue.bias + channel);
  for (int row = 0; row < kTile; ++row) {
    V y[kTile];
    output_pass(between + row * kTileInput, 1, y, 1);
    for (int column = 0; column < kTile; ++column) {
      const int place = row * kTile + column;
      float *pixel = pixels[place] + channel;
      V value = y[column] + offset;
      if (accumulate) {
        value += load<V>(pixel);
      }
      const float *more = After::residual == Residual::none ? nullptr : added[place] + channel;
      store(pixel, After::apply(value, more, epilogue.slope));
    }
  }
}

template <class V>
IOPAINT_INLINE void filter_lanes(const float *taps, size_t tap_stride, float *planes, size_t plane_stride) {
  V between[3 * kTileInput];
  for (int column = 0; column < 3; ++column) {
    V g[3];
    for (int row = 0; row < 3; ++row) {
      g[row] = load<V>(taps + (row * 3 + column) * tap_stride);
    }
    filter_pass(g, 1, between + column * kTileInput);
  }
  for (int row = 0; row < kTileInput; ++row) {
    V u[kTileInput];
    filter_pass(between + row, kTileInput, u);
    for (int column = 0; column < kTileInput; ++column) {
      store(planes + (row * kTileInput + column) * plane_stride, u[column]);
    }
  }
}

template <int Width> struct KernelsOf {
  using Vector = typename VectorOf<Width>::type;

  static void winograd_input(const float *const *pixels, size_t channels, float *planes, size_t plane_stride) {
    size_t channel = 0;
    for (; channel + Width <= channels; channel += Width) {
      input_channels<Vector>(pixels, channel, planes, plane_stride);
    }
    for (; channel < channels; ++channel) {
      input_channels<float>(pixels, channel, planes, plane_stride);
    }
  }

  template <bool accumulate, class After>
  static IOPAINT_INLINE void output(const float *planes, size_t plane_stride, size_t channels, const Epilogue &epilogue,
      const float *const *added, float *const *pixels) {
    size_t channel = 0;
    for (; channel + Width <= channels; channel += Width) {
      output_channels<Vector, accumulate, After>(planes, plane_stride, channel, epilogue, added, pixels);
    }
    for (; channel < channels; ++channel) {
      output_channels<float, accumulate, After>(planes, plane_stride, channel, epilogue, added, pixels);
    }
  }

  static void winograd_output(const float *planes, size_t plane_stride, size_t channels, Epilogue epilogue,
      bool accumulate, const float *const *added, float *const *pixels) {
    with_after(epilogue, [&](auto after) {
      using After = decltype(after);
      accumulate ? output<true, After>(planes, plane_stride, channels, epilogue, added, pixels)
                 : output<false, After>(planes, plane_stride, channels, epilogue, added, pixels);
    });
  }

  static void winograd_filter(const float *taps, size_t tap_stride, size_t count, float *planes, size_t plane_stride) {
    size_t i = 0;
    for (; i + Width <= count; i += Width) {
      filter_lanes<Vector>(taps + i, tap_stride, planes + i, plane_stride);
    }
    for (; i < count; ++i) {
      filter_lanes<float>(taps + i, tap_stride, planes + i, plane_stride);
    }
  }

  static void finish(float *pixels, size_t count, size_t channels, Epilogue epilogue) {
    with_after(epilogue, [&](auto after) {
      for (size_t i = 0; i < count; ++i, pixels += channels) {
        const float *const added = after.at(epilogue.added, i * channels);
        size_t channel = 0;
        for (; channel + Width <= channels; channel += Width) {
          const Vector value = load<Vector>(pixels + channel) + load<Vector>(epilogue.bias + channel);
          store(pixels + channel, after.apply(value, after.at(added, channel), epilogue.slope));
        }
        for (; channel < channels; ++channel) {
          const float value = pixels[channel] + epilogue.bias[channel];
          pixels[channel] = after.apply(value, after.at(added, channel), epilogue.slope);
        }
      }
    });
  }

  static void finish_planes(float *planes, size_t channels, size_t stride, size_t count, Epilogue epilogue) {
    with_after(epilogue, [&](auto after) {
      for (size_t channel = 0; channel < channels; ++channel, planes += stride) {
        const float *const added = after.at(epilogue.added, channel * stride);
        const float bias = epilogue.bias[channel];
        size_t i = 0;
        for (; i + Width <= count; i += Width) {
          store(planes + i, after.apply(load<Vector>(planes + i) + bias, after.at(added, i), epilogue.slope));
        }
        for (; i < count; ++i) {
          planes[i] = after.apply(planes[i] + bias, after.at(added, i), epilogue.slope);
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

  static constexpr Kernels table{winograd_input, winograd_output, winograd_filter, finish, finish_planes, add, Width,
      fourier_forward<Vector>, fourier_inverse<Vector>};
};

} // namespace
} // namespace iopaint::conv
