#include <algorithm>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "matmul_conv.h"
#include "parallel.h"

namespace iopaint::conv {
namespace {

struct ShiftedSumRun {
  const Kernels &kernels;
  const Input &input;
  const Geometry &geometry;
  const float *taps;
  float *planes;
  int64_t channels_out;
  Epilogue epilogue;
  int64_t height, width;
  std::vector<int64_t> rows, columns;

  // Output rows from `begin` to `end`; each input row that they need is multiplied once.
  void band(int64_t begin, int64_t end) const {
    const int64_t kernel_rows = geometry.rows.kernel, kernel_columns = geometry.columns.kernel;
    const int64_t products = kernel_rows * kernel_columns * channels_out;
    const at::Tensor scratch = at::empty({products * input.width}, at::kFloat);
    float *const matrix = scratch.mutable_data_ptr<float>();
    for (int64_t channel = 0; channel < channels_out; ++channel) {
      float *const plane = planes + channel * height * width;
      std::fill(plane + begin * width, plane + end * width, 0.0f);
    }
    const int64_t reach = (kernel_rows - 1) * geometry.rows.dilation;
    for (int64_t row = begin; row < end + reach; ++row) {
      const int64_t place = rows[static_cast<size_t>(row)];
      if (place == kOutside) {
        continue;
      }
      gemm(products, input.width, input.channels, {taps, products, true}, {input.row(place), input.channels, true},
          matrix, input.width, false);
      for (int64_t i = 0; i < kernel_rows; ++i) {
        const int64_t y = row - i * geometry.rows.dilation;
        if (y >= begin && y < end) {
          spread(i, y, matrix);
        }
      }
    }
    kernels.finish_planes(planes + begin * width, static_cast<size_t>(channels_out),
        static_cast<size_t>(height * width), static_cast<size_t>((end - begin) * width), epilogue.from(begin * width));
  }

  // Adds the products of kernel row `i` to output row `y`.
  void spread(int64_t i, int64_t y, const float *matrix) const {
    for (int64_t j = 0; j < geometry.columns.kernel; ++j) {
      for (int64_t channel = 0; channel < channels_out; ++channel) {
        const float *products =
            matrix + ((i * geometry.columns.kernel + j) * channels_out + channel) * input.width;
        // Only the ends of the padded row differ from the products themselves.
        const int64_t before = geometry.columns.pad_before;
        const int64_t shift = j * geometry.columns.dilation;
        float *const sums = planes + (channel * height + y) * width;
        const int64_t first = std::clamp<int64_t>(before - shift, 0, width);
        const int64_t last = std::clamp<int64_t>(before - shift + input.width, first, width);
        for (int64_t x = 0; x < first; ++x) {
          sums[x] += at_place(products, x + shift);
        }
        kernels.add(sums + first, products + first + shift - before, static_cast<size_t>(last - first));
        for (int64_t x = last; x < width; ++x) {
          sums[x] += at_place(products, x + shift);
        }
      }
    }
  }

  float at_place(const float *products, int64_t padded_column) const {
    const int64_t place = columns[static_cast<size_t>(padded_column)];
    return place == kOutside ? 0 : products[place];
  }
};

} // namespace

void few_outputs(const Input &input, const Geometry &geometry, const float *taps, float *planes, int64_t channels_out,
    Epilogue epilogue) {
  const ShiftedSumRun pass{kernels(), input, geometry, taps, planes, channels_out, epilogue,
      geometry.rows.output(input.height), geometry.columns.output(input.width),
      padded_places(geometry.rows, geometry.border, input.height),
      padded_places(geometry.columns, geometry.border, input.width)};
  const int64_t threads = parallel_threads();
  const int64_t bands = std::clamp<int64_t>(pass.height / (4 * geometry.rows.kernel), 1, threads);
  parallel_for(0, bands, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      pass.band(pass.height * i / bands, pass.height * (i + 1) / bands);
    }
  });
}

} // namespace iopaint::conv
