//! Each algorithm of convolutions over a grid of geometries.

use super::Grid;
use crate::fastconv::supports_bf16;

use super::convolution::{Activation, Algorithm, Convolution, PaddingMode, Residual};

/// Largest error of a convolution that multiplies and adds as `ATen` does, relative to the largest value.
/// Rounding errors of a float32 sum of n products grow as sqrt(n) * 2^-24, that is 2.5e-6 of a product for
/// the largest kernel here (7x7, 39 channels). Measured: at most 7.3e-7 of the largest sum.
const DIRECT_TOLERANCE: f64 = 2e-6;

/// The same for Winograd F(4x4, 3x3), whose transforms multiply by up to 8 and cancel, which loses one to two
/// more digits. Measured: at most 1.6e-5, with 512 channels.
const WINOGRAD_TOLERANCE: f64 = 5e-5;

const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Relu, Activation::LeakyRelu];
const RESIDUALS: [Residual; 3] = [
    Residual::None,
    Residual::BeforeActivation,
    Residual::AfterActivation,
];

/// Smaller than a tile, odd, narrow, several tiles or strips.
const SIZES: [[i64; 2]; 6] = [[3, 3], [4, 9], [7, 5], [16, 16], [33, 6], [45, 70]];

/// Below, at and above the widths of vectors (4, 8 and 16 floats): channels in, channels out.
const CHANNELS: [[i64; 2]; 7] = [[1, 1], [3, 8], [4, 17], [16, 16], [33, 20], [8, 33], [5, 64]];

/// Zeros, reflection and replication, symmetric and not.
const PADDINGS: [(PaddingMode, [i64; 4]); 8] = [
    (PaddingMode::Zeros, [0, 0, 0, 0]),
    (PaddingMode::Zeros, [1, 1, 1, 1]),
    (PaddingMode::Zeros, [3, 0, 1, 2]),
    (PaddingMode::Reflect, [1, 1, 1, 1]),
    (PaddingMode::Reflect, [2, 1, 0, 2]),
    (PaddingMode::Reflect, [3, 3, 3, 3]),
    (PaddingMode::Replicate, [1, 1, 1, 1]),
    (PaddingMode::Replicate, [0, 4, 5, 1]),
];

#[test]
fn pointwise_equals_aten() {
    let mut grid = Grid::new(DIRECT_TOLERANCE);
    for size in SIZES {
        for [channels_in, channels_out] in CHANNELS {
            for (contiguous_input, contiguous_output) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let convolution = Convolution {
                    activation: grid.cycle(&ACTIVATIONS),
                    residual: RESIDUALS[grid.cases / 3 % 3],
                    contiguous_input,
                    contiguous_output,
                    ..Convolution::new(Algorithm::Pointwise)
                };
                let images = grid.cycle(&[1, 2]);
                let error = convolution.compare(images, &[channels_in], channels_out, size, [1, 1]);
                grid.check(error, (convolution, size, channels_in, channels_out));
            }
        }
    }
    assert_eq!(grid.cases, 168);
}

#[test]
fn winograd_equals_aten() {
    let mut grid = Grid::new(WINOGRAD_TOLERANCE);
    for (padding_mode, padding) in PADDINGS {
        for size in SIZES {
            for [channels_in, channels_out] in CHANNELS {
                let convolution = Convolution {
                    padding_mode,
                    padding,
                    activation: grid.cycle(&ACTIVATIONS),
                    residual: RESIDUALS[grid.cases / 3 % 3],
                    ..Convolution::new(Algorithm::Winograd)
                };
                if convolution.fits(size, [3, 3]) {
                    let images = grid.cycle(&[1, 2]);
                    let inputs: &[i64] = if grid.cases.is_multiple_of(4) {
                        &[channels_in, 6]
                    } else {
                        &[channels_in]
                    };
                    let error = convolution.compare(images, inputs, channels_out, size, [3, 3]);
                    grid.check(error, (convolution, size, inputs, channels_out));
                }
            }
        }
    }
    // Filters in blocks of output channels, the last one incomplete; filters of more than one block of 16.
    for (channels_in, channels_out) in [(128, 100), (512, 40)] {
        let convolution = Convolution {
            padding: [1; 4],
            ..Convolution::new(Algorithm::Winograd)
        };
        let error = convolution.compare(1, &[channels_in], channels_out, [9, 11], [3, 3]);
        grid.check(error, (convolution, channels_in, channels_out));
    }
    assert!(grid.cases > 300, "{}", grid.cases);
}

#[test]
fn im2col_equals_aten() {
    compare_geometries(Algorithm::Im2col);
}

#[test]
fn bf16_equals_aten() {
    if !supports_bf16() {
        eprintln!("skipped: this processor cannot multiply in bf16");
        return;
    }
    compare_geometries(Algorithm::Bf16);
    compare_transposed(Algorithm::Bf16Transposed);
}

