//! A guess that the search not only begins with, but is held to where it can be believed.

use iopaint_imaging::distance_to_known;

use super::anchor::Anchor;
use super::level::{Canvas, Level};
use super::pixel::{Colours, colours};
use super::pyramid::shrunk;

/// How much a guess counts beside the patches' vote right at the hole's border and far from it, in the first turn of a
/// level; it falls with every turn.
const TRUST: (f32, f32) = (0.8, 0.2);
/// How deep in the hole trust has fallen to a third of the way between, in pixels of the image.
const REACH: f32 = 20.0;
/// The finest level at which the guess counts; those below are the patches' alone, so that the result is crisp.
const FINEST: usize = 1;
/// How many levels coarser a level's colours are compared with the guess's: the grain of sand or grass, which a guess
/// doesn't have, is the patches'.
const COARSER: usize = 2;

/// The guess at every scale.
pub(super) struct Guide {
    /// The guess in the hole's pixels of each level, in order.
    guesses: Vec<Vec<Colours>>,
    /// What is held to, of each level from [`FINEST`] on.
    anchors: Vec<Anchor>,
}

impl Guide {
    /// Of `guess`, a picture of the finest level's size.
    pub(super) fn new(mut guess: Canvas, levels: &[Level]) -> Self {
        let (mut guesses, mut anchors) = (Vec::with_capacity(levels.len()), Vec::new());
        for (number, level) in levels.iter().enumerate() {
            if number > 0 {
                guess = shrunk(guess, 1);
            }
            let holes = level.holes.iter().filter_map(|at| guess.pixels.get(*at as usize));
            guesses.push(holes.map(colours).collect());
            if number >= FINEST {
                let scale = (1_u32 << number) as f32;
                let depth = distance_to_known(&level.canvas.hole, level.canvas.width).into_iter();
                let pixels = guess.pixels.iter().map(colours);
                let small = pixels.zip(depth.map(|depth| trust(depth * scale)));
                anchors.push(Anchor::new(small.collect(), level.canvas.width));
            }
        }
        Self { guesses, anchors }
    }

    /// The guess in the hole's pixels of a level, in order.
    pub(super) fn estimates(&self, level: usize) -> Vec<Colours> {
        self.guesses.get(level).cloned().unwrap_or_default()
    }

    /// Draws the estimates of a level, the `number`th from the finest, to the guess; `left` is the part of the level's
    /// turns still to come, in 0..=1.
    pub(super) fn hold(
        &self,
        level: &Level,
        number: usize,
        left: f32,
        threads: usize,
        estimates: &mut [Colours],
    ) {
        let coarsest = self.guesses.len().saturating_sub(1);
        let small = (number + COARSER).min(coarsest);
        let anchor = small
            .checked_sub(FINEST)
            .and_then(|place| self.anchors.get(place));
        if let Some(anchor) = anchor.filter(|_| number >= FINEST) {
            anchor.hold(level, small - number, left, threads, estimates);
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
    use crate::patchmatch::pixel::{COLOURS, coloured};
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
        let mut estimates = vec![[0.0; COLOURS]; holes.len()];
        guide.hold(&levels[number], number, left, 1, &mut estimates);
        let colours = estimates.iter().map(|estimate| estimate[0]);
        holes.iter().copied().zip(colours).collect()
    }

    #[test]
    fn grain_that_the_guess_lacks_stays_at_the_finest_level_that_is_held() {
        let levels = pyramid(canvas(|x, y| x.abs_diff(64) < 28 && y.abs_diff(64) < 28));
        let guide = Guide::new(canvas(|_, _| false), &levels);
        let width = levels[1].canvas.width;
        let grain = |at: &u32| {
            if (*at as usize % width + *at as usize / width).is_multiple_of(2) {
                80.0
            } else {
                120.0
            }
        };
        let grainy: Vec<Colours> = levels[1].holes.iter().map(|at| [grain(at); COLOURS]).collect();
        let mut estimates = grainy.clone();
        guide.hold(&levels[1], 1, 1.0, 1, &mut estimates);
        assert!(estimates == grainy);
    }

    #[test]
    fn it_counts_most_near_what_is_known_and_less_with_every_turn() {
        let width = SIDE as u32 / 2;
        let at = |drawn: &[(u32, f32)], x, y| drawn.iter().find(|(at, _)| *at == y * width + x).unwrap().1;
        let (first, later) = (drawn(1, 1.0), drawn(1, 0.5));
        assert!(at(&first, 8, 32) > 70.0, "{}", at(&first, 8, 32));
        assert!(
            (18.0..24.0).contains(&at(&first, 32, 32)),
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
