//! Functions compiled for AVX2, chosen at run time.

/// A function to run with wide vector instructions. `run` and its callees must be `#[inline(always)]`.
pub trait Work {
    /// Does the work.
    fn run(self);
}

/// Runs `work`, with AVX2 if the processor has it. Results are equal without it if they are integers or
/// sums in a fixed order.
#[cfg(target_arch = "x86_64")]
pub fn run_wide(work: impl Work) {
    #[target_feature(enable = "avx2")]
    fn with_avx2(work: impl Work) {
        work.run();
    }
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has these instructions.
        unsafe { with_avx2(work) }
    } else {
        work.run();
    }
}

/// Runs `work`. On other architectures the wide instructions are part of the baseline.
#[cfg(not(target_arch = "x86_64"))]
pub fn run_wide(work: impl Work) {
    work.run();
}