/// Compares kernels, strides, dilations and paddings.
fn compare_geometries(algorithm: Algorithm) {
    let mut grid = Grid::new(DIRECT_TOLERANCE);
    for (padding_mode, padding) in PADDINGS {
        for (kernel, stride, dilation) in [
            ([1, 1], [1, 1], [1, 1]),
            ([1, 1], [2, 2], [1, 1]),
            ([3, 3], [1, 1], [1, 1]),
            ([3, 3], [2, 2], [1, 1]),
            ([3, 3], [1, 1], [2, 2]),
            ([2, 5], [1, 3], [3, 1]),
            ([4, 1], [2, 1], [1, 2]),
            ([7, 7], [1, 1], [1, 1]),
            ([5, 5], [3, 2], [2, 3]),
        ] {
            for size in SIZES {
                let convolution = Convolution {
                    padding_mode,
                    padding,
                    stride,
                    dilation,
                    activation: grid.cycle(&ACTIVATIONS),
                    residual: RESIDUALS[grid.cases / 3 % 3],
                    ..Convolution::new(algorithm)
                };
                if convolution.fits(size, kernel) {
                    let [channels_in, channels_out] = grid.cycle(&CHANNELS);
                    let images = grid.cycle(&[1, 2]);
                    let inputs: &[i64] = if grid.cases.is_multiple_of(4) {
                        &[channels_in, 6]
                    } else {
                        &[channels_in]
                    };
                    let error = convolution.compare(images, inputs, channels_out, size, kernel);
                    grid.check(error, (convolution, size, kernel, inputs, channels_out));
                }
            }
        }
    }
    assert!(grid.cases > 300, "{}", grid.cases);
}

#[test]
fn few_outputs_equal_aten() {
    let mut grid = Grid::new(DIRECT_TOLERANCE);
    for (padding_mode, padding) in PADDINGS {
        for (kernel, dilation) in [
            ([3, 3], [1, 1]),
            ([7, 7], [1, 1]),
            ([1, 4], [1, 1]),
            ([3, 2], [2, 3]),
            ([5, 5], [1, 2]),
        ] {
            for size in SIZES {
                let convolution = Convolution {
                    padding_mode,
                    padding,
                    dilation,
                    activation: grid.cycle(&ACTIVATIONS),
                    residual: RESIDUALS[grid.cases / 3 % 3],
                    ..Convolution::new(Algorithm::FewOutputs)
                };
                if convolution.fits(size, kernel) {
                    let channels_in = grid.cycle(&[1, 3, 16, 33]);
                    let channels_out = grid.cycle(&[1, 3, 8]);
                    let images = grid.cycle(&[1, 2]);
                    let error = convolution.compare(images, &[channels_in], channels_out, size, kernel);
                    grid.check(error, (convolution, size, kernel, channels_in, channels_out));
                }
            }
        }
    }
    assert!(grid.cases > 180, "{}", grid.cases);
}

#[test]
fn transposed_equals_aten() {
    compare_transposed(Algorithm::Transposed);
}

/// Compares transposed convolutions.
fn compare_transposed(algorithm: Algorithm) {
    let mut grid = Grid::new(DIRECT_TOLERANCE);
    for (kernel, stride, dilation) in [
        ([3, 3], [2, 2], [1, 1]),
        ([4, 4], [2, 2], [1, 1]),
        ([2, 2], [2, 2], [1, 1]),
        ([3, 3], [1, 1], [1, 1]),
        ([3, 5], [3, 2], [1, 2]),
        ([1, 1], [2, 3], [1, 1]),
        ([5, 4], [2, 3], [2, 1]),
    ] {
        for pad in [[0, 0], [1, 1], [2, 0]] {
            for output_padding in [[0, 0], [1, 0], [0, 1]] {
                for size in SIZES {
                    let convolution = Convolution {
                        stride,
                        dilation,
                        padding: [pad[0], pad[0], pad[1], pad[1]],
                        output_padding,
                        activation: grid.cycle(&ACTIVATIONS),
                        residual: RESIDUALS[grid.cases / 3 % 3],
                        ..Convolution::new(algorithm)
                    };
                    // ATen requires an output padding smaller than the stride or the dilation.
                    let valid = (0..2).all(|axis| {
                        let output = (size[axis] - 1) * stride[axis] - 2 * pad[axis]
                            + dilation[axis] * (kernel[axis] - 1)
                            + output_padding[axis]
                            + 1;
                        output > 0 && output_padding[axis] < stride[axis].max(dilation[axis])
                    });
                    if valid {
                        let [channels_in, channels_out] = grid.cycle(&CHANNELS);
                        let images = grid.cycle(&[1, 2]);
                        let error = convolution.compare(images, &[channels_in], channels_out, size, kernel);
                        grid.check(error, (convolution, size, kernel, channels_in, channels_out));
                    }
                }
            }
        }
    }
    assert!(grid.cases > 250, "{}", grid.cases);
}
