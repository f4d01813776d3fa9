#include "pointwise.h"

#include <algorithm>

#include "parallel.h"

namespace iopaint::conv {
namespace {

constexpr int64_t kPointwiseFewPixels = 64;

Matrix matrix(const Pixels &pixels, int64_t first) {
  return pixels.planar ? Matrix{pixels.data + first, pixels.count, true}
                       : Matrix{pixels.data + first * pixels.channels, pixels.channels};
}

Matrix transposed(Matrix matrix) { return {matrix.data, matrix.stride, !matrix.transposed}; }

} // namespace

void pointwise(Pixels input, const float *weights, Pixels output, Epilogue epilogue, bool accumulate) {
  const Kernels &chosen = kernels();
  const Matrix taps{weights, output.channels};
  const int64_t threads = parallel_threads();
  const int64_t share = (output.count + threads - 1) / threads;
  parallel_for(0, output.count, std::max(share, kPointwiseFewPixels), [&](int64_t begin, int64_t end) {
    const int64_t count = end - begin;
    if (output.planar) {
      float *const planes = output.data + begin;
      gemm(output.channels, count, input.channels, transposed(taps), transposed(matrix(input, begin)), planes,
          output.count, accumulate);
      if (epilogue.bias != nullptr) {
        chosen.finish_planes(planes, static_cast<size_t>(output.channels), static_cast<size_t>(output.count),
            static_cast<size_t>(count), epilogue.from(begin));
      }
    } else {
      float *const pixels = output.data + begin * output.channels;
      gemm(count, output.channels, input.channels, matrix(input, begin), taps, pixels, output.channels, accumulate);
      if (epilogue.bias != nullptr) {
        chosen.finish(pixels, static_cast<size_t>(count), static_cast<size_t>(output.channels),
            epilogue.from(begin * output.channels));
      }
    }
  });
}

} // namespace iopaint::conv
