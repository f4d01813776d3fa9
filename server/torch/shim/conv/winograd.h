// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3).
#pragma once

#include <vector>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace iopaint::conv {

// How many floats the filters take in Winograd's domain: 36 planes [channels_in, channels_out], a little apart.
int64_t winograd_filter_size(int64_t channels_in, int64_t channels_out);

// Takes taps [3, 3, channels_in, channels_out] there.
void winograd_filters(const float *taps, int64_t channels_in, int64_t channels_out, float *filters);

// Convolves `inputs`, whose channels follow one another in `filters`, and writes `output` or adds to it.
void winograd(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *filters, Output output, Epilogue epilogue,
    bool accumulate);

// The tiles of an output; below some dozens of them the filters are read for too little work.
int64_t winograd_tiles(int64_t height, int64_t width);

} // namespace iopaint::conv
