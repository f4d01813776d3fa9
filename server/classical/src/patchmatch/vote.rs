//! Voting: every hole pixel takes a weighted mean of the source pixels that its overlapping target patches
//! map it to (the M step of Wexler, Shechtman and Irani 2007).

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the piece that calls it"
)]

use iopaint_imaging::simd_dispatch::{SimdKernel, run_wide};

use super::features::{CHANNELS, COLOUR_CHANNELS, Colour};
use super::level::PyramidLevel;
use super::nearest_neighbour_field::NearestNeighbourField;
use super::parallel::{PIXELS_PER_PIECE, for_each_piece};
use super::patch_ssd::{PATCH_RADIUS, PATCH_SIDE};

/// Vote weight falls by `exp(-DEPTH_FALLOFF * depth_px)`, i.e. by a factor of 1/1.2 per pixel (0.1823 = ln
/// 1.2): the confidence term of Wexler et al., which lets known pixels decide the hole from its border
/// inwards. The factor was set when the model was added, without a recorded comparison.
const DEPTH_FALLOFF: f32 = 0.1823;

/// Writes the voted colour of each of `pixels` to `estimates`. Pixels that no target patch covers keep their
/// estimate.
///
/// Target patch t covers pixel p and its source patch maps p to the known pixel `s_t(p)`. Over all t that
/// cover p:
///
/// ```text
/// colour(p) = sum_t w_t * colour(s_t(p)) / sum_t w_t
/// w_t = exp(-sharpness * (ssd_t - min ssd) / mean ssd - DEPTH_FALLOFF * depth_t)
/// mean ssd = (1 + sum_t ssd_t) / number of votes
/// ```
///
/// The mean SSD of the votes takes the place of the variance 2 * sigma^2 in Wexler et al.; `sharpness` 0
/// weights by depth alone. Common factors of the weights cancel, so SSDs and depths are taken relative to
/// those of the other votes.
pub(super) fn vote(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    sharpness: f32,
    threads: usize,
    pixels: &[u32],
    estimates: &mut [Colour],
) {
    let pieces = pixels
        .chunks(PIXELS_PER_PIECE)
        .zip(estimates.chunks_mut(PIXELS_PER_PIECE));
    let pieces = pieces.map(|(pixels, estimates)| VotePiece {
        level,
        field,
        sharpness,
        pixels,
        estimates,
    });
    for_each_piece(threads, pieces.collect(), run_wide);
}

/// The pixels that one thread averages at a time.
struct VotePiece<'a> {
    level: &'a PyramidLevel,
    field: &'a NearestNeighbourField,
    sharpness: f32,
    pixels: &'a [u32],
    estimates: &'a mut [Colour],
}

impl SimdKernel for VotePiece<'_> {
    // Channels are summed in separate lanes, each in a fixed order: equal results with and without AVX2.
    #[inline(always)]
    fn run(self) {
        for (at, estimate) in self.pixels.iter().zip(self.estimates) {
            let votes = collect_votes(self.level, self.field, *at as usize);
            if let Some(colour) = weighted_mean(self.level, &votes, self.sharpness) {
                *estimate = colour;
            }
        }
    }
}

/// The vote of one target patch.
#[derive(Clone, Copy, Default)]
struct Vote {
    /// The known pixel that the source patch has at the voted pixel's position.
    pixel: usize,
    ssd: u32,
    depth_px: f32,
}

/// The votes for one pixel: one per target patch that covers it.
struct Votes {
    votes: [Vote; PATCH_SIDE * PATCH_SIDE],
    count: usize,
}

impl Votes {
    fn iter(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().take(self.count)
    }
}

#[inline(always)]
fn collect_votes(level: &PyramidLevel, field: &NearestNeighbourField, at: usize) -> Votes {
    let width = level.image.width;
    let (x, y) = (at % width, at / width);
    let mut votes = Votes {
        votes: [Vote::default(); PATCH_SIDE * PATCH_SIDE],
        count: 0,
    };
    let mut slots = votes.votes.iter_mut();
    for row in y.saturating_sub(PATCH_RADIUS)..=y + PATCH_RADIUS {
        for column in x.saturating_sub(PATCH_RADIUS)..=(x + PATCH_RADIUS).min(width - 1) {
            let centre = row * width + column;
            let Some(target) = level.target_index(centre) else {
                continue;
            };
            let matched = field.sources.get(target).zip(field.ssds.get(target));
            let (Some((source, ssd)), Some(slot)) = (matched, slots.next()) else {
                continue;
            };
            *slot = Vote {
                pixel: *source as usize + at - centre,
                ssd: *ssd,
                depth_px: level.target_depths_px.get(target).copied().unwrap_or_default(),
            };
            votes.count += 1;
        }
    }
    votes
}

/// Returns the weighted mean of the votes; `None` for no votes.
#[inline(always)]
fn weighted_mean(level: &PyramidLevel, votes: &Votes, sharpness: f32) -> Option<Colour> {
    let min_ssd = votes.iter().map(|vote| vote.ssd).min()?;
    // Relative to any vote's depth, weights stay in range: depths differ by at most a patch's diagonal.
    let reference_depth = votes.iter().next()?.depth_px;
    let ssd_sum: f32 = votes.iter().map(|vote| vote.ssd as f32).sum();
    let steepness = sharpness * votes.count as f32 / (ssd_sum + 1.0);
    // In a loop of its own, so that the sums below stay in registers.
    let mut weights = [0.0; PATCH_SIDE * PATCH_SIDE];
    for (weight, vote) in weights.iter_mut().zip(votes.iter()) {
        let depth_term = DEPTH_FALLOFF * (vote.depth_px - reference_depth);
        *weight = (-steepness * (vote.ssd - min_ssd) as f32 - depth_term).exp();
    }
    let (mut total, mut sums) = (0.0, [0.0; CHANNELS]);
    for (weight, vote) in weights.iter().zip(votes.iter()) {
        total += weight;
        let pixel = level.image.pixels.get(vote.pixel)?;
        // All eight channels fill one vector register; only the colour is returned.
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += weight * f32::from(*value);
        }
    }
    let colour = sums.first_chunk::<COLOUR_CHANNELS>()?;
    Some(colour.map(|sum| sum / total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    #[test]
    fn weights_stay_finite_in_deep_holes() {
        let (side, border) = (1300, 20);
        let inside = border..side - border;
        let positions = (0..side * side).map(|at| (at % side, at / side));
        let level = PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: vec![features_from_rgb([200; 3]); side * side],
            hole: positions
                .map(|(x, y)| inside.contains(&x) && inside.contains(&y))
                .collect(),
        });
        let field = NearestNeighbourField::random(&level, 1).unwrap();
        let centre = (side / 2 * side + side / 2) as u32;
        let mut estimates = [[0.0; COLOUR_CHANNELS]];
        vote(&level, &field, 1.0, 1, &[centre], &mut estimates);
        assert!((estimates[0][0] - 200.0).abs() < 0.01, "{estimates:?}");
    }
}
