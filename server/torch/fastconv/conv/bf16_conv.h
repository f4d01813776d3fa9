// Convolutions in bfloat16 with float32 sums, for processors with matrix registers (AMX); see bf16_kernels.h.
//
// Images stay float32 between layers: a strip's inputs are rounded into scratch memory, with their padding,
// so that the inputs of a kernel row are adjacent. No im2col matrix and no transform is needed.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace fastconv::conv {

// A convolution's shape: its geometry, and the number of its input channels.
struct Bf16Shape {
  const Geometry &geometry;
  bool transposed;
  int64_t channels_in, channels_out;
};

// Rounds weights [kernel rows, kernel columns, channels in, channels out] to bfloat16 and lays them out in
// the order of the products.
at::Tensor pack_bf16(const at::Tensor &weights, const Bf16Shape &shape);

// Returns the weights of `pack_bf16` in their former layout, rounded.
at::Tensor unpack_bf16(const at::Tensor &packed, const Bf16Shape &shape);

// Convolves `inputs`, whose channels are concatenated, with packed weights; adds to `output` if `accumulate`.
// Any geometry without groups, also of a transposed convolution. Requires `bf16_kernels()`.
void bf16_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, bool transposed,
    const at::Tensor &packed, OutputImage output, Epilogue epilogue, bool accumulate);

} // namespace fastconv::conv
