// Convolutions computed by matrix multiplication.
#pragma once

#include <vector>

#include "geometry.h"
#include "image.h"
#include "kernels.h"

namespace fastconv::conv {

// Convolves by im2col, one strip of output pixels at a time, with weights [kernel rows, kernel columns,
// channels_in, channels_out]. The channels of `inputs` are concatenated. Any geometry without groups.
void im2col_conv(const std::vector<InputImage> &inputs, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue, bool accumulate);

// Convolves to few output channels at stride 1: multiplies each input row with all weights [channels_in,
// kernel rows, kernel columns, channels_out] at once and adds the shifted products to the output rows.
// `planes`: the output, contiguous.
void few_outputs_conv(const InputImage &input, const Geometry &geometry, const float *weights, float *planes,
    int64_t channels_out, Epilogue epilogue);

// Computes a transposed convolution. Output pixels fall into stride x stride residue classes; within a class,
// the same weights apply, so that a row of a class is a sum of matrix products of input rows. Weights as for
// `im2col_conv`.
void transposed_conv(const InputImage &input, const Geometry &geometry, const float *weights,
    OutputImage output, Epilogue epilogue);

} // namespace fastconv::conv
