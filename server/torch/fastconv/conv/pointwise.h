// 1x1 convolutions as one matrix multiplication, in either layout.
#pragma once

#include "gemm.h"
#include "kernels.h"

namespace fastconv::conv {

// The pixels of an image as a matrix: [pixels, channels], or [channels, pixels] if contiguous.
struct PixelMatrix {
  float *data;
  int64_t count, channels;
  bool contiguous;
};

// Multiplies `input` by `weights` [channels in, channels out]; adds to `output` if `accumulate`.
void pointwise_conv(
    PixelMatrix input, const float *weights, PixelMatrix output, Epilogue epilogue, bool accumulate);

} // namespace fastconv::conv
