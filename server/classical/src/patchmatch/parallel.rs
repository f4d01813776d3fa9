//! Parallel loops over pieces that don't depend on the number of threads, and so neither do the results.

use std::thread;

use parking_lot::Mutex;

/// Hole pixels per piece in loops over independent pixels.
pub(super) const PIXELS_PER_PIECE: usize = 2048;

/// Calls `work` for every piece, in any order, on up to `threads` threads including the caller's.
pub(super) fn for_each_piece<P: Send>(threads: usize, pieces: Vec<P>, work: impl Fn(P) + Sync) {
    let threads = threads.min(pieces.len());
    if threads <= 1 {
        pieces.into_iter().for_each(work);
        return;
    }
    let pieces = Mutex::new(pieces.into_iter());
    let next = || pieces.lock().next();
    thread::scope(|scope| {
        let run = || {
            while let Some(piece) = next() {
                work(piece);
            }
        };
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
}
