// Inner loops of convolutions in bfloat16 with float32 sums.
//
// Pixels are channels-last. One call computes a block of output pixels and channels, and keeps its sums in
// registers until the last product.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace fastconv::conv {

// Output pixels and output channels of a block.
constexpr int64_t kBlockPixels = 32;
constexpr int64_t kBlockOutputs = 32;
// Products per step: the values of a pixel that are multiplied at a time.
constexpr int64_t kDepthStep = 32;
// Values of the packed weights of a step: pairs of adjacent inputs, for 16 channels, then for 16 others.
constexpr int64_t kStepWeights = kDepthStep * kBlockOutputs;

// Products of adjacent inputs, for example of a kernel row.
struct Segment {
  int64_t input;   // offset of the inputs from an output pixel's first input
  int64_t weights; // offset of the packed weights in the weights of a block of output channels
};

// Inputs and weights of one block.
struct Bf16Block {
  const uint16_t *inputs;
  int64_t pixel_step; // values between the inputs of adjacent output pixels
  const uint16_t *weights;
  const Segment *segments;
  size_t segment_count;
  size_t steps; // of each segment
};

// Outputs of one block.
struct BlockOutput {
  float *pixels;
  size_t count, channels; // at most kBlockPixels and kBlockOutputs
  std::ptrdiff_t pixel_step;
};

struct Bf16Kernels {
  // Prepare and release the calling thread's matrix registers.
  void (*begin)();
  void (*end)();

  // Rounds to bfloat16, half to even.
  void (*round)(const float *values, size_t count, uint16_t *rounded);

  // Computes a block. The inputs of kBlockPixels pixels, or of half of them if no more are needed, are read
  // in whole steps; the weights of the surplus are zero. `epilogue` is the one of the block's first output;
  // if its bias is null, only the sums are written. `accumulate`: adds the outputs' previous values.
  void (*convolve)(const Bf16Block &block, BlockOutput output, Epilogue epilogue, bool accumulate);
};

// Returns the kernels, or null if this processor or libtorch's CPU capability doesn't support them.
const Bf16Kernels *bf16_kernels();

#if defined(__x86_64__)
extern const Bf16Kernels amx_kernels;
#endif

} // namespace fastconv::conv
