// Where a convolution reads: sizes, steps and what lies outside of the image.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace iopaint::conv {

enum class Border { zero, reflect, replicate };

// Along one axis.
struct Axis {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;

  int64_t output(int64_t input) const {
    return (input + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride + 1;
  }
  bool operator==(const Axis &other) const {
    return kernel == other.kernel && stride == other.stride && dilation == other.dilation &&
           pad_before == other.pad_before && pad_after == other.pad_after;
  }
};

struct Geometry {
  Axis rows, columns;
  Border border = Border::zero;

  bool operator==(const Geometry &other) const {
    return rows == other.rows && columns == other.columns && border == other.border;
  }
  bool pads() const { return rows.pad_before || rows.pad_after || columns.pad_before || columns.pad_after; }
  // One pixel in, one pixel out.
  bool pointwise() const {
    return rows.kernel == 1 && columns.kernel == 1 && rows.stride == 1 && columns.stride == 1 && !pads();
  }
  bool suits_winograd() const {
    return rows.kernel == 3 && columns.kernel == 3 && rows.stride == 1 && columns.stride == 1 && rows.dilation == 1 &&
           columns.dilation == 1;
  }
};

constexpr int64_t kOutside = -1;

// For each place of the padded axis, and `more` places after it, the place of the input that stands there, or kOutside
// where there are zeros.
std::vector<int64_t> padded_places(const Axis &axis, Border border, int64_t input, int64_t more = 0);

} // namespace iopaint::conv
