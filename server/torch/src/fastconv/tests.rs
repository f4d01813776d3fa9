//! Each algorithm of fastconv against `ATen` in double precision, over a grid of geometries. Grouped
//! convolutions are left to libtorch (see the net `groups` in `rewrite::tests`).

use std::ffi::{CString, c_char};
use std::process::Command;
use std::ptr;

use tch::{Kind, Tensor};
use torch_sys::C_tensor;

use crate::bridge::take_error;
use crate::random::seeded;

/// `fastconv_convolution`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Convolution {
    algorithm: Algorithm,
    padding_mode: PaddingMode,
    activation: Activation,
    residual: Residual,
    slope: f32,
    /// Rows, columns.
    stride: [i64; 2],
    dilation: [i64; 2],
    /// Top, bottom, left, right.
    padding: [i64; 4],
    output_padding: [i64; 2],
    contiguous_input: bool,
    contiguous_output: bool,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Pointwise,
    Winograd,
    Im2col,
    FewOutputs,
    Transposed,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaddingMode {
    Zeros,
    Reflect,
    Replicate,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Identity,
    Relu,
    LeakyRelu,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Residual {
    None,
    BeforeActivation,
    AfterActivation,
}

unsafe extern "C" {
    fn fastconv_convolve(
        convolution: *const Convolution,
        inputs: *const *const C_tensor,
        input_count: usize,
        weight: *const C_tensor,
        bias: *const C_tensor,
        residual: *const C_tensor,
        error: *mut *mut c_char,
    ) -> *mut C_tensor;
    fn fastconv_rfft2(image: *const C_tensor, norm: *const c_char, error: *mut *mut c_char) -> *mut C_tensor;
    fn fastconv_irfft2(
        spectrum: *const C_tensor,
        sizes: *const i64,
        norm: *const c_char,
        addend: *const C_tensor,
        error: *mut *mut c_char,
    ) -> *mut C_tensor;
}

/// Largest error of a convolution that multiplies and adds as `ATen` does, relative to the largest value.
/// Rounding errors of a float32 sum of n products grow as sqrt(n) * 2^-24, that is 2.5e-6 of a product for
/// the largest kernel here (7x7, 39 channels). Measured: at most 7.3e-7 of the largest sum.
const DIRECT_TOLERANCE: f64 = 2e-6;

/// The same for Winograd F(4x4, 3x3), whose transforms multiply by up to 8 and cancel, which loses one to two
/// more digits. Measured: at most 1.6e-5, with 512 channels.
const WINOGRAD_TOLERANCE: f64 = 5e-5;

/// The same for Fourier transforms, whose errors grow as log(n) * 2^-24 for small radices and as sqrt(radix)
/// * 2^-24 for large ones. Measured: at most 3.4e-7.
const FOURIER_TOLERANCE: f64 = 1e-6;

const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Relu, Activation::LeakyRelu];
const RESIDUALS: [Residual; 3] = [
    Residual::None,
    Residual::BeforeActivation,
    Residual::AfterActivation,
];
const SLOPE: f32 = 0.2;

/// Smaller than a tile, odd, narrow, several tiles or strips.
const SIZES: [[i64; 2]; 6] = [[3, 3], [4, 9], [7, 5], [16, 16], [33, 6], [45, 70]];

/// Below, at and above the widths of vectors (4, 8 and 16 floats): channels in, channels out.
const CHANNELS: [[i64; 2]; 7] = [[1, 1], [3, 8], [4, 17], [16, 16], [33, 20], [8, 33], [5, 64]];

fn random(sizes: &[i64]) -> Tensor {
    let uniform = Tensor::f_rand(sizes, (Kind::Float, tch::Device::Cpu)).unwrap();
    uniform.f_mul_scalar(2.0).unwrap().f_sub_scalar(1.0).unwrap()
}

fn double(tensor: &Tensor) -> Tensor {
    tensor.f_to_kind(Kind::Double).unwrap()
}

fn result(raw: *mut C_tensor, error: *mut c_char) -> Tensor {
    // SAFETY: null after a failure, whose message is `error`; otherwise a new tensor.
    unsafe {
        assert!(!raw.is_null(), "{}", take_error(error));
        Tensor::from_ptr(raw)
    }
}

/// Returns the largest difference, relative to the largest expected value.
fn relative_error(expected: &Tensor, result: &Tensor) -> f64 {
    assert_eq!(expected.size(), result.size());
    let largest = |tensor: &Tensor| tensor.f_abs().unwrap().f_max().unwrap().double_value(&[]);
    largest(&expected.f_sub(&double(result)).unwrap()) / largest(expected).max(1e-3)
}

