#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>

#include "gemm.h"
#include "matmul_conv.h"
#include "parallel.h"

namespace iopaint::conv {
namespace {

// The patches of a strip of pixels; they should stay in a core's own cache until they are multiplied.
constexpr int64_t kIm2colStripFloats = 192 << 10;
// Fewer read the taps too often, where there are many of them.
constexpr int64_t kStripPixels = 128;
constexpr int64_t kFewPixels = 16;

class Im2colRun {
public:
  Im2colRun(const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue,
      bool accumulate)
      : inputs_(inputs), geometry_(geometry), taps_(taps), output_(output), epilogue_(epilogue),
        accumulate_(accumulate),
        rows_(padded_places(geometry.rows, geometry.border, inputs.front().height)),
        columns_(padded_places(geometry.columns, geometry.border, inputs.front().width)) {
    for (const Input &input : inputs) {
      channels_in_ += input.channels;
    }
    // The pixels under a row of taps lie side by side, but for the borders.
    runs_ = inputs.size() == 1 && geometry.columns.dilation == 1;
    depth_ = geometry.rows.kernel * geometry.columns.kernel * channels_in_;
  }

  void run() {
    const int64_t pixels = output_.height * output_.width;
    const int64_t threads = parallel_threads();
    const int64_t round = threads * std::max(kStripPixels, kIm2colStripFloats / depth_);
    // Strips of one size, as many for each thread.
    const int64_t strips = threads * ((pixels + round - 1) / round);
    const int64_t size = std::max(kFewPixels, (pixels + strips - 1) / strips);
    parallel_for(0, (pixels + size - 1) / size, 1, [&](int64_t begin, int64_t end) {
      const at::Tensor scratch = at::empty({size * depth_}, at::kFloat);
      float *const matrix = scratch.mutable_data_ptr<float>();
      for (int64_t i = begin; i < end; ++i) {
        strip(i * size, std::min(pixels, (i + 1) * size), matrix);
      }
    });
  }

private:
  void strip(int64_t begin, int64_t end, float *matrix) const {
    float *row = matrix;
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      row = patch(pixel / output_.width, pixel % output_.width, row);
    }
    float *out = output_.data + begin * output_.channels;
    gemm(end - begin, output_.channels, depth_, {matrix, depth_}, {taps_, output_.channels}, out, output_.channels,
        accumulate_);
    if (epilogue_.bias == nullptr) {
      return;
    }
    kernels_.finish(out, static_cast<size_t>(end - begin), static_cast<size_t>(output_.channels),
        epilogue_.from(out - output_.data));
  }

  float *patch(int64_t y, int64_t x, float *to) const {
    const Axis &vertical = geometry_.rows, &horizontal = geometry_.columns;
    for (int64_t i = 0; i < vertical.kernel; ++i) {
      const int64_t from_row = rows_[static_cast<size_t>(y * vertical.stride + i * vertical.dilation)];
      const int64_t left = x * horizontal.stride - horizontal.pad_before;
      if (runs_ && from_row != kOutside && left >= 0 && left + horizontal.kernel <= inputs_[0].width) {
        const int64_t run = horizontal.kernel * channels_in_;
        std::memcpy(to, inputs_[0].row(from_row) + left * channels_in_, static_cast<size_t>(run) * sizeof(float));
        to += run;
        continue;
      }
      for (int64_t j = 0; j < horizontal.kernel; ++j) {
        const int64_t from_column = columns_[static_cast<size_t>(x * horizontal.stride + j * horizontal.dilation)];
        const bool outside = from_row == kOutside || from_column == kOutside;
        for (const Input &input : inputs_) {
          const size_t bytes = static_cast<size_t>(input.channels) * sizeof(float);
          if (outside) {
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
  const std::vector<Input> &inputs_;
  const Geometry &geometry_;
  const float *const taps_;
  const Output output_;
  const Epilogue epilogue_;
  const bool accumulate_;
  const std::vector<int64_t> rows_, columns_;
  int64_t channels_in_ = 0, depth_ = 0;
  bool runs_ = false;
};

} // namespace

void patches(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue,
    bool accumulate) {
  Im2colRun(inputs, geometry, taps, output, epilogue, accumulate).run();
}

} // namespace iopaint::conv
