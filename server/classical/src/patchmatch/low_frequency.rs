//! Large fillings that are held to the colours of a small one.

use super::level::Level;
use super::parallel::{PIECE, for_each};
use super::pixel::{COLOURS, Colours};

/// The small filling, which larger ones are held to.
pub(super) struct Anchor {
    /// The colours of every pixel and how strongly they hold, in 0..=1, row by row.
    small: Vec<(Colours, f32)>,
    /// Columns of the small filling.
    width: usize,
}

impl Anchor {
    pub(super) fn new(small: Vec<(Colours, f32)>, width: usize) -> Self {
        Self { small, width }
    }

    /// Moves the colours of the hole's pixels so that they are, made small by `halvings`, those of the small filling,
    /// `share` (0..=1) of the way as far as these hold. The difference is interpolated between the middles of the small
    /// pixels, so that detail stays.
    pub(super) fn hold(
        &self,
        level: &Level,
        halvings: usize,
        share: f32,
        threads: usize,
        estimates: &mut [Colours],
    ) {
        let side = 1_usize << halvings;
        let place = |at: u32| {
            let at = at as usize;
            (at % level.canvas.width, at / level.canvas.width)
        };
        let mut sums = vec![([0.0_f32; COLOURS], 0.0_f32); self.small.len()];
        for (at, estimate) in level.holes.iter().zip(estimates.iter()) {
            let (x, y) = place(*at);
            if let Some((sum, count)) = sums.get_mut(y / side * self.width + x / side) {
                sum.iter_mut().zip(estimate).for_each(|(sum, part)| *sum += part);
                *count += 1.0;
            }
        }
        for ((sum, count), (right, strength)) in sums.iter_mut().zip(&self.small) {
            for (part, right) in sum.iter_mut().zip(right) {
                *part = share * strength * (right - *part / count.max(1.0));
            }
            *count = count.min(1.0);
        }
        let between = |at: usize| {
            let middle = (at as f32 + 0.5) / side as f32 - 0.5;
            let first = middle.floor();
            [(first, 1.0 - (middle - first)), (first + 1.0, middle - first)]
        };
        let pieces = level.holes.chunks(PIECE).zip(estimates.chunks_mut(PIECE));
        for_each(threads, pieces.collect(), |(holes, estimates)| {
            for (at, estimate) in holes.iter().zip(estimates) {
                let (x, y) = place(*at);
                let (mut difference, mut total) = ([0.0; COLOURS], 0.0);
                for (row, down) in between(y) {
                    for (column, across) in between(x) {
                        if row < 0.0 || column < 0.0 || column as usize >= self.width {
                            continue;
                        }
                        let small = sums.get(row as usize * self.width + column as usize);
                        if let Some((parts, known)) = small {
                            let weight = down * across * known;
                            total += weight;
                            difference
                                .iter_mut()
                                .zip(parts)
                                .for_each(|(sum, part)| *sum += weight * part);
                        }
                    }
                }
                for (part, difference) in estimate.iter_mut().zip(difference) {
                    *part = (*part + difference / total.max(f32::MIN_POSITIVE)).clamp(0.0, 255.0);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::level::Canvas;
    use crate::patchmatch::pixel::coloured;

    #[test]
    fn colours_move_as_far_as_the_small_filling_holds() {
        let side = 16;
        let level = Level::new(Canvas {
            width: side,
            height: side,
            pixels: vec![coloured([50; 3]); side * side],
            hole: vec![true; side * side],
        });
        let held = |strength: f32, share: f32| {
            let small = vec![([90.0; COLOURS], strength); side / 4 * (side / 4)];
            let mut estimates = vec![[50.0; COLOURS]; side * side];
            Anchor::new(small, side / 4).hold(&level, 2, share, 1, &mut estimates);
            estimates
        };
        assert_eq!(held(1.0, 1.0), vec![[90.0; COLOURS]; side * side]);
        assert_eq!(held(0.5, 1.0), vec![[70.0; COLOURS]; side * side]);
        assert_eq!(held(0.5, 0.5), vec![[60.0; COLOURS]; side * side]);
        assert_eq!(held(0.0, 1.0), vec![[50.0; COLOURS]; side * side]);
    }
}
