//! Where patches don't fit what is beside the hole, so that the guess is believed as well.
//!
//! Behind a whole object there is ground that goes on on every side, and patches across the hole's border have their
//! like elsewhere. Where the border cuts through a thing they don't, and what patches make of the inside is invention.

use super::anchor::Anchor;
use super::distance::SIDE;
use super::field::Field;
use super::level::Level;
use super::pixel::{ACROSS, COLOURS, Colours, DOWN};
use super::smooth::pull_push;

/// The squared difference to the nearest patch, a pixel, at which patches are believed by half.
const HALF: f32 = 2100.0;
/// How much larger that is where the surroundings are textured, as no two patches of a texture are alike: by this times
/// the squared texture of the median patch.
const TEXTURED: f32 = 1.0;
/// How much of the colours is the guess's where patches aren't believed at all.
const SHARE: f32 = 0.8;

/// How little patches are believed in every pixel of a level, in 0..=1.
pub(super) struct Doubt {
    values: Vec<f32>,
    width: usize,
}

impl Doubt {
    /// By how well the patches around the nearest pixels outside the hole fit.
    pub(super) fn new(level: &Level, field: &Field) -> Self {
        let width = level.canvas.width;
        let mut misfits = vec![([0.0], 0.0); level.canvas.pixels.len()];
        for (at, cost) in level.targets.iter().zip(&field.cost) {
            let at = *at as usize;
            if level.canvas.hole.get(at) == Some(&false)
                && let Some((misfit, weight)) = misfits.get_mut(at)
            {
                misfit[0] = *cost as f32 / (SIDE * SIDE) as f32;
                *weight = 1.0;
            }
        }
        let half = HALF + TEXTURED * texture(level);
        let spread = pull_push(&misfits, width).into_iter();
        let doubt = |[misfit]: [f32; 1]| {
            let ratio = (misfit / half).powi(4);
            ratio / (1.0 + ratio)
        };
        Self {
            values: spread.map(doubt).collect(),
            width,
        }
    }

    /// What larger fillings are held to: the colours of `level`, filled with `estimates`, mixed with those of `guess`
    /// where patches aren't believed. Where they are, nothing is held. The level is this one or `halvings` finer.
    pub(super) fn anchor(
        &self,
        level: &Level,
        halvings: usize,
        estimates: &[Colours],
        guess: &[Colours],
    ) -> Anchor {
        let width = level.canvas.width;
        let mut small = vec![([0.0; COLOURS], 0.0); level.canvas.pixels.len()];
        for ((at, estimate), guess) in level.holes.iter().zip(estimates).zip(guess) {
            let at = *at as usize;
            let coarse = ((at / width) >> halvings) * self.width + ((at % width) >> halvings);
            let doubt = self.values.get(coarse).copied().unwrap_or_default();
            let mut mixed = *estimate;
            for (part, guess) in mixed.iter_mut().zip(guess) {
                *part += SHARE * (guess - *part);
            }
            if let Some(small) = small.get_mut(at) {
                *small = (mixed, doubt);
            }
        }
        Anchor::new(small, width)
    }
}

/// The squared texture of the median patch that may be copied from.
fn texture(level: &Level) -> f32 {
    let pixels = level
        .sources()
        .filter_map(|at| level.canvas.pixels.get(at as usize));
    let squared = |part: u8| u32::from(part).pow(2);
    let mut textures: Vec<u32> = pixels
        .map(|pixel| squared(pixel[ACROSS]) + squared(pixel[DOWN]))
        .collect();
    let middle = textures.len() / 2;
    if textures.is_empty() {
        return 0.0;
    }
    *textures.select_nth_unstable(middle).1 as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::level::Canvas;
    use crate::patchmatch::pixel::coloured;

    const SIDE_LENGTH: usize = 64;

    /// A grey picture with a hole in the middle; `textured` known pixels change by 80 from one to the next.
    fn level(textured: bool) -> Level {
        let places = (0..SIDE_LENGTH * SIDE_LENGTH).map(|at| (at % SIDE_LENGTH, at / SIDE_LENGTH));
        let mut canvas = Canvas {
            width: SIDE_LENGTH,
            height: SIDE_LENGTH,
            pixels: places.clone().map(|_| coloured([100; 3])).collect(),
            hole: places
                .map(|(x, y)| x.abs_diff(32) < 10 && y.abs_diff(32) < 10)
                .collect(),
        };
        if textured {
            for pixel in &mut canvas.pixels {
                (pixel[ACROSS], pixel[DOWN]) = (80, 80);
            }
        }
        Level::new(canvas)
    }

    /// A field in which patches left of the middle fit and those at the right are `apart` levels of 255 off in every
    /// pixel.
    fn field(level: &Level, apart: u32) -> Field {
        let mut field = Field::random(level, 1).unwrap();
        for (at, cost) in level.targets.iter().zip(&mut field.cost) {
            let right = *at as usize % SIDE_LENGTH >= 32;
            *cost = u32::from(right) * (SIDE * SIDE) as u32 * 3 * apart * apart;
        }
        field
    }

    /// What black patches become at the left and right end of the hole's middle row, held to a guess of 200.
    fn held(level: &Level, apart: u32) -> (f32, f32) {
        let doubt = Doubt::new(level, &field(level, apart));
        let mut estimates = vec![[0.0; COLOURS]; level.holes.len()];
        let guess = vec![[200.0; COLOURS]; level.holes.len()];
        doubt
            .anchor(level, 0, &estimates, &guess)
            .hold(level, 0, 1.0, 1, &mut estimates);
        let at = |x: usize| {
            level
                .holes
                .binary_search(&((32 * SIDE_LENGTH + x) as u32))
                .unwrap()
        };
        (estimates[at(23)][0], estimates[at(41)][0])
    }

    #[test]
    fn the_guess_counts_where_patches_across_the_border_do_not_fit() {
        let (fits, misfits) = held(&level(false), 60);
        assert!(fits < 5.0, "{fits}");
        assert!((SHARE * 190.0..=SHARE * 200.0).contains(&misfits), "{misfits}");
    }

    #[test]
    fn in_a_texture_patches_are_believed_though_they_differ_more() {
        let (smooth, textured) = (held(&level(false), 40).1, held(&level(true), 40).1);
        assert!(textured < 0.2 * smooth, "{textured} {smooth}");
    }
}
