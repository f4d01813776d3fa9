//! An initial guess of the hole, e.g. a network's output: the EM iterations start from it and are constrained
//! to its low frequencies.

use iopaint_imaging::distance_to_known;

use super::feature_image::FeatureImage;
use super::features::{Colour, colour_of};
use super::level::PyramidLevel;
use super::low_frequency::LowFrequencyConstraint;
use super::pyramid::downsampled;

/// Weights of the guess against the vote at the hole's border and far inside, in the first EM iteration of a
/// level. They were chosen on the 13 test photographs, together with the three constants below (table in
/// docs/experiments.md).
const BORDER_WEIGHT: f32 = 0.8;
const INNER_WEIGHT: f32 = 0.2;
/// Scale of the weight's Gaussian falloff with depth, in pixels of the finest level.
const WEIGHT_FALLOFF_PX: f32 = 20.0;
/// The finest level with a constraint. Finer levels follow the patches alone, so that the result is sharp.
const FINEST_CONSTRAINED_LEVEL: usize = 1;
/// Levels between a level and the coarser one at which its colours are compared with the guess, i.e. blocks
/// of 4x4 pixels: the grain of sand or grass, which a guess lacks, stays that of the patches.
const COMPARED_HALVINGS: usize = 2;

/// The guess at every level of the pyramid.
pub(super) struct InitialGuess {
    /// Colours of the hole pixels, per level.
    colours: Vec<Vec<Colour>>,
    /// The constraint of each level from [`FINEST_CONSTRAINED_LEVEL`] on.
    constraints: Vec<LowFrequencyConstraint>,
}

impl InitialGuess {
    /// Builds the pyramid of `guess`, an image of the finest level's size without a hole.
    pub(super) fn new(mut guess: FeatureImage, levels: &[PyramidLevel]) -> Self {
        let (mut colours, mut constraints) = (Vec::with_capacity(levels.len()), Vec::new());
        for (number, level) in levels.iter().enumerate() {
            if number > 0 {
                guess = downsampled(&guess);
            }
            let hole_pixels = level
                .hole_pixels
                .iter()
                .filter_map(|at| guess.pixels.get(*at as usize));
            colours.push(hole_pixels.map(colour_of).collect());
            if number >= FINEST_CONSTRAINED_LEVEL {
                let scale = (1_u32 << number) as f32;
                let depths = distance_to_known(&level.image.hole, level.image.width).into_iter();
                let pixels = guess.pixels.iter().map(colour_of);
                let weighted = pixels.zip(depths.map(|depth| weight_at_depth(depth * scale)));
                constraints.push(LowFrequencyConstraint::new(weighted.collect(), level.image.width));
            }
        }
        Self { colours, constraints }
    }

    /// Returns the colours of a level's hole pixels; level 0 is the finest.
    pub(super) fn colours(&self, level: usize) -> Vec<Colour> {
        self.colours.get(level).cloned().unwrap_or_default()
    }

    /// Constrains `estimates`, the colours of the hole pixels of level `number`, to the guess. `share`
    /// (0..=1) scales the weights; it is the part of the level's EM iterations still to come. Levels finer
    /// than [`FINEST_CONSTRAINED_LEVEL`] are left unchanged.
    pub(super) fn constrain(
        &self,
        level: &PyramidLevel,
        number: usize,
        share: f32,
        threads: usize,
        estimates: &mut [Colour],
    ) {
        let coarsest = self.colours.len().saturating_sub(1);
        let compared = (number + COMPARED_HALVINGS).min(coarsest);
        let constraint = compared
            .checked_sub(FINEST_CONSTRAINED_LEVEL)
            .and_then(|index| self.constraints.get(index));
        if let Some(constraint) = constraint.filter(|_| number >= FINEST_CONSTRAINED_LEVEL) {
            constraint.apply(level, compared - number, share, threads, estimates);
        }
    }
}

/// Returns `INNER_WEIGHT + (BORDER_WEIGHT - INNER_WEIGHT) * exp(-(depth_px / WEIGHT_FALLOFF_PX)^2)`.
fn weight_at_depth(depth_px: f32) -> f32 {
    INNER_WEIGHT + (BORDER_WEIGHT - INNER_WEIGHT) * (-(depth_px / WEIGHT_FALLOFF_PX).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::features::{COLOUR_CHANNELS, features_from_rgb};
    use crate::patchmatch::pyramid::build_pyramid;

    const IMAGE_SIDE: usize = 128;

    fn image(hole: impl Fn(usize, usize) -> bool) -> FeatureImage {
        let positions = (0..IMAGE_SIDE * IMAGE_SIDE).map(|at| (at % IMAGE_SIDE, at / IMAGE_SIDE));
        FeatureImage {
            width: IMAGE_SIDE,
            height: IMAGE_SIDE,
            pixels: positions.clone().map(|_| features_from_rgb([100; 3])).collect(),
            hole: positions.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    /// Returns a level's hole pixels and their colours after constraining black estimates to a guess of 100.
    fn constrained(number: usize, share: f32) -> Vec<(u32, f32)> {
        let levels = build_pyramid(image(|x, y| x.abs_diff(64) < 48 && y.abs_diff(64) < 48));
        let guess = InitialGuess::new(image(|_, _| false), &levels);
        let hole_pixels = &levels[number].hole_pixels;
        let mut estimates = vec![[0.0; COLOUR_CHANNELS]; hole_pixels.len()];
        guess.constrain(&levels[number], number, share, 1, &mut estimates);
        let colours = estimates.iter().map(|estimate| estimate[0]);
        hole_pixels.iter().copied().zip(colours).collect()
    }

    #[test]
    fn grain_is_kept() {
        let levels = build_pyramid(image(|x, y| x.abs_diff(64) < 28 && y.abs_diff(64) < 28));
        let guess = InitialGuess::new(image(|_, _| false), &levels);
        let width = levels[1].image.width;
        let grain = |at: &u32| {
            if (*at as usize % width + *at as usize / width).is_multiple_of(2) {
                80.0
            } else {
                120.0
            }
        };
        let grainy: Vec<Colour> = levels[1]
            .hole_pixels
            .iter()
            .map(|at| [grain(at); COLOUR_CHANNELS])
            .collect();
        let mut estimates = grainy.clone();
        guess.constrain(&levels[1], 1, 1.0, 1, &mut estimates);
        assert!(estimates == grainy);
    }

    #[test]
    fn weight_falls_with_depth_and_iterations() {
        let width = IMAGE_SIDE as u32 / 2;
        let at = |pixels: &[(u32, f32)], x, y| pixels.iter().find(|(at, _)| *at == y * width + x).unwrap().1;
        let (first, later) = (constrained(1, 1.0), constrained(1, 0.5));
        assert!(at(&first, 8, 32) > 70.0, "{}", at(&first, 8, 32));
        assert!(
            (18.0..24.0).contains(&at(&first, 32, 32)),
            "{}",
            at(&first, 32, 32)
        );
        assert!((at(&later, 8, 32) * 2.0 - at(&first, 8, 32)).abs() < 1e-3);
    }

    #[test]
    fn finest_level_is_unconstrained() {
        assert!(constrained(0, 1.0).iter().all(|(_, colour)| *colour == 0.0));
    }
}