impl Convolution {
    /// Stride 1, without padding, activation and residual.
    fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            padding_mode: PaddingMode::Zeros,
            activation: Activation::Identity,
            residual: Residual::None,
            slope: SLOPE,
            stride: [1, 1],
            dilation: [1, 1],
            padding: [0; 4],
            output_padding: [0; 2],
            contiguous_input: false,
            contiguous_output: false,
        }
    }

    fn run(&self, inputs: &[Tensor], weight: &Tensor, bias: &Tensor, residual: Option<&Tensor>) -> Tensor {
        let pointers: Vec<_> = inputs.iter().map(Tensor::as_ptr).collect();
        let mut error = ptr::null_mut();
        // SAFETY: the tensors are borrowed for the duration of the call; `error` is writable.
        let raw = unsafe {
            fastconv_convolve(
                self,
                pointers.as_ptr(),
                pointers.len(),
                weight.as_ptr(),
                bias.as_ptr(),
                residual.map_or(ptr::null(), Tensor::as_ptr),
                &raw mut error,
            )
        };
        result(raw, error)
    }

    /// Computes the convolution without its epilogue with `ATen`.
    fn reference(&self, input: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
        let (input, weight, bias) = (double(input), double(weight), double(bias));
        if self.algorithm == Algorithm::Transposed {
            let [top, _, left, _] = self.padding;
            return input
                .f_conv_transpose2d(
                    &weight,
                    Some(&bias),
                    self.stride,
                    [top, left],
                    self.output_padding,
                    1,
                    self.dilation,
                )
                .unwrap();
        }
        let [top, bottom, left, right] = self.padding;
        let (mode, value) = match self.padding_mode {
            PaddingMode::Zeros => ("constant", Some(0.0)),
            PaddingMode::Reflect => ("reflect", None),
            PaddingMode::Replicate => ("replicate", None),
        };
        input
            .f_pad([left, right, top, bottom], mode, value)
            .unwrap()
            .f_conv2d(&weight, Some(&bias), self.stride, [0, 0], self.dilation, 1)
            .unwrap()
    }

    fn epilogue(&self, output: Tensor, residual: &Tensor) -> Tensor {
        let output = match self.residual {
            Residual::BeforeActivation => output + double(residual),
            _ => output,
        };
        let output = match self.activation {
            Activation::Identity => output,
            Activation::Relu => output.f_relu().unwrap(),
            Activation::LeakyRelu => {
                output.f_relu().unwrap() - output.f_neg().unwrap().f_relu().unwrap() * f64::from(SLOPE)
            }
        };
        match self.residual {
            Residual::AfterActivation => output + double(residual),
            _ => output,
        }
    }

    /// Returns true if the padded image of `size` contains the kernel and the padding is possible.
    fn fits(&self, size: [i64; 2], kernel: [i64; 2]) -> bool {
        (0..2).all(|axis| {
            let padding = &self.padding[2 * axis..2 * axis + 2];
            let reflects = self.padding_mode == PaddingMode::Reflect;
            let padded = size[axis] + padding.iter().sum::<i64>();
            padded > self.dilation[axis] * (kernel[axis] - 1)
                && !(reflects && padding.iter().any(|padding| *padding >= size[axis]))
        })
    }

    /// Compares with `ATen` on `images` random images of each number of channels in `channels_in`, which are
    /// concatenated. Returns the error.
    fn compare(
        &self,
        images: i64,
        channels_in: &[i64],
        channels_out: i64,
        size: [i64; 2],
        kernel: [i64; 2],
    ) -> f64 {
        seeded(size[0] * 1000 + size[1], || {
            let inputs: Vec<Tensor> = channels_in
                .iter()
                .map(|channels| random(&[images, *channels, size[0], size[1]]))
                .collect();
            let total: i64 = channels_in.iter().sum();
            let weight = match self.algorithm {
                Algorithm::Transposed => random(&[total, channels_out, kernel[0], kernel[1]]),
                _ => random(&[channels_out, total, kernel[0], kernel[1]]),
            };
            let bias = random(&[channels_out]);
            let convolved = self.reference(&Tensor::f_cat(&inputs, 1).unwrap(), &weight, &bias);
            let residual = random(&convolved.size());
            let expected = self.epilogue(convolved, &residual);
            let residual = (self.residual != Residual::None).then_some(&residual);
            relative_error(&expected, &self.run(&inputs, &weight, &bias, residual))
        })
    }
}

/// Accumulates the errors of a grid.
struct Grid {
    tolerance: f64,
    cases: usize,
}

impl Grid {
    fn new(tolerance: f64) -> Self {
        let grid = Self { tolerance, cases: 0 };
        grid.set_threads();
        grid
    }

    /// Returns element number `cases` of a list, cyclically: epilogues and channels vary along with the
    /// geometry.
    fn cycle<T: Copy>(&self, list: &[T]) -> T {
        list[self.cases % list.len()]
    }

