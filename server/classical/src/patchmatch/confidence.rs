//! Match confidence: low where patches across the hole's border have no similar source patch.
//!
//! Where the hole covers a whole object, its border crosses background that continues elsewhere, and patches
//! there match well. Where the border cuts through an object, they don't, and patches invent the inside;
//! there the colours of the initial guess are mixed in.

use super::features::{COLOUR_CHANNELS, Colour, TEXTURE_X, TEXTURE_Y};
use super::level::PyramidLevel;
use super::low_frequency::LowFrequencyConstraint;
use super::nearest_neighbour_field::NearestNeighbourField;
use super::patch_ssd::PATCH_SIDE;
use super::pull_push::pull_push;

/// Error at which the confidence is 1/2 in surroundings without texture: a squared feature difference summed
/// over the eight channels and averaged over the 49 pixels of a patch. Chosen on the 13 test photographs; at
/// two thirds of it objects in front of a background get a visible haze (docs/experiments.md).
const HALF_CONFIDENCE_ERROR: f32 = 2100.0;
/// Increase of that error per squared texture feature of the median source patch, as two patches of a texture
/// never match exactly.
const TEXTURE_ALLOWANCE: f32 = 1.0;
/// Share of the guess in the colours of a pixel without confidence. Chosen on the 13 test photographs, where
/// the share 0.7 wins 20 and 20 of 26 comparisons and 0.8 wins 22 and 22 (docs/experiments.md).
const GUESS_SHARE: f32 = 0.8;

/// The match confidence of every pixel of a level.
pub(super) struct ConfidenceMap {
    /// 1 - confidence per pixel, in 0..=1, row by row.
    uncertainty: Vec<f32>,
    width: usize,
}

impl ConfidenceMap {
    /// Computes the confidence
    ///
    /// ```text
    /// confidence = 1 / (1 + (error / half)^4)
    /// half = HALF_CONFIDENCE_ERROR + TEXTURE_ALLOWANCE * median squared texture
    /// ```
    ///
    /// where the error is the SSD per patch pixel of the targets centred on known pixels around the hole,
    /// interpolated smoothly over the hole.
    pub(super) fn new(level: &PyramidLevel, field: &NearestNeighbourField) -> Self {
        let width = level.image.width;
        let mut errors = vec![([0.0], 0.0); level.image.pixels.len()];
        for (at, ssd) in level.targets.iter().zip(&field.ssds) {
            let at = *at as usize;
            if level.image.hole.get(at) == Some(&false)
                && let Some((error, weight)) = errors.get_mut(at)
            {
                error[0] = *ssd as f32 / (PATCH_SIDE * PATCH_SIDE) as f32;
                *weight = 1.0;
            }
        }
        let half = HALF_CONFIDENCE_ERROR + TEXTURE_ALLOWANCE * median_squared_texture(level);
        let uncertainty = |[error]: [f32; 1]| {
            let ratio = (error / half).powi(4);
            ratio / (1.0 + ratio)
        };
        Self {
            uncertainty: pull_push(&errors, width).into_iter().map(uncertainty).collect(),
            width,
        }
    }

    /// Returns the confidence at the pixel `at` of `level`, which is `halvings` levels finer than this map.
    pub(super) fn at(&self, level: &PyramidLevel, halvings: usize, at: usize) -> f32 {
        1.0 - self.uncertainty_at(level, halvings, at)
    }

    /// Returns 1 - confidence at the pixel `at` of `level`.
    fn uncertainty_at(&self, level: &PyramidLevel, halvings: usize, at: usize) -> f32 {
        let (x, y) = (at % level.image.width, at / level.image.width);
        let coarse = (y >> halvings) * self.width + (x >> halvings);
        self.uncertainty.get(coarse).copied().unwrap_or_default()
    }

