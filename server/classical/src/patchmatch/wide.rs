//! Work that is compiled for the widest instructions that the processor has.

/// What runs the same whatever the instructions. Its `run` and what that calls are to be inlined.
pub(super) trait Work {
    fn run(self);
}

/// Runs `work` with AVX2 where there is that. Numbers are the same as without, if they are whole, or if sums are made in
/// the same order.
#[cfg(target_arch = "x86_64")]
pub(super) fn run_wide<W: Work>(work: W) {
    #[target_feature(enable = "avx2")]
    fn with_avx2<W: Work>(work: W) {
        work.run();
    }
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has these instructions.
        unsafe { with_avx2(work) }
    } else {
        work.run();
    }
}

/// Runs `work`; other processors' wide instructions are there without asking.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn run_wide<W: Work>(work: W) {
    work.run();
}
