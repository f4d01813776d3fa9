//! Each algorithm of fastconv against `ATen` in double precision, over a grid of geometries. Grouped
//! convolutions are left to libtorch (see the net `groups` in `rewrite::tests`).

mod convolution;
mod convolution_grids;
mod fourier;

use std::ffi::c_char;
use std::process::Command;

use tch::{Kind, Tensor};
use torch_sys::C_tensor;

use crate::bridge::take_error;

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
        assert!(output.contains("8 passed"), "{set}: {output}");
    }
}
