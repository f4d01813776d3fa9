// Counts of rewritten nodes.
#pragma once

#include <cstdint>
#include <string>

namespace fastconv::graph {

// The only list of the counts. They leave the library by name (see `text`).
//   layers         fused nodes
//   convolutions   convolutions in layers, including transposed ones
//   paddings       paddings read in place by a convolution
//   norms          batch norms folded into weights
//   activations    activations applied when a result is written
//   sums           sums of two convolutions that became one layer
//   residuals      images added when a result is written
//   transforms     Fourier transforms from and to channels of layers
//   winograd       layers with 3x3 convolutions of stride 1
//   pools          mean poolings of stride 1
//   bf16           layers whose products are bfloat16
//   contiguous     layers whose result is contiguous because a later operator may rely on that layout
#define FASTCONV_COUNTS(COUNT)                                                                               \
  COUNT(layers)                                                                                              \
  COUNT(convolutions)                                                                                        \
  COUNT(paddings)                                                                                            \
  COUNT(norms)                                                                                               \
  COUNT(activations)                                                                                         \
  COUNT(sums)                                                                                                \
  COUNT(residuals)                                                                                           \
  COUNT(transforms)                                                                                          \
  COUNT(winograd)                                                                                            \
  COUNT(pools)                                                                                               \
  COUNT(bf16)                                                                                                \
  COUNT(contiguous)

struct RewriteCounts {
#define FASTCONV_FIELD(name) int64_t name = 0;
  FASTCONV_COUNTS(FASTCONV_FIELD)
#undef FASTCONV_FIELD

  // "name=number" for each count, separated by spaces.
  std::string text() const {
    std::string text;
#define FASTCONV_APPEND(name) text += (text.empty() ? #name "=" : " " #name "=") + std::to_string(name);
    FASTCONV_COUNTS(FASTCONV_APPEND)
#undef FASTCONV_APPEND
    return text;
  }
};

} // namespace fastconv::graph
