//! Runs a convolution of fastconv, and the same one with `ATen` in double precision.

use std::ffi::c_char;
use std::ptr;

use tch::{Kind, Tensor};
use torch_sys::C_tensor;

use super::{double, random, relative_error, result};
use crate::random::seeded;

/// `fastconv_convolution`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    pub(super) algorithm: Algorithm,
    pub(super) padding_mode: PaddingMode,
    pub(super) activation: Activation,
    pub(super) residual: Residual,
    pub(super) slope: f32,
    /// Rows, columns.
    pub(super) stride: [i64; 2],
    pub(super) dilation: [i64; 2],
    /// Top, bottom, left, right.
    pub(super) padding: [i64; 4],
    pub(super) output_padding: [i64; 2],
    pub(super) contiguous_input: bool,
    pub(super) contiguous_output: bool,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Pointwise,
    Winograd,
    Im2col,
    FewOutputs,
    Transposed,
    Bf16,
    Bf16Transposed,
}

impl Algorithm {
    fn is_transposed(self) -> bool {
        matches!(self, Self::Transposed | Self::Bf16Transposed)
    }

    fn is_bf16(self) -> bool {
        matches!(self, Self::Bf16 | Self::Bf16Transposed)
    }
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaddingMode {
    Zeros,
    Reflect,
    Replicate,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Identity,
    Relu,
    LeakyRelu,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Residual {
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
}

/// Negative slope of the leaky `ReLU`.
const SLOPE: f32 = 0.2;

impl Convolution {
    /// Stride 1, without padding, activation and residual.
    pub(super) fn new(algorithm: Algorithm) -> Self {
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
        if self.algorithm.is_transposed() {
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
    pub(super) fn fits(&self, size: [i64; 2], kernel: [i64; 2]) -> bool {
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
    pub(super) fn compare(
        &self,
        images: i64,
        channels_in: &[i64],
        channels_out: i64,
        size: [i64; 2],
        kernel: [i64; 2],
    ) -> f64 {
        seeded(size[0] * 1000 + size[1], || {
            // In bf16, inputs and weights that need no rounding: products are exact, and sums float32.
            let random_factors = |sizes: &[i64]| {
                let kind = if self.algorithm.is_bf16() {
                    Kind::BFloat16
                } else {
                    Kind::Float
                };
                random(sizes)
                    .f_to_kind(kind)
                    .unwrap()
                    .f_to_kind(Kind::Float)
                    .unwrap()
            };
            let inputs: Vec<Tensor> = channels_in
                .iter()
                .map(|channels| random_factors(&[images, *channels, size[0], size[1]]))
                .collect();
            let total: i64 = channels_in.iter().sum();
            let [first, second] = if self.algorithm.is_transposed() {
                [total, channels_out]
            } else {
                [channels_out, total]
            };
            let weight = random_factors(&[first, second, kernel[0], kernel[1]]);
            let bias = random(&[channels_out]);
            let convolved = self.reference(&Tensor::f_cat(&inputs, 1).unwrap(), &weight, &bias);
            let residual = random(&convolved.size());
            let expected = self.epilogue(convolved, &residual);
            let residual = (self.residual != Residual::None).then_some(&residual);
            relative_error(&expected, &self.run(&inputs, &weight, &bias, residual))
        })
    }
}
