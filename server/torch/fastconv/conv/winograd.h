// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3); see kernels.h.
#pragma once

#include <vector>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace fastconv::conv {

// Convolves `inputs`, whose channels are concatenated, with `weights` [3, 3, channels_in, channels_out]; adds
// to `output` if `accumulate`. Weights are transformed in each call: transformed weights would take four
// times the memory.
void winograd_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue, bool accumulate);

// Returns the number of 4x4 tiles of an output.
int64_t winograd_tiles(int64_t height, int64_t width);

} // namespace fastconv::conv