    /// Returns the constraint that mixes the guess in where the confidence is low: towards
    /// `estimate + GUESS_SHARE * (guess - estimate)`, with the strength 1 - confidence. `estimates` and
    /// `guess` are the colours of `level.hole_pixels`; `level` is `halvings` levels finer than this map.
    pub(super) fn mix_guess(
        &self,
        level: &PyramidLevel,
        halvings: usize,
        estimates: &[Colour],
        guess: &[Colour],
    ) -> LowFrequencyConstraint {
        let width = level.image.width;
        let mut mixture = vec![([0.0; COLOUR_CHANNELS], 0.0); level.image.pixels.len()];
        for ((at, estimate), guess) in level.hole_pixels.iter().zip(estimates).zip(guess) {
            let at = *at as usize;
            let strength = self.uncertainty_at(level, halvings, at);
            let mut mixed = *estimate;
            for (channel, guess) in mixed.iter_mut().zip(guess) {
                *channel += GUESS_SHARE * (guess - *channel);
            }
            if let Some(entry) = mixture.get_mut(at) {
                *entry = (mixed, strength);
            }
        }
        LowFrequencyConstraint::new(mixture, width)
    }
}

/// Returns the median over the source patches' centres of `texture_x^2 + texture_y^2`; 0 without source
/// patches.
fn median_squared_texture(level: &PyramidLevel) -> f32 {
    let pixels = level
        .sources()
        .filter_map(|at| level.image.pixels.get(at as usize));
    let squared = |channel: u8| u32::from(channel).pow(2);
    let mut textures: Vec<u32> = pixels
        .map(|pixel| squared(pixel[TEXTURE_X]) + squared(pixel[TEXTURE_Y]))
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
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    const SIDE_LENGTH: usize = 64;

    /// A grey image with a hole in the middle and, if `textured`, texture features of 80.
    fn level(textured: bool) -> PyramidLevel {
        let positions = (0..SIDE_LENGTH * SIDE_LENGTH).map(|at| (at % SIDE_LENGTH, at / SIDE_LENGTH));
        let mut image = FeatureImage {
            width: SIDE_LENGTH,
            height: SIDE_LENGTH,
            pixels: positions.clone().map(|_| features_from_rgb([100; 3])).collect(),
            hole: positions
                .map(|(x, y)| x.abs_diff(32) < 10 && y.abs_diff(32) < 10)
                .collect(),
        };
        if textured {
            for pixel in &mut image.pixels {
                (pixel[TEXTURE_X], pixel[TEXTURE_Y]) = (80, 80);
            }
        }
        PyramidLevel::new(image)
    }

    /// A field with SSD 0 in the left half; in the right half every colour differs by `difference` levels of
    /// 255.
    fn field(level: &PyramidLevel, difference: u32) -> NearestNeighbourField {
        let mut field = NearestNeighbourField::random(level, 1).unwrap();
        for (at, ssd) in level.targets.iter().zip(&mut field.ssds) {
            let right = *at as usize % SIDE_LENGTH >= 32;
            *ssd = u32::from(right) * (PATCH_SIDE * PATCH_SIDE) as u32 * 3 * difference * difference;
        }
        field
    }

    /// Returns the colour of black estimates at the left and right end of the hole's middle row after mixing
    /// in a guess of 200.
    fn constrained(level: &PyramidLevel, difference: u32) -> (f32, f32) {
        let confidence = ConfidenceMap::new(level, &field(level, difference));
        let mut estimates = vec![[0.0; COLOUR_CHANNELS]; level.hole_pixels.len()];
        let guess = vec![[200.0; COLOUR_CHANNELS]; level.hole_pixels.len()];
        confidence
            .mix_guess(level, 0, &estimates, &guess)
            .apply(level, 0, 1.0, 1, &mut estimates);
        let at = |x: usize| {
            level
                .hole_pixels
                .binary_search(&((32 * SIDE_LENGTH + x) as u32))
                .unwrap()
        };
        (estimates[at(23)][0], estimates[at(41)][0])
    }

    #[test]
    fn guess_counts_where_border_patches_mismatch() {
        let (matching, mismatching) = constrained(&level(false), 60);
        assert!(matching < 5.0, "{matching}");
        assert!(
            (GUESS_SHARE * 190.0..=GUESS_SHARE * 200.0).contains(&mismatching),
            "{mismatching}"
        );
    }

    #[test]
    fn texture_raises_confidence() {
        let (smooth, textured) = (constrained(&level(false), 40).1, constrained(&level(true), 40).1);
        assert!(textured < 0.2 * smooth, "{textured} {smooth}");
    }
}
