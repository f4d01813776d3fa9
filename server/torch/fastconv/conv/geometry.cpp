#include "geometry.h"

#include <algorithm>

namespace fastconv::conv {

std::vector<int64_t> padded_indices(
    const Axis &axis, PaddingMode padding_mode, int64_t input, int64_t extra) {
  const int64_t padded = axis.pad_before + input + axis.pad_after;
  std::vector<int64_t> indices(static_cast<size_t>(std::max<int64_t>(padded, 0) + extra), kZeroPadding);
  for (int64_t i = 0; i < padded; ++i) {
    int64_t index = i - axis.pad_before;
    if (index < 0 || index >= input) {
      switch (padding_mode) {
      case PaddingMode::zeros:
        index = kZeroPadding;
        break;
      case PaddingMode::reflect:
        index = index < 0 ? -index : 2 * (input - 1) - index;
        break;
      case PaddingMode::replicate:
        index = std::clamp<int64_t>(index, 0, input - 1);
        break;
      }
    }
    indices[static_cast<size_t>(i)] = index;
  }
  return indices;
}

} // namespace fastconv::conv
