#include "pointwise.h"

#include <algorithm>

#include "parallel.h"

namespace fastconv::conv {
namespace {

// Minimum pixels of a part of the loop, if each thread gets as many, and in any case.
constexpr int64_t kPixelsPerPart = 256, kMinPixelsPerPart = 64;

// Returns the pixels from `first` on, [pixels, channels].
Matrix matrix(const PixelMatrix &pixels, int64_t first) {
  return pixels.contiguous ? Matrix{pixels.data + first, pixels.count, true}
                           : Matrix{pixels.data + first * pixels.channels, pixels.channels};
}

Matrix transposed(Matrix matrix) { return {matrix.data, matrix.stride, !matrix.transposed}; }

} // namespace

void pointwise_conv(
    PixelMatrix input, const float *weights, PixelMatrix output, Epilogue epilogue, bool accumulate) {
  const Kernels &chosen = kernels();
  const Matrix weight_matrix{weights, output.channels};
  const int64_t threads = parallel_threads();
  const int64_t per_thread = (output.count + threads - 1) / threads;
  const int64_t grain = std::clamp(per_thread, kMinPixelsPerPart, kPixelsPerPart);
  parallel_for(0, output.count, grain, [&](int64_t begin, int64_t end) {
    const int64_t count = end - begin;
    if (output.contiguous) {
      float *const planes = output.data + begin;
      gemm(output.channels, count, input.channels, transposed(weight_matrix),
          transposed(matrix(input, begin)), planes, output.count, accumulate);
      if (epilogue.bias != nullptr) {
        chosen.apply_epilogue_planar(planes, static_cast<size_t>(output.channels),
            static_cast<size_t>(output.count), static_cast<size_t>(count), epilogue.offset_by(begin));
      }
    } else {
      float *const pixels = output.data + begin * output.channels;
      gemm(count, output.channels, input.channels, matrix(input, begin), weight_matrix, pixels,
          output.channels, accumulate);
      if (epilogue.bias != nullptr) {
        chosen.apply_epilogue(pixels, static_cast<size_t>(count), static_cast<size_t>(output.channels),
            epilogue.offset_by(begin * output.channels));
      }
    }
  });
}

} // namespace fastconv::conv
