// Geometry of a convolution: kernel sizes, strides, dilations and padding.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace fastconv::conv {

enum class PaddingMode { zeros, reflect, replicate };

// Parameters along one image axis.
struct Axis {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;

  // Returns the output size for an input size.
  int64_t output(int64_t input) const {
    return (input + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride + 1;
  }
  // Returns the output size of a transposed convolution.
  int64_t transposed_output(int64_t input, int64_t output_padding) const {
    return (input - 1) * stride - pad_before - pad_after + dilation * (kernel - 1) + output_padding + 1;
  }
  bool operator==(const Axis &other) const {
    return kernel == other.kernel && stride == other.stride && dilation == other.dilation &&
           pad_before == other.pad_before && pad_after == other.pad_after;
  }
};

struct Geometry {
  Axis rows, columns;
  PaddingMode padding_mode = PaddingMode::zeros;

  bool operator==(const Geometry &other) const {
    return rows == other.rows && columns == other.columns && padding_mode == other.padding_mode;
  }
  bool has_padding() const {
    return rows.pad_before || rows.pad_after || columns.pad_before || columns.pad_after;
  }
  // Returns true for an unpadded 1x1 convolution of stride 1.
  bool is_pointwise() const {
    return rows.kernel == 1 && columns.kernel == 1 && rows.stride == 1 && columns.stride == 1 &&
           !has_padding();
  }
  bool supports_winograd() const {
    return rows.kernel == 3 && columns.kernel == 3 && rows.stride == 1 && columns.stride == 1 &&
           rows.dilation == 1 && columns.dilation == 1;
  }
};

constexpr int64_t kZeroPadding = -1;

// Maps each index of the padded axis to an index of the input of size `input`, or to kZeroPadding. `extra`
// entries of kZeroPadding follow.
std::vector<int64_t> padded_indices(
    const Axis &axis, PaddingMode padding_mode, int64_t input, int64_t extra = 0);

} // namespace fastconv::conv
