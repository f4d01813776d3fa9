// 1x1 convolutions: one matrix multiplication, whatever the layout of the pixels.
#pragma once

#include "gemm.h"
#include "kernels.h"

namespace iopaint::conv {

// Pixels as a matrix [pixels, channels], or, transposed, [channels, pixels].
struct Pixels {
  float *data;
  int64_t count, channels;
  bool planar;
};

// Multiplies `input` with `weights` [channels in, channels out] into `output`, or adds to it.
void pointwise(Pixels input, const float *weights, Pixels output, Epilogue epilogue, bool accumulate);

} // namespace iopaint::conv
