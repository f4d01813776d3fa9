//! Run-time dispatch to functions that are compiled for AVX2.

/// A computation to compile for wide vector instructions. `run` and its callees must be `#[inline(always)]`.
pub trait SimdKernel {
    /// Runs the computation.
    fn run(self);
}

/// Runs `work`, with AVX2 if the processor supports it. Integer results and sums in a fixed order are the
/// same on all processors.
#[cfg(target_arch = "x86_64")]
pub fn run_wide(work: impl SimdKernel) {
    #[target_feature(enable = "avx2")]
    fn with_avx2(work: impl SimdKernel) {
        work.run();
    }
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor supports AVX2.
        unsafe { with_avx2(work) }
    } else {
        work.run();
    }
}

/// Runs `work`. On other architectures wide vector instructions are part of the baseline.
#[cfg(not(target_arch = "x86_64"))]
pub fn run_wide(work: impl SimdKernel) {
    work.run();
}
