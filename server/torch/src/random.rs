//! Reproducible random numbers from libtorch's generators.

use parking_lot::Mutex;

/// Seeds libtorch's generators and calls `draw` with exclusive access to them. The generators are global:
/// without the lock, models on several threads would consume each other's numbers.
pub(crate) fn seeded<T>(seed: i64, draw: impl FnOnce() -> T) -> T {
    static GENERATORS: Mutex<()> = Mutex::new(());
    let _exclusive = GENERATORS.lock();
    tch::manual_seed(seed);
    draw()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn concurrent_draws_are_reproducible() {
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
