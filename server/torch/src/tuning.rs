//! Selection of the image sizes for which cuDNN benchmarks its algorithms.

use parking_lot::{Condvar, Mutex};

/// Recurring sizes have sides that are multiples of this, in pixels: 512, 768, 1024.
const GRID: i64 = 64;

/// Maximum number of benchmarked sizes. Each takes some seconds once, and some memory permanently.
const MAX_SIZES: usize = 32;

/// The benchmarked sizes of one model. cuDNN keeps the first algorithm of a size, whether benchmarked or
/// chosen by heuristics, so the decision is made on a size's first pass. Crops around holes have sizes that
/// don't recur, for which heuristics are faster.
#[derive(Debug, Default)]
pub(crate) struct Tuning {
    sizes: Vec<(i64, i64)>,
}

impl Tuning {
    /// Returns true if a pass of this (height, width) should benchmark.
    pub fn is_worthwhile(&mut self, size: (i64, i64)) -> bool {
        if size.0 % GRID != 0 || size.1 % GRID != 0 {
            return false;
        }
        let known = self.sizes.contains(&size);
        if !known && self.sizes.len() < MAX_SIZES {
            self.sizes.push(size);
            return true;
        }
        known
    }
}

/// The passes on all GPUs.
pub(crate) static PASSES: GpuPasses = GpuPasses {
    state: Mutex::new(PassState {
        tuned: false,
        running: 0,
        waiting: [0; 2],
    }),
    ended: Condvar::new(),
};

/// The passes that run on GPUs. cuDNN's benchmark switch is global: passes with the same setting overlap, on
/// several devices; a pass with the other setting waits until they have ended.
pub(crate) struct GpuPasses {
    state: Mutex<PassState>,
    ended: Condvar,
}

struct PassState {
    /// Setting of the running passes.
    tuned: bool,
    /// Number of running passes.
    running: usize,
    /// Numbers of waiting passes without and with benchmarks.
    waiting: [usize; 2],
}

/// A running pass; ends when dropped.
pub(crate) struct GpuPass<'a>(&'a GpuPasses);

impl GpuPasses {
    /// Blocks until a pass with this setting may run. A waiting pass of the other setting has priority over
    /// new passes, so that neither setting starves the other.
    pub fn begin(&self, tuned: bool) -> GpuPass<'_> {
        let mut state = self.state.lock();
        let [own, other] = if tuned { [1, 0] } else { [0, 1] };
        state.waiting[own] += 1;
        self.ended.wait_while(&mut state, |state| {
            state.running > 0 && (state.tuned != tuned || state.waiting[other] > 0)
        });
        state.waiting[own] -= 1;
        state.tuned = tuned;
        state.running += 1;
        GpuPass(self)
    }
}

impl Drop for GpuPass<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.running -= 1;
        if state.running == 0 {
            self.0.ended.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn passes() -> GpuPasses {
        GpuPasses {
            state: Mutex::new(PassState {
                tuned: false,
                running: 0,
                waiting: [0; 2],
            }),
            ended: Condvar::new(),
        }
    }

    #[test]
    fn passes_of_one_setting_overlap() {
        for tuned in [false, true] {
            let passes = passes();
            let running = [(); 3].map(|()| passes.begin(tuned));
            assert_eq!(passes.state.lock().running, 3);
            drop(running);
            assert_eq!(passes.state.lock().running, 0);
        }
    }

    #[test]
    fn passes_of_different_settings_never_overlap() {
        let passes = passes();
        let running = [AtomicUsize::new(0), AtomicUsize::new(0)];
        thread::scope(|scope| {
            for number in 0..4 {
                let (passes, running) = (&passes, &running);
                scope.spawn(move || {
                    for round in 0..500 {
                        let tuned = (number + round / 7) % 2 == 0;
                        let _pass = passes.begin(tuned);
                        running[usize::from(tuned)].fetch_add(1, Ordering::SeqCst);
                        assert_eq!(running[usize::from(!tuned)].load(Ordering::SeqCst), 0);
                        running[usize::from(tuned)].fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(passes.state.lock().waiting, [0, 0]);
    }

    #[test]
    fn recurring_sizes_are_benchmarked() {
        let mut tuning = Tuning::default();
        for size in [(512, 512), (512, 768), (1024, 1024), (512, 512)] {
            assert!(tuning.is_worthwhile(size), "{size:?}");
        }
        for size in [(512, 520), (504, 512), (517, 389)] {
            assert!(!tuning.is_worthwhile(size), "{size:?}");
        }
    }

    #[test]
    fn benchmarked_sizes_are_limited() {
        let mut tuning = Tuning::default();
        let measured = (1..=100)
            .filter(|side| tuning.is_worthwhile((side * GRID, GRID)))
            .count();
        assert_eq!(measured, MAX_SIZES);
        assert!(tuning.is_worthwhile((GRID, GRID)), "benchmarked before");
    }
}
