// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3).
#pragma once

#include <vector>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace iopaint::conv {

// Convolves `inputs`, whose channels follow one another in `taps` [3, 3, channels_in, channels_out], and writes `output`
// or adds to it. The filters are taken to Winograd's domain anew each time.
void winograd(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue,
    bool accumulate);

// The tiles of an output; below some dozens of them the filters are read for too little work.
int64_t winograd_tiles(int64_t height, int64_t width);

} // namespace iopaint::conv
