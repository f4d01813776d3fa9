#include <algorithm>

#include "gemm.h"
#include "gemm_conv.h"
#include "parallel.h"

namespace fastconv::conv {
namespace {

// Output indices `first`, `first + stride`, ... (`count` of them), computed from input indices from
// `input_first` on.
struct OutputSpan {
  int64_t first, count, input_first;
};

// Returns the outputs of residue class `residue` (modulo the stride) to which kernel index `k` contributes.
// Input index p contributes to output index p * stride - pad_before + k * dilation.
OutputSpan output_span(const Axis &axis, int64_t k, int64_t residue, int64_t input, int64_t output) {
  const int64_t shift = k * axis.dilation - axis.pad_before;
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

void transposed_conv(const InputImage &input, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue) {
  const Axis &vertical = geometry.rows, &horizontal = geometry.columns;
  const Kernels &chosen = kernels();
  const int64_t channels = output.channels;
  parallel_for(0, output.height, 1, [&](int64_t begin, int64_t end) {
    for (int64_t y = begin; y < end; ++y) {
      float *const row = output.row(y);
      std::fill(row, row + output.width * channels, 0.0f);
      for (int64_t i = 0; i < vertical.kernel; ++i) {
        const int64_t position = y + vertical.pad_before - i * vertical.dilation;
        if (position < 0 || position % vertical.stride != 0 || position / vertical.stride >= input.height) {
          continue;
        }
        const float *const from = input.row(position / vertical.stride);
        for (int64_t j = 0; j < horizontal.kernel; ++j) {
          for (int64_t residue = 0; residue < horizontal.stride; ++residue) {
            const OutputSpan span = output_span(horizontal, j, residue, input.width, output.width);
            gemm(span.count, channels, input.channels,
                {from + span.input_first * input.channels, input.channels},
                {weights + (i * horizontal.kernel + j) * input.channels * channels, channels},
                row + span.first * channels, horizontal.stride * channels, true);
          }
        }
      }
      chosen.apply_epilogue(row, static_cast<size_t>(output.width), static_cast<size_t>(channels),
          epilogue.offset_by(row - output.data));
    }
  });
}

} // namespace fastconv::conv