    /// Threads share the loops of every fifth case: synchronizing them is slow on a busy machine.
    fn set_threads(&self) {
        tch::set_num_threads(if self.cases.is_multiple_of(5) { 2 } else { 1 });
    }

    fn check(&mut self, error: f64, case: impl std::fmt::Debug) {
        assert!(error < self.tolerance, "{case:?}: {error:e}");
        self.cases += 1;
        self.set_threads();
    }
}

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
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "only x86-64 has more than one instruction set"
)]
fn all_instruction_sets_equal_aten() {
    // libtorch chooses its instruction set once per process.
    for set in ["default", "avx2"] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["fastconv::tests::", "--skip", "all_instruction_sets_equal_aten"])
            .env("ATEN_CPU_CAPABILITY", set)
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{set}: {output}");
        assert!(output.contains("7 passed"), "{set}: {output}");
    }
}

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
                    ..Convolution::new(Algorithm::Im2col)
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
                        ..Convolution::new(Algorithm::Transposed)
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

fn rfft2(image: &Tensor, norm: &str) -> Tensor {
    let norm = CString::new(norm).unwrap();
    let mut error = ptr::null_mut();
    // SAFETY: the arguments are borrowed for the duration of the call; `error` is writable.
    let raw = unsafe { fastconv_rfft2(image.as_ptr(), norm.as_ptr(), &raw mut error) };
    result(raw, error)
}

fn irfft2(spectrum: &Tensor, sizes: [i64; 2], norm: &str, addend: Option<&Tensor>) -> Tensor {
    let norm = CString::new(norm).unwrap();
    let mut error = ptr::null_mut();
    // SAFETY: the arguments are borrowed for the duration of the call; `error` is writable.
    let raw = unsafe {
        fastconv_irfft2(
            spectrum.as_ptr(),
            sizes.as_ptr(),
            norm.as_ptr(),
            addend.map_or(ptr::null(), Tensor::as_ptr),
            &raw mut error,
        )
    };
    result(raw, error)
}

/// Heights and widths: each radix (2, 3, 4, 5 and odd ones), mixed, odd, prime; 131 is left to libtorch.
const FOURIER_SIZES: [[i64; 2]; 18] = [
    [1, 1],
    [1, 8],
    [2, 3],
    [3, 2],
    [4, 4],
    [5, 5],
    [7, 9],
    [8, 6],
    [11, 13],
    [16, 15],
    [25, 27],
    [30, 32],
    [49, 64],
    [64, 100],
    [121, 12],
    [10, 127],
    [128, 90],
    [131, 6],
];
const NORMS: [&str; 3] = ["backward", "ortho", "forward"];

#[test]
fn rfft2_equals_aten() {
    let mut grid = Grid::new(FOURIER_TOLERANCE);
    for size in FOURIER_SIZES {
        for channels in [1, 3, 4, 8, 16, 21] {
            let norm = grid.cycle(&NORMS);
            let images = grid.cycle(&[1, 2]);
            let error = seeded(size[0] * 1000 + size[1], || {
                let image = random(&[images, channels, size[0], size[1]]);
                let complex = double(&image)
                    .f_fft_rfft2(None::<&[i64]>, [-2, -1], norm)
                    .unwrap();
                let parts = [complex.f_real().unwrap(), complex.f_imag().unwrap()];
                relative_error(&Tensor::f_cat(&parts, 1).unwrap(), &rfft2(&image, norm))
            });
            grid.check(error, (size, channels, norm));
        }
    }
    assert_eq!(grid.cases, 108);
}

#[test]
fn irfft2_equals_aten() {
    let mut grid = Grid::new(FOURIER_TOLERANCE);
    for size in FOURIER_SIZES {
        for channels in [1, 3, 4, 8, 16, 21] {
            let norm = grid.cycle(&NORMS);
            let images = grid.cycle(&[1, 2]);
            // Every third spectrum is one bin too wide and is trimmed.
            let extra = i64::from(grid.cases % 3 == 1);
            let error = seeded(size[0] * 1000 + size[1], || {
                let spectrum = random(&[images, 2 * channels, size[0], size[1] / 2 + 1 + extra]);
                let parts =
                    [0, channels].map(|first| double(&spectrum).f_narrow(1, first, channels).unwrap());
                let complex = Tensor::f_complex(&parts[0], &parts[1]).unwrap();
                let expected = complex.f_fft_irfft2(size.as_slice(), [-2, -1], norm).unwrap();
                let addend = random(&[images, channels, size[0], size[1]]);
                if grid.cases.is_multiple_of(2) {
                    relative_error(&expected, &irfft2(&spectrum, size, norm, None))
                } else {
                    let expected = expected + double(&addend);
                    relative_error(&expected, &irfft2(&spectrum, size, norm, Some(&addend)))
                }
            });
            grid.check(error, (size, channels, norm, extra));
        }
    }
    assert_eq!(grid.cases, 108);
}
