#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "gemm_conv.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

// Floats of a strip's im2col matrix: 768 KiB, so that it stays in a core's L2 cache until it is multiplied.
constexpr int64_t kIm2colStripFloats = 192 << 10;
// Minimum pixels of a strip even if they exceed the cache: each strip reads all weights.
constexpr int64_t kCacheStripPixels = 128;
// Minimum pixels of a strip of a small image.
constexpr int64_t kMinStripPixels = 16;

class Im2colRun {
public:
  Im2colRun(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
      OutputImage output, Epilogue epilogue, bool accumulate)
      : inputs_(inputs), geometry_(geometry), weights_(weights), output_(output), epilogue_(epilogue),
        accumulate_(accumulate),
        rows_(padded_indices(geometry.rows, geometry.padding_mode, inputs.front().height)),
        columns_(padded_indices(geometry.columns, geometry.padding_mode, inputs.front().width)) {
    for (const InputImage &input : inputs) {
      channels_in_ += input.channels;
    }
    // The inputs of a kernel row are adjacent in memory, except at the image's border.
    contiguous_rows_ = inputs.size() == 1 && geometry.columns.dilation == 1;
    matrix_columns_ = geometry.rows.kernel * geometry.columns.kernel * channels_in_;
  }

  void run() {
    const int64_t pixels = output_.height * output_.width;
    const int64_t threads = parallel_threads();
    const int64_t pixels_per_round =
        threads * std::max(kCacheStripPixels, kIm2colStripFloats / matrix_columns_);
    // Strips of equal size, the same number for each thread.
    const int64_t strips = threads * ((pixels + pixels_per_round - 1) / pixels_per_round);
    const int64_t size = std::max(kMinStripPixels, (pixels + strips - 1) / strips);
    parallel_for(0, (pixels + size - 1) / size, 1, [&](int64_t begin, int64_t end) {
      const at::Tensor scratch = at::empty({size * matrix_columns_}, at::kFloat);
      float *const matrix = scratch.mutable_data_ptr<float>();
      for (int64_t i = begin; i < end; ++i) {
        run_strip(i * size, std::min(pixels, (i + 1) * size), matrix);
      }
    });
  }

private:
  void run_strip(int64_t begin, int64_t end, float *matrix) const {
    float *row = matrix;
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      row = write_row(pixel / output_.width, pixel % output_.width, row);
    }
    float *out = output_.data + begin * output_.channels;
    gemm(end - begin, output_.channels, matrix_columns_, {matrix, matrix_columns_},
        {weights_, output_.channels}, out, output_.channels, accumulate_);
    if (epilogue_.bias == nullptr) {
      return;
    }
    kernels_.apply_epilogue(out, static_cast<size_t>(end - begin), static_cast<size_t>(output_.channels),
        epilogue_.offset_by(out - output_.data));
  }

  // Writes the im2col row of output pixel (x, y) to `to` and returns the end of it.
  float *write_row(int64_t y, int64_t x, float *to) const {
    const Axis &vertical = geometry_.rows, &horizontal = geometry_.columns;
    for (int64_t i = 0; i < vertical.kernel; ++i) {
      const int64_t from_row = rows_[static_cast<size_t>(y * vertical.stride + i * vertical.dilation)];
      const int64_t left = x * horizontal.stride - horizontal.pad_before;
      if (contiguous_rows_ && from_row != kZeroPadding && left >= 0 &&
          left + horizontal.kernel <= inputs_[0].width) {
        const int64_t count = horizontal.kernel * channels_in_;
        std::memcpy(
            to, inputs_[0].row(from_row) + left * channels_in_, static_cast<size_t>(count) * sizeof(float));
        to += count;
        continue;
      }
      for (int64_t j = 0; j < horizontal.kernel; ++j) {
        const int64_t from_column =
            columns_[static_cast<size_t>(x * horizontal.stride + j * horizontal.dilation)];
        const bool is_padding = from_row == kZeroPadding || from_column == kZeroPadding;
        for (const InputImage &input : inputs_) {
          const size_t bytes = static_cast<size_t>(input.channels) * sizeof(float);
          if (is_padding) {
            std::memset(to, 0, bytes);
          } else {
            std::memcpy(to, input.row(from_row) + from_column * input.channels, bytes);
          }
          to += input.channels;
        }
      }
    }
    return to;
  }

  const Kernels &kernels_ = kernels();
  const std::vector<InputImage> &inputs_;
  const Geometry &geometry_;
  const float *const weights_;
  const OutputImage output_;
  const Epilogue epilogue_;
  const bool accumulate_;
  const std::vector<int64_t> rows_, columns_;
  int64_t channels_in_ = 0, matrix_columns_ = 0;
  bool contiguous_rows_ = false;
};

} // namespace

void im2col_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue, bool accumulate) {
  Im2colRun(inputs, geometry, weights, output, epilogue, accumulate).run();
}

} // namespace fastconv::conv
