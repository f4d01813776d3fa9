// Fourier transforms of a channel block. Included by kernels_impl.h and subject to its rules.
#pragma once

#include "kernels.h"
#include "vectors_impl.h"

namespace fastconv::conv {
namespace {

template <class V> struct Complex {
  V re, im;
};

template <class V> FASTCONV_INLINE Complex<V> operator+(Complex<V> a, Complex<V> b) {
  return {a.re + b.re, a.im + b.im};
}
template <class V> FASTCONV_INLINE Complex<V> operator-(Complex<V> a, Complex<V> b) {
  return {a.re - b.re, a.im - b.im};
}

// Returns i a.
template <class V> FASTCONV_INLINE Complex<V> times_i(Complex<V> a) { return {-a.im, a.re}; }

template <class V> FASTCONV_INLINE Complex<V> scale_by(Complex<V> a, float by) {
  return {a.re * by, a.im * by};
}

// Returns a times a root of unity, given as cosine and sine.
template <class V> FASTCONV_INLINE Complex<V> times(Complex<V> a, const float *root) {
  return {a.re * root[0] - a.im * root[1], a.re * root[1] + a.im * root[0]};
}

// Complex numbers, `step` floats apart. Exchanging the two pointers turns a forward transform into an inverse
// one.
template <class V> struct Signal {
  float *re, *im;
  size_t step;

  FASTCONV_INLINE Complex<V> load_at(size_t offset) const {
    return {load<V>(re + offset), load<V>(im + offset)};
  }
  FASTCONV_INLINE void store_at(size_t offset, Complex<V> value) const {
    store(re + offset, value.re);
    store(im + offset, value.im);
  }
  FASTCONV_INLINE Complex<V> get(size_t i) const { return load_at(i * step); }
  FASTCONV_INLINE void set(size_t i, Complex<V> value) const { store_at(i * step, value); }
  FASTCONV_INLINE Signal swapped() const { return {im, re, step}; }
};

// In-place transform of `Radix` numbers.
template <int Radix> struct Butterfly;

template <> struct Butterfly<2> {
  template <class V> static FASTCONV_INLINE void run(Complex<V> *a) {
    const Complex<V> difference = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = difference;
  }
};

template <> struct Butterfly<3> {
  template <class V> static FASTCONV_INLINE void run(Complex<V> *a) {
    const Complex<V> sum = a[1] + a[2], across = times_i(scale_by(a[1] - a[2], 0.866025403784438647f));
    const Complex<V> middle = a[0] - scale_by(sum, 0.5f);
    a[0] = a[0] + sum;
    a[1] = middle - across;
    a[2] = middle + across;
  }
};

template <> struct Butterfly<4> {
  template <class V> static FASTCONV_INLINE void run(Complex<V> *a) {
    const Complex<V> even = a[0] + a[2], even_across = a[0] - a[2];
    const Complex<V> odd = a[1] + a[3], odd_across = times_i(a[1] - a[3]);
    a[0] = even + odd;
    a[1] = even_across - odd_across;
    a[2] = even - odd;
    a[3] = even_across + odd_across;
  }
};

template <> struct Butterfly<5> {
  template <class V> static FASTCONV_INLINE void run(Complex<V> *a) {
    constexpr float cosine1 = 0.309016994374947424f, cosine2 = -0.809016994374947424f;
    constexpr float sine1 = 0.951056516295153572f, sine2 = 0.587785252292473129f;
    const Complex<V> near = a[1] + a[4], far = a[2] + a[3], near_across = a[1] - a[4],
                     far_across = a[2] - a[3];
    const Complex<V> middle1 = a[0] + scale_by(near, cosine1) + scale_by(far, cosine2);
    const Complex<V> middle2 = a[0] + scale_by(near, cosine2) + scale_by(far, cosine1);
    const Complex<V> across1 = times_i(scale_by(near_across, sine1) + scale_by(far_across, sine2));
    const Complex<V> across2 = times_i(scale_by(near_across, sine2) - scale_by(far_across, sine1));
    a[0] = a[0] + near + far;
    a[1] = middle1 - across1;
    a[2] = middle2 - across2;
    a[3] = middle2 + across2;
    a[4] = middle1 + across1;
  }
};

// One stage of the Stockham FFT, which needs no bit reversal. `before`: product of the radices of earlier
// stages; `after`: product of the radices of later stages.
template <class V, int Radix>
void fixed_stage(
    const Signal<V> &from, const Signal<V> &to, size_t before, size_t after, const float *roots) {
  const size_t from_span = before * after * from.step, to_span = before * to.step;
  size_t read = 0, write = 0;
  for (size_t p = 0; p < after; ++p, write += (Radix - 1) * to_span) {
    float twiddles[Radix][2];
    for (int k = 1; k < Radix; ++k) {
      __builtin_memcpy(twiddles[k], roots + 2 * before * p * static_cast<size_t>(k), sizeof twiddles[k]);
    }
    for (size_t q = 0; q < before; ++q, read += from.step, write += to.step) {
      Complex<V> a[Radix];
      for (int j = 0; j < Radix; ++j) {
        a[j] = from.load_at(read + from_span * static_cast<size_t>(j));
      }
      Butterfly<Radix>::run(a);
      to.store_at(write, a[0]);
      for (int k = 1; k < Radix; ++k) {
        to.store_at(write + to_span * static_cast<size_t>(k), p == 0 ? a[k] : times(a[k], twiddles[k]));
      }
    }
  }
}

// The same for any odd radix: inputs j and radix - j are multiplied by equal cosines and opposite sines.
template <class V>
void odd_stage(const Signal<V> &from, const Signal<V> &to, size_t radix, size_t before, size_t after,
    const float *roots) {
  Complex<V> sums[kMaxRadix / 2 + 1], differences[kMaxRadix / 2 + 1];
  const size_t half = radix / 2, step = before * after;
  for (size_t p = 0; p < after; ++p) {
    for (size_t q = 0; q < before; ++q) {
      const Complex<V> first = from.get(q + before * p);
      Complex<V> total = first;
      for (size_t j = 1; j <= half; ++j) {
        const Complex<V> low = from.get(q + before * (p + after * j));
        const Complex<V> high = from.get(q + before * (p + after * (radix - j)));
        sums[j] = low + high;
        differences[j] = low - high;
        total = total + sums[j];
      }
      const size_t output = q + before * radix * p;
      to.set(output, total);
      for (size_t k = 1; k <= half; ++k) {
        Complex<V> middle = first, across = {};
        size_t exponent = 0;
        for (size_t j = 1; j <= half; ++j) {
          exponent = exponent + k < radix ? exponent + k : exponent + k - radix;
          const float *const root = roots + 2 * step * exponent;
          middle = middle + scale_by(sums[j], root[0]);
          across = across + scale_by(differences[j], root[1]);
        }
        across = times_i(across);
        to.set(output + before * k, times(middle + across, roots + 2 * before * p * k));
        to.set(output + before * (radix - k), times(middle - across, roots + 2 * before * p * (radix - k)));
      }
    }
  }
}

// Transforms `from` into `to`. `scratch`: two signals of the same length. No signals may overlap.
template <class V>
void transform(
    const FourierAxis &axis, const Signal<V> &from, const Signal<V> &to, const Signal<V> *scratch) {
  size_t before = 1;
  Signal<V> source = from;
  for (size_t i = 0; i < axis.stages; ++i) {
    const size_t radix = axis.radices[i], after = axis.size / before / radix;
    const Signal<V> target = i + 1 == axis.stages ? to : scratch[i % 2];
    switch (radix) {
    case 2:
      fixed_stage<V, 2>(source, target, before, after, axis.roots);
      break;
    case 3:
      fixed_stage<V, 3>(source, target, before, after, axis.roots);
      break;
    case 4:
      fixed_stage<V, 4>(source, target, before, after, axis.roots);
      break;
    case 5:
      fixed_stage<V, 5>(source, target, before, after, axis.roots);
      break;
    default:
      odd_stage<V>(source, target, radix, before, after, axis.roots);
    }
    source = target;
    before *= radix;
  }
}

// Scratch memory of one call: the spectrum of the rows [height, width / 2 + 1], then four signals.
template <class V> struct FourierScratch {
  static constexpr size_t kComplexFloats = 2 * sizeof(V) / sizeof(float);

  FourierScratch(const FourierPlan &plan, float *memory) : bins(plan.columns.size / 2 + 1), spectrum(memory) {
    const size_t longest = plan.rows.size > plan.columns.size ? plan.rows.size : plan.columns.size;
    float *next = memory + plan.rows.size * bins * kComplexFloats;
    for (Signal<V> &signal : stages) {
      signal = signal_at(next, kComplexFloats);
      next += longest * kComplexFloats;
    }
    row = signal_at(next, kComplexFloats);
    result = signal_at(next + longest * kComplexFloats, kComplexFloats);
  }

  static Signal<V> signal_at(float *memory, size_t step) {
    return {memory, memory + kComplexFloats / 2, step};
  }
  Signal<V> spectrum_row(size_t y) const {
    return signal_at(spectrum + y * bins * kComplexFloats, kComplexFloats);
  }
  Signal<V> spectrum_column(size_t x) const {
    return signal_at(spectrum + x * kComplexFloats, bins * kComplexFloats);
  }

  size_t bins;
  float *spectrum;
  Signal<V> stages[2], row, result;
};

// Real 2D transform. Two real rows are transformed as one complex row.
template <class V>
void fourier_forward(const FourierPlan &plan, const float *pixels, size_t pixel_step, float scale, float *re,
    float *im, size_t bin_step, float *memory) {
  const FourierScratch<V> scratch(plan, memory);
  const size_t height = plan.rows.size, width = plan.columns.size, bins = scratch.bins;
  for (size_t y = 0; y < height; y += 2) {
    const bool last_row = y + 1 == height;
    float *const upper = const_cast<float *>(pixels) + y * width * pixel_step;
    const Signal<V> rows{upper, last_row ? upper : upper + width * pixel_step, pixel_step};
    transform(plan.columns, rows, scratch.row, scratch.stages);
    const Signal<V> first = scratch.spectrum_row(y), second = scratch.spectrum_row(y + (last_row ? 0 : 1));
    for (size_t x = 0; x < bins; ++x) {
      const Complex<V> low = scratch.row.get(x), high = scratch.row.get(x == 0 ? 0 : width - x);
      second.set(x, scale_by(Complex<V>{low.im + high.im, high.re - low.re}, scale / 2));
      first.set(x, scale_by(Complex<V>{low.re + high.re, low.im - high.im}, scale / 2));
    }
  }
  for (size_t x = 0; x < bins; ++x) {
    transform(plan.rows, scratch.spectrum_column(x),
        Signal<V>{re + x * bin_step, im + x * bin_step, bins * bin_step}, scratch.stages);
  }
}

// Inverse of `fourier_forward`.
template <class V>
void fourier_inverse(const FourierPlan &plan, const float *re, const float *im, size_t bin_step, float scale,
    const float *addend, float *pixels, size_t pixel_step, float *memory) {
  const FourierScratch<V> scratch(plan, memory);
  const size_t height = plan.rows.size, width = plan.columns.size, bins = scratch.bins;
  for (size_t x = 0; x < bins; ++x) {
    const Signal<V> column{
        const_cast<float *>(re) + x * bin_step, const_cast<float *>(im) + x * bin_step, bins * bin_step};
    transform(plan.rows, column.swapped(), scratch.spectrum_column(x).swapped(), scratch.stages);
  }
  const Signal<V> &row = scratch.row, &result = scratch.result;
  for (size_t y = 0; y < height; y += 2) {
    const bool last_row = y + 1 == height;
    const Signal<V> first = scratch.spectrum_row(y), second = scratch.spectrum_row(y + (last_row ? 0 : 1));
    for (size_t x = 0; x < bins; ++x) {
      const Complex<V> a = scale_by(first.get(x), scale), b = scale_by(second.get(x), scale);
      // The spectrum of a real row is real at these bins; imaginary parts are ignored, as in libtorch.
      if (x == 0 || 2 * x == width) {
        row.set(x, {a.re, b.re});
      } else {
        row.set(x, {a.re - b.im, a.im + b.re});
        row.set(width - x, {a.re + b.im, b.re - a.im});
      }
    }
    transform(plan.columns, row.swapped(), result.swapped(), scratch.stages);
    for (size_t line = 0; line < (last_row ? 1 : 2); ++line) {
      const float *const values = line == 0 ? result.re : result.im;
      const size_t offset = (y + line) * width * pixel_step;
      for (size_t x = 0; x < width; ++x) {
        V value = load<V>(values + x * result.step);
        if (addend != nullptr) {
          value += load<V>(addend + offset + x * pixel_step);
        }
        store(pixels + offset + x * pixel_step, value);
      }
    }
  }
}

} // namespace
} // namespace fastconv::conv
