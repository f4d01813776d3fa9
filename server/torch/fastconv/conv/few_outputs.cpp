#include <algorithm>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "gemm_conv.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

// Bands of rows that the loop has for each thread. Input rows between two bands are multiplied twice.
constexpr int64_t kBandsPerThread = 2;

struct ShiftedSumRun {
  const Kernels &kernels;
  const InputImage &input;
  const Geometry &geometry;
  const float *weights;
  float *planes;
  int64_t channels_out;
  Epilogue epilogue;
  int64_t height, width;
  std::vector<int64_t> rows, columns;

  // Computes output rows [begin, end); each input row under their kernels is multiplied once.
  void run_rows(int64_t begin, int64_t end) const {
    const int64_t kernel_rows = geometry.rows.kernel, kernel_columns = geometry.columns.kernel;
    const int64_t products = kernel_rows * kernel_columns * channels_out;
    const at::Tensor scratch = at::empty({products * input.width}, at::kFloat);
    float *const matrix = scratch.mutable_data_ptr<float>();
    for (int64_t channel = 0; channel < channels_out; ++channel) {
      float *const plane = planes + channel * height * width;
      std::fill(plane + begin * width, plane + end * width, 0.0f);
    }
    const int64_t halo = (kernel_rows - 1) * geometry.rows.dilation;
    for (int64_t row = begin; row < end + halo; ++row) {
      const int64_t input_row = rows[static_cast<size_t>(row)];
      if (input_row == kZeroPadding) {
        continue;
      }
      gemm(products, input.width, input.channels, {weights, products, true},
          {input.row(input_row), input.channels, true}, matrix, input.width, false);
      for (int64_t i = 0; i < kernel_rows; ++i) {
        const int64_t y = row - i * geometry.rows.dilation;
        if (y >= begin && y < end) {
          scatter_row(i, y, matrix);
        }
      }
    }
    kernels.apply_epilogue_planar(planes + begin * width, static_cast<size_t>(channels_out),
        static_cast<size_t>(height * width), static_cast<size_t>((end - begin) * width),
        epilogue.offset_by(begin * width));
  }

  // Adds the products of kernel row `i` to output row `y`.
  void scatter_row(int64_t i, int64_t y, const float *matrix) const {
    for (int64_t j = 0; j < geometry.columns.kernel; ++j) {
      for (int64_t channel = 0; channel < channels_out; ++channel) {
        const float *products =
            matrix + ((i * geometry.columns.kernel + j) * channels_out + channel) * input.width;
        // [first, last): outputs whose input column is inside the image.
        const int64_t pad_before = geometry.columns.pad_before;
        const int64_t shift = j * geometry.columns.dilation;
        float *const sums = planes + (channel * height + y) * width;
        const int64_t first = std::clamp<int64_t>(pad_before - shift, 0, width);
        const int64_t last = std::clamp<int64_t>(pad_before - shift + input.width, first, width);
        for (int64_t x = 0; x < first; ++x) {
          sums[x] += padded_value(products, x + shift);
        }
        kernels.add(sums + first, products + first + shift - pad_before, static_cast<size_t>(last - first));
        for (int64_t x = last; x < width; ++x) {
          sums[x] += padded_value(products, x + shift);
        }
      }
    }
  }

  float padded_value(const float *products, int64_t padded_column) const {
    const int64_t column = columns[static_cast<size_t>(padded_column)];
    return column == kZeroPadding ? 0 : products[column];
  }
};

} // namespace

void few_outputs_conv(const InputImage &input, const Geometry &geometry, const float *weights, float *planes,
    int64_t channels_out, Epilogue epilogue) {
  const ShiftedSumRun run{kernels(), input, geometry, weights, planes, channels_out, epilogue,
      geometry.rows.output(input.height), geometry.columns.output(input.width),
      padded_indices(geometry.rows, geometry.padding_mode, input.height),
      padded_indices(geometry.columns, geometry.padding_mode, input.width)};
  const int64_t threads = parallel_threads();
  const int64_t bands =
      std::clamp<int64_t>(run.height / (4 * geometry.rows.kernel), 1, kBandsPerThread * threads);
  parallel_for(0, bands, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      run.run_rows(run.height * i / bands, run.height * (i + 1) / bands);
    }
  });
}

} // namespace fastconv::conv
