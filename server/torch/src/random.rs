//! Draws from libtorch's random numbers that come out the same every time.

use std::sync::{Mutex, PoisonError};

/// Seeds libtorch's generators and calls `draw`, which alone draws from them until it returns. They belong to the
/// process: without the lock, two models that run at once would take numbers from each other.
pub(crate) fn seeded<T>(seed: i64, draw: impl FnOnce() -> T) -> T {
    static GENERATORS: Mutex<()> = Mutex::new(());
    let _alone = GENERATORS.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    draw()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn threads_that_draw_at_once_draw_the_same() {
        let draw = || {
            (0..200)
                .map(|_| {
                    seeded(7, || {
                        let drawn =
                            [(); 4].map(|()| Tensor::f_rand([64], (Kind::Float, Device::Cpu)).unwrap());
                        Tensor::f_cat(&drawn, 0).unwrap()
                    })
                })
                .collect::<Vec<_>>()
        };
        let expected = draw().swap_remove(0);
        let drawn: Vec<_> = thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(draw));
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(drawn.iter().all(|tensor| *tensor == expected));
    }
}
