// Means of windows at stride 1.
#pragma once

#include <array>

#include <ATen/core/Tensor.h>

namespace fastconv::conv {

// Parameters of `avg_pool2d` with stride 1.
struct MeanPool {
  std::array<int64_t, 2> kernel, padding; // rows, columns
  bool count_include_pad;
};

// Returns the result of `avg_pool2d`, to the bit: values are added in the same order. Tensors other than
// contiguous float32 images on the CPU are left to libtorch.
at::Tensor mean_pool(const at::Tensor &input, const MeanPool &pool);

} // namespace fastconv::conv
