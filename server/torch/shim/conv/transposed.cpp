#include <algorithm>

#include "gemm.h"
#include "matmul_conv.h"
#include "parallel.h"

namespace iopaint::conv {
namespace {

// Of the output places of one class: `first`, `first + stride` ... `count` of them, the input place of the first.
struct Span {
  int64_t first, count, from;
};

// Where tap `tap` takes input places to, restricted to the class `residue` of output places.
// Input place p meets output place p * stride - pad_before + tap * dilation.
Span span(const Axis &axis, int64_t tap, int64_t residue, int64_t input, int64_t output) {
  const int64_t shift = tap * axis.dilation - axis.pad_before;
  if (((shift - residue) % axis.stride + axis.stride) % axis.stride != 0) {
    return {0, 0, 0};
  }
  const int64_t low = shift >= 0 ? 0 : (-shift + axis.stride - 1) / axis.stride;
  const int64_t high = std::min(input, (output - 1 - shift) / axis.stride + 1);
  if (output - 1 < shift || high <= low) {
    return {0, 0, 0};
  }
  return {low * axis.stride + shift, high - low, low};
}

} // namespace

void transposed(const Input &input, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue) {
  const Axis &vertical = geometry.rows, &horizontal = geometry.columns;
  const Kernels &chosen = kernels();
  const int64_t channels = output.channels;
  parallel_for(0, output.height, 1, [&](int64_t begin, int64_t end) {
    for (int64_t y = begin; y < end; ++y) {
      float *const row = output.row(y);
      std::fill(row, row + output.width * channels, 0.0f);
      for (int64_t i = 0; i < vertical.kernel; ++i) {
        const int64_t reach = y + vertical.pad_before - i * vertical.dilation;
        if (reach < 0 || reach % vertical.stride != 0 || reach / vertical.stride >= input.height) {
          continue;
        }
        const float *const from = input.row(reach / vertical.stride);
        for (int64_t j = 0; j < horizontal.kernel; ++j) {
          for (int64_t residue = 0; residue < horizontal.stride; ++residue) {
            const Span part = span(horizontal, j, residue, input.width, output.width);
            gemm(part.count, channels, input.channels, {from + part.from * input.channels, input.channels},
                {taps + (i * horizontal.kernel + j) * input.channels * channels, channels},
                row + part.first * channels, horizontal.stride * channels, true);
          }
        }
      }
      chosen.finish(row, static_cast<size_t>(output.width), static_cast<size_t>(channels),
          epilogue.from(row - output.data));
    }
  });
}

} // namespace iopaint::conv
