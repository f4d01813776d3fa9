//! Work that is cut into pieces beforehand, so that the result doesn't depend on the number of threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many pixels of the hole are a piece, where each stands for itself.
pub(super) const PIECE: usize = 2048;

/// Does `work` for every piece on up to `threads` threads, in any order.
pub(super) fn for_each<P: Send>(threads: usize, pieces: Vec<P>, work: impl Fn(P) + Sync) {
    let threads = threads.min(pieces.len());
    if threads <= 1 {
        pieces.into_iter().for_each(work);
        return;
    }
    let pieces = Mutex::new(pieces.into_iter());
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
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
