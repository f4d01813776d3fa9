#include "geometry.h"

#include <algorithm>

namespace iopaint::conv {

std::vector<int64_t> padded_places(const Axis &axis, Border border, int64_t input, int64_t more) {
  const int64_t padded = axis.pad_before + input + axis.pad_after;
  std::vector<int64_t> places(static_cast<size_t>(std::max<int64_t>(padded, 0) + more), kOutside);
  for (int64_t i = 0; i < padded; ++i) {
    int64_t place = i - axis.pad_before;
    if (place < 0 || place >= input) {
      switch (border) {
      case Border::zero:
        place = kOutside;
        break;
      case Border::reflect:
        place = place < 0 ? -place : 2 * (input - 1) - place;
        break;
      case Border::replicate:
        place = std::clamp<int64_t>(place, 0, input - 1);
        break;
      }
    }
    places[static_cast<size_t>(i)] = place;
  }
  return places;
}

} // namespace iopaint::conv
