// Fourier transforms of images of `Width` channels. Included by kernels_impl.h, whose rules hold here.
#pragma once

#include "kernels.h"
#include "vectors_impl.h"

namespace iopaint::conv {
namespace {

template <class V> struct Complex {
  V re, im;
};

template <class V> IOPAINT_INLINE Complex<V> operator+(Complex<V> a, Complex<V> b) { return {a.re + b.re, a.im + b.im}; }
template <class V> IOPAINT_INLINE Complex<V> operator-(Complex<V> a, Complex<V> b) { return {a.re - b.re, a.im - b.im}; }

// a times i.
template <class V> IOPAINT_INLINE Complex<V> turned(Complex<V> a) { return {-a.im, a.re}; }

template <class V> IOPAINT_INLINE Complex<V> scaled(Complex<V> a, float by) { return {a.re * by, a.im * by}; }

// A root of unity: cosine and sine.
template <class V> IOPAINT_INLINE Complex<V> times(Complex<V> a, const float *root) {
  return {a.re * root[0] - a.im * root[1], a.re * root[1] + a.im * root[0]};
}

// Complex numbers, `step` floats apart. Whoever exchanges the two pointers transforms backwards.
template <class V> struct Signal {
  float *re, *im;
  size_t step;

  IOPAINT_INLINE Complex<V> at(size_t offset) const { return {load<V>(re + offset), load<V>(im + offset)}; }
  IOPAINT_INLINE void put(size_t offset, Complex<V> value) const {
    store(re + offset, value.re);
    store(im + offset, value.im);
  }
  IOPAINT_INLINE Complex<V> get(size_t i) const { return at(i * step); }
  IOPAINT_INLINE void set(size_t i, Complex<V> value) const { put(i * step, value); }
  IOPAINT_INLINE Signal backwards() const { return {im, re, step}; }
};

// The transform of `Radix` numbers, in place.
template <int Radix> struct Butterfly;

template <> struct Butterfly<2> {
  template <class V> static IOPAINT_INLINE void run(Complex<V> *a) {
    const Complex<V> difference = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = difference;
  }
};

template <> struct Butterfly<3> {
  template <class V> static IOPAINT_INLINE void run(Complex<V> *a) {
    const Complex<V> sum = a[1] + a[2], across = turned(scaled(a[1] - a[2], 0.866025403784438647f));
    const Complex<V> middle = a[0] - scaled(sum, 0.5f);
    a[0] = a[0] + sum;
    a[1] = middle - across;
    a[2] = middle + across;
  }
};

template <> struct Butterfly<4> {
  template <class V> static IOPAINT_INLINE void run(Complex<V> *a) {
    const Complex<V> even = a[0] + a[2], even_across = a[0] - a[2];
    const Complex<V> odd = a[1] + a[3], odd_across = turned(a[1] - a[3]);
    a[0] = even + odd;
    a[1] = even_across - odd_across;
    a[2] = even - odd;
    a[3] = even_across + odd_across;
  }
};

template <> struct Butterfly<5> {
  template <class V> static IOPAINT_INLINE void run(Complex<V> *a) {
    constexpr float cosine1 = 0.309016994374947424f, cosine2 = -0.809016994374947424f;
    constexpr float sine1 = 0.951056516295153572f, sine2 = 0.587785252292473129f;
    const Complex<V> near = a[1] + a[4], far = a[2] + a[3], near_across = a[1] - a[4], far_across = a[2] - a[3];
    const Complex<V> middle1 = a[0] + scaled(near, cosine1) + scaled(far, cosine2);
    const Complex<V> middle2 = a[0] + scaled(near, cosine2) + scaled(far, cosine1);
    const Complex<V> across1 = turned(scaled(near_across, sine1) + scaled(far_across, sine2));
    const Complex<V> across2 = turned(scaled(near_across, sine2) - scaled(far_across, sine1));
    a[0] = a[0] + near + far;
    a[1] = middle1 - across1;
    a[2] = middle2 - across2;
    a[3] = middle2 + across2;
    a[4] = middle1 + across1;
  }
};

// One stage of Stockham's transform, which needs no reordering of its numbers: `before` numbers a piece were transformed
// by the stages before this one, `after` pieces a number are left for those after it.
template <class V, int Radix>
void fixed_stage(const Signal<V> &from, const Signal<V> &to, size_t before, size_t after, const float *roots) {
  const size_t from_span = before * after * from.step, to_span = before * to.step;
  size_t read = 0, write = 0;
  for (size_t p = 0; p < after; ++p, write += (Radix - 1) * to_span) {
    float turns[Radix][2];
    for (int k = 1; k < Radix; ++k) {
      __builtin_memcpy(turns[k], roots + 2 * before * p * static_cast<size_t>(k), sizeof turns[k]);
    }
    for (size_t q = 0; q < before; ++q, read += from.step, write += to.step) {
      Complex<V> a[Radix];
      for (int j = 0; j < Radix; ++j) {
        a[j] = from.at(read + from_span * static_cast<size_t>(j));
      }
      Butterfly<Radix>::run(a);
      to.put(write, a[0]);
      for (int k = 1; k < Radix; ++k) {
        to.put(write + to_span * static_cast<size_t>(k), p == 0 ? a[k] : times(a[k], turns[k]));
      }
    }
  }
}

// The same for any odd radix: numbers j and radix - j meet the same cosines and opposite sines.
template <class V>
void odd_stage(const Signal<V> &from, const Signal<V> &to, size_t radix, size_t before, size_t after, const float *roots) {
  Complex<V> sums[kLargestRadix / 2 + 1], differences[kLargestRadix / 2 + 1];
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
      const size_t place = q + before * radix * p;
      to.set(place, total);
      for (size_t k = 1; k <= half; ++k) {
        Complex<V> middle = first, across = {};
        size_t turn = 0;
        for (size_t j = 1; j <= half; ++j) {
          turn = turn + k < radix ? turn + k : turn + k - radix;
          const float *const root = roots + 2 * step * turn;
          middle = middle + scaled(sums[j], root[0]);
          across = across + scaled(differences[j], root[1]);
        }
        across = turned(across);
        to.set(place + before * k, times(middle + across, roots + 2 * before * p * k));
        to.set(place + before * (radix - k), times(middle - across, roots + 2 * before * p * (radix - k)));
      }
    }
  }
}

