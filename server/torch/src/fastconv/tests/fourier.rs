//! Fourier transforms over a grid of sizes.

use std::ffi::{CString, c_char};
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use super::{Grid, double, random, relative_error, result};
use crate::random::seeded;

unsafe extern "C" {
    fn fastconv_rfft2(image: *const C_tensor, norm: *const c_char, error: *mut *mut c_char) -> *mut C_tensor;
    fn fastconv_irfft2(
        spectrum: *const C_tensor,
        sizes: *const i64,
        norm: *const c_char,
        addend: *const C_tensor,
        error: *mut *mut c_char,
    ) -> *mut C_tensor;
}

/// Largest error of a transform, relative to the largest value. Errors grow as log(n) * 2^-24 for small
/// radices and as sqrt(radix) * 2^-24 for large ones. Measured: at most 3.4e-7.
const FOURIER_TOLERANCE: f64 = 1e-6;

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
