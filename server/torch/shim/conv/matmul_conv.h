// Convolutions as matrix multiplications.
#pragma once

#include <vector>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace iopaint::conv {

// Any convolution without groups: patches are laid out as rows, strip by strip, and multiplied with taps
// [kernel rows, kernel columns, channels_in, channels_out]. The channels of `inputs` follow one another in the taps.
void patches(
    const std::vector<Input> &inputs, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue,
    bool accumulate);

// A convolution to few channels: every input pixel is multiplied with all taps [channels_in, kernel rows, kernel
// columns, channels_out] at once, transposed, and the products are added up where they belong. Stride 1.
// `planes`: the output, channel by channel.
void few_outputs(const Input &input, const Geometry &geometry, const float *taps, float *planes, int64_t channels_out,
    Epilogue epilogue);

// A transposed convolution: the output's pixels fall into stride x stride classes, in each of which the same taps meet
// the input, so that a row of a class is a sum of products of input rows. Taps as for `patches`.
void transposed(const Input &input, const Geometry &geometry, const float *taps, Output output, Epilogue epilogue);

} // namespace iopaint::conv