// Transforms `from` into `to`, by way of two signals of the same length. None of them overlap.
template <class V>
void transform(const FourierAxis &axis, const Signal<V> &from, const Signal<V> &to, const Signal<V> *between) {
  size_t before = 1;
  Signal<V> source = from;
  for (size_t i = 0; i < axis.stages; ++i) {
    const size_t radix = axis.radices[i], after = axis.size / before / radix;
    const Signal<V> target = i + 1 == axis.stages ? to : between[i % 2];
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

// What one call works in: the spectrum of rows [height, width / 2 + 1], then four signals.
template <class V> struct FourierScratch {
  static constexpr size_t kNumber = 2 * sizeof(V) / sizeof(float);

  FourierScratch(const FourierSize &size, float *memory) : bins(size.columns.size / 2 + 1), spectrum(memory) {
    const size_t longest = size.rows.size > size.columns.size ? size.rows.size : size.columns.size;
    float *next = memory + size.rows.size * bins * kNumber;
    for (Signal<V> &signal : between) {
      signal = at(next, kNumber);
      next += longest * kNumber;
    }
    row = at(next, kNumber);
    result = at(next + longest * kNumber, kNumber);
  }

  static Signal<V> at(float *memory, size_t step) { return {memory, memory + kNumber / 2, step}; }
  Signal<V> spectrum_row(size_t y) const { return at(spectrum + y * bins * kNumber, kNumber); }
  Signal<V> spectrum_column(size_t x) const { return at(spectrum + x * kNumber, bins * kNumber); }

  size_t bins;
  float *spectrum;
  Signal<V> between[2], row, result;
};

// Two real rows are transformed as one complex one.
template <class V>
void fourier_forward(const FourierSize &size, const float *pixels, size_t pixel_step, float scale, float *re, float *im,
    size_t bin_step, float *memory) {
  const FourierScratch<V> scratch(size, memory);
  const size_t height = size.rows.size, width = size.columns.size, bins = scratch.bins;
  for (size_t y = 0; y < height; y += 2) {
    const bool alone = y + 1 == height;
    float *const upper = const_cast<float *>(pixels) + y * width * pixel_step;
    const Signal<V> rows{upper, alone ? upper : upper + width * pixel_step, pixel_step};
    transform(size.columns, rows, scratch.row, scratch.between);
    const Signal<V> first = scratch.spectrum_row(y), second = scratch.spectrum_row(y + (alone ? 0 : 1));
    for (size_t x = 0; x < bins; ++x) {
      const Complex<V> low = scratch.row.get(x), high = scratch.row.get(x == 0 ? 0 : width - x);
      second.set(x, scaled(Complex<V>{low.im + high.im, high.re - low.re}, scale / 2));
      first.set(x, scaled(Complex<V>{low.re + high.re, low.im - high.im}, scale / 2));
    }
  }
  for (size_t x = 0; x < bins; ++x) {
    transform(size.rows, scratch.spectrum_column(x), Signal<V>{re + x * bin_step, im + x * bin_step, bins * bin_step},
        scratch.between);
  }
}

template <class V>
void fourier_inverse(const FourierSize &size, const float *re, const float *im, size_t bin_step, float scale,
    const float *added, float *pixels, size_t pixel_step, float *memory) {
  const FourierScratch<V> scratch(size, memory);
  const size_t height = size.rows.size, width = size.columns.size, bins = scratch.bins;
  for (size_t x = 0; x < bins; ++x) {
    const Signal<V> column{const_cast<float *>(re) + x * bin_step, const_cast<float *>(im) + x * bin_step, bins * bin_step};
    transform(size.rows, column.backwards(), scratch.spectrum_column(x).backwards(), scratch.between);
  }
  const Signal<V> &row = scratch.row, &result = scratch.result;
  for (size_t y = 0; y < height; y += 2) {
    const bool alone = y + 1 == height;
    const Signal<V> first = scratch.spectrum_row(y), second = scratch.spectrum_row(y + (alone ? 0 : 1));
    for (size_t x = 0; x < bins; ++x) {
      const Complex<V> a = scaled(first.get(x), scale), b = scaled(second.get(x), scale);
      // Real rows have no such part; what is there is left out, as by libtorch.
      if (x == 0 || 2 * x == width) {
        row.set(x, {a.re, b.re});
      } else {
        row.set(x, {a.re - b.im, a.im + b.re});
        row.set(width - x, {a.re + b.im, b.re - a.im});
      }
    }
    transform(size.columns, row.backwards(), result.backwards(), scratch.between);
    for (size_t line = 0; line < (alone ? 1 : 2); ++line) {
      const float *const values = line == 0 ? result.re : result.im;
      const size_t offset = (y + line) * width * pixel_step;
      for (size_t x = 0; x < width; ++x) {
        V value = load<V>(values + x * result.step);
        if (added != nullptr) {
          value += load<V>(added + offset + x * pixel_step);
        }
        store(pixels + offset + x * pixel_step, value);
      }
    }
  }
}

} // namespace
} // namespace iopaint::conv
