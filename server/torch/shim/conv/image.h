// Images in memory, channels-last: one image of a batch.
#pragma once

#include <cstdint>

namespace iopaint::conv {

struct Input {
  const float *data;
  int64_t height, width, channels;

  const float *row(int64_t y) const { return data + y * width * channels; }
};

struct Output {
  float *data;
  int64_t height, width, channels;

  float *row(int64_t y) const { return data + y * width * channels; }
};

} // namespace iopaint::conv
