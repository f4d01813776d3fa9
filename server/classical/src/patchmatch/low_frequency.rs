//! A constraint on the low frequencies of a level: its colours, downsampled, equal those of a coarser image.

use super::features::{COLOUR_CHANNELS, Colour};
use super::level::PyramidLevel;
use super::parallel::{PIXELS_PER_PIECE, for_each_piece};

/// The coarse colours that finer levels are constrained to, with a strength per coarse pixel.
pub(super) struct LowFrequencyConstraint {
    /// Colour and strength (0..=1) of every coarse pixel, row by row. Strength 0 leaves the pixel
    /// unconstrained.
    coarse: Vec<(Colour, f32)>,
    /// Columns of the coarse image.
    width: usize,
}

impl LowFrequencyConstraint {
    pub(super) fn new(coarse: Vec<(Colour, f32)>, width: usize) -> Self {
        Self { coarse, width }
    }

    /// Moves the low frequencies of `estimates` (the colours of `level.hole_pixels`) towards the coarse
    /// image, which is `halvings` levels coarser than `level`:
    ///
    /// ```text
    /// x += up(share * strength * (coarse - down(x)))
    /// ```
    ///
    /// `down` averages the hole pixels of each block of 2^halvings pixels a side, and `up` interpolates
    /// bilinearly between the centres of the blocks that contain hole pixels, so that higher frequencies
    /// stay. `share` is in 0..=1.
    pub(super) fn apply(
        &self,
        level: &PyramidLevel,
        halvings: usize,
        share: f32,
        threads: usize,
        estimates: &mut [Colour],
    ) {
        let side = 1_usize << halvings;
        let position = |at: u32| {
            let at = at as usize;
            (at % level.image.width, at / level.image.width)
        };
        // Colour sum and pixel count per block, then colour difference and 1, or 0 for blocks without hole
        // pixels.
        let mut blocks = vec![([0.0_f32; COLOUR_CHANNELS], 0.0_f32); self.coarse.len()];
        for (at, estimate) in level.hole_pixels.iter().zip(estimates.iter()) {
            let (x, y) = position(*at);
            if let Some((sum, count)) = blocks.get_mut(y / side * self.width + x / side) {
                sum.iter_mut()
                    .zip(estimate)
                    .for_each(|(sum, channel)| *sum += channel);
                *count += 1.0;
            }
        }
        for ((sum, count), (coarse, strength)) in blocks.iter_mut().zip(&self.coarse) {
            for (channel, coarse) in sum.iter_mut().zip(coarse) {
                *channel = share * strength * (coarse - *channel / count.max(1.0));
            }
            *count = count.min(1.0);
        }
        let linear_weights = |at: usize| {
            let centre = (at as f32 + 0.5) / side as f32 - 0.5;
            let first = centre.floor();
            [(first, 1.0 - (centre - first)), (first + 1.0, centre - first)]
        };
        let pieces = level
            .hole_pixels
            .chunks(PIXELS_PER_PIECE)
            .zip(estimates.chunks_mut(PIXELS_PER_PIECE));
        for_each_piece(threads, pieces.collect(), |(hole_pixels, estimates)| {
            for (at, estimate) in hole_pixels.iter().zip(estimates) {
                let (x, y) = position(*at);
                let (mut difference, mut total) = ([0.0; COLOUR_CHANNELS], 0.0);
                for (row, row_weight) in linear_weights(y) {
                    for (column, column_weight) in linear_weights(x) {
                        if row < 0.0 || column < 0.0 || column as usize >= self.width {
                            continue;
                        }
                        let block = blocks.get(row as usize * self.width + column as usize);
                        if let Some((block_difference, has_hole)) = block {
                            let weight = row_weight * column_weight * has_hole;
                            total += weight;
                            difference
                                .iter_mut()
                                .zip(block_difference)
                                .for_each(|(sum, channel)| *sum += weight * channel);
                        }
                    }
                }
                for (channel, difference) in estimate.iter_mut().zip(difference) {
                    *channel = (*channel + difference / total.max(f32::MIN_POSITIVE)).clamp(0.0, 255.0);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    #[test]
    fn colours_move_by_share_times_strength() {
        let side = 16;
        let level = PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: vec![features_from_rgb([50; 3]); side * side],
            hole: vec![true; side * side],
        });
        let constrained = |strength: f32, share: f32| {
            let coarse = vec![([90.0; COLOUR_CHANNELS], strength); side / 4 * (side / 4)];
            let mut estimates = vec![[50.0; COLOUR_CHANNELS]; side * side];
            LowFrequencyConstraint::new(coarse, side / 4).apply(&level, 2, share, 1, &mut estimates);
            estimates
        };
        assert_eq!(constrained(1.0, 1.0), vec![[90.0; COLOUR_CHANNELS]; side * side]);
        assert_eq!(constrained(0.5, 1.0), vec![[70.0; COLOUR_CHANNELS]; side * side]);
        assert_eq!(constrained(0.5, 0.5), vec![[60.0; COLOUR_CHANNELS]; side * side]);
        assert_eq!(constrained(0.0, 1.0), vec![[50.0; COLOUR_CHANNELS]; side * side]);
    }
}
