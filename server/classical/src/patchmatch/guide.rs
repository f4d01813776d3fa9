//! A guess that the search not only begins with, but is held to where it can be believed.

use iopaint_imaging::depth;

use super::level::{Canvas, Level};
use super::pixel::{COLOURS, Estimate, Pixel, VOTED};
use super::pyramid::shrunk;

/// How much a guess counts beside the patches' vote right at the hole's border and far from it, in the first turn of a
/// level; it falls with every turn.
const TRUST: (f32, f32) = (0.8, 0.08);
/// How deep in the hole trust has fallen to a third of the way between, in pixels of the image.
const REACH: f32 = 14.0;
/// The finest level at which the guess counts; those below are the patches' alone, so that the result is crisp.
const FINEST: usize = 1;

/// The guess at every scale.
pub(super) struct Guide {
    levels: Vec<Vec<(Pixel, f32)>>,
}

impl Guide {
    /// Of `guess`, a picture of the finest level's size.
    pub(super) fn new(mut guess: Canvas, levels: &[Level]) -> Self {
        let mut guided = Vec::with_capacity(levels.len());
        for (number, level) in levels.iter().enumerate() {
            if number > 0 {
                guess = shrunk(guess, 1);
            }
            let depth = depth(&level.canvas.hole, level.canvas.width);
            let pixels = level.holes.iter().map(|at| *at as usize).filter_map(|at| {
                let deep = depth.get(at)? * (1_u32 << number) as f32;
                Some((*guess.pixels.get(at)?, trust(deep)))
            });
            guided.push(pixels.collect());
        }
        Self { levels: guided }
    }

    /// The guess in the hole's pixels of a level, in order.
    pub(super) fn estimates(&self, level: usize) -> Vec<Estimate> {
        let pixels = self.levels.get(level).into_iter().flatten();
        pixels
            .filter_map(|(pixel, _)| pixel.first_chunk::<VOTED>())
            .map(|parts| parts.map(f32::from))
            .collect()
    }

    /// Draws the colours of a level's estimates to the guess; `left` is the part of the level's turns still to come, in
    /// 0..=1.
    pub(super) fn hold(&self, level: usize, left: f32, estimates: &mut [Estimate]) {
        if level < FINEST {
            return;
        }
        let pixels = self.levels.get(level).into_iter().flatten();
        for (estimate, (guess, trust)) in estimates.iter_mut().zip(pixels) {
            for (part, guess) in estimate.iter_mut().zip(guess).take(COLOURS) {
                *part += trust * left * (f32::from(*guess) - *part);
            }
        }
    }
}

/// How much a guess counts so many pixels from what is known.
fn trust(depth: f32) -> f32 {
    let (near, far) = TRUST;
    far + (near - far) * (-(depth / REACH).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::pixel::coloured;
    use crate::patchmatch::pyramid::pyramid;

    const SIDE: usize = 128;

    fn canvas(hole: impl Fn(usize, usize) -> bool) -> Canvas {
        let places = (0..SIDE * SIDE).map(|at| (at % SIDE, at / SIDE));
        Canvas {
            width: SIDE,
            height: SIDE,
            pixels: places.clone().map(|_| coloured([100; 3])).collect(),
            hole: places.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    /// How far black estimates of a level are drawn to a guess of 100, by their places.
    fn drawn(number: usize, left: f32) -> Vec<(u32, f32)> {
        let levels = pyramid(canvas(|x, y| x.abs_diff(64) < 48 && y.abs_diff(64) < 48));
        let guide = Guide::new(canvas(|_, _| false), &levels);
        let holes = &levels[number].holes;
        let mut estimates = vec![[0.0; VOTED]; holes.len()];
        guide.hold(number, left, &mut estimates);
        assert!(estimates.iter().all(|estimate| estimate[COLOURS..] == [0.0, 0.0]));
        let colours = estimates.iter().map(|estimate| estimate[0]);
        holes.iter().copied().zip(colours).collect()
    }

    #[test]
    fn it_counts_most_near_what_is_known_and_less_with_every_turn() {
        let width = SIDE as u32 / 2;
        let at = |drawn: &[(u32, f32)], x, y| drawn.iter().find(|(at, _)| *at == y * width + x).unwrap().1;
        let (first, later) = (drawn(1, 1.0), drawn(1, 0.5));
        assert!(at(&first, 8, 32) > 70.0, "{}", at(&first, 8, 32));
        assert!(
            (5.0..12.0).contains(&at(&first, 32, 32)),
            "{}",
            at(&first, 32, 32)
        );
        assert!((at(&later, 8, 32) * 2.0 - at(&first, 8, 32)).abs() < 1e-3);
    }

    #[test]
    fn the_finest_level_is_the_patches_alone() {
        assert!(drawn(0, 1.0).iter().all(|(_, colour)| *colour == 0.0));
    }
}
