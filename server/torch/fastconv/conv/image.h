// One image of a batch in memory, channels-last.
#pragma once

#include <cstdint>

namespace fastconv::conv {

struct InputImage {
  const float *data;
  int64_t height, width, channels;

  const float *row(int64_t y) const { return data + y * width * channels; }
};

struct OutputImage {
  float *data;
  int64_t height, width, channels;

  float *row(int64_t y) const { return data + y * width * channels; }
};

} // namespace fastconv::conv
