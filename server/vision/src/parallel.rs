//! Parallel loops over bands of rows. The bands don't depend on the number of threads, and so neither do the
//! results.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Returns the number of threads for work whose caller sets none: the processors of this process.
pub(crate) fn available_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Calls `work` with the index and the samples of each band of `band_len` samples, on up to `threads` threads
/// including the caller's.
pub(crate) fn for_each_band<T: Send>(
    threads: usize,
    samples: &mut [T],
    band_len: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    let bands = Mutex::new(samples.chunks_mut(band_len.max(1)).enumerate());
    let next = || bands.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some((index, band)) = next() {
            work(index, band);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
}
