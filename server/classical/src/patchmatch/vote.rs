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

/// Returns, for each hole pixel, the source pixel with the largest sum of vote weights (see [`vote`]); `None`
/// for pixels that no target patch covers.
pub(super) fn most_voted_sources(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    sharpness: f32,
    threads: usize,
) -> Vec<Option<u32>> {
    let mut sources = vec![None; level.hole_pixels.len()];
    let pieces = level
        .hole_pixels
        .chunks(PIXELS_PER_PIECE)
        .zip(sources.chunks_mut(PIXELS_PER_PIECE));
    let pieces = pieces.map(|(pixels, sources)| SourcePiece {
        level,
        field,
        sharpness,
        pixels,
        sources,
    });
    for_each_piece(threads, pieces.collect(), run_wide);
    sources
}

/// The pixels whose sources one thread chooses at a time.
struct SourcePiece<'a> {
    level: &'a PyramidLevel,
    field: &'a NearestNeighbourField,
    sharpness: f32,
    pixels: &'a [u32],
    sources: &'a mut [Option<u32>],
}

impl SimdKernel for SourcePiece<'_> {
    #[inline(always)]
    fn run(self) {
        for (at, source) in self.pixels.iter().zip(self.sources) {
            let votes = collect_votes(self.level, self.field, *at as usize);
            *source = most_voted(&votes, self.sharpness);
        }
    }
}

/// Lanes of a vector of 32-bit numbers with AVX2.
const LANES: usize = 8;
/// Votes for a pixel, at most, in whole vectors.
const SLOTS: usize = (PATCH_SIDE * PATCH_SIDE).next_multiple_of(LANES);

/// The votes for one pixel: one per target patch that covers it.
struct Votes {
    /// The known pixel that each source patch has at the voted pixel's position.
    pixels: [u32; SLOTS],
    ssds: [u32; SLOTS],
    depths_px: [f32; SLOTS],
    count: usize,
}

impl Votes {
    /// Adds the votes of `COUNT` targets on consecutive pixels, the first of them with the index `target`.
    /// `shift` is the voted pixel minus the first target's centre.
    #[inline(always)]
    fn add<const COUNT: usize>(
        &mut self,
        level: &PyramidLevel,
        field: &NearestNeighbourField,
        target: usize,
        shift: u32,
    ) -> Option<()> {
        let sources = field.sources.get(target..)?.first_chunk::<COUNT>()?;
        let pixels = self.pixels.get_mut(self.count..)?.first_chunk_mut::<COUNT>()?;
        for ((pixel, source), step) in pixels.iter_mut().zip(sources).zip(0..) {
            *pixel = source.wrapping_add(shift).wrapping_sub(step);
        }
        let ssds = field.ssds.get(target..)?.first_chunk::<COUNT>()?;
        *self.ssds.get_mut(self.count..)?.first_chunk_mut()? = *ssds;
        let depths_px = level.target_depths_px.get(target..)?.first_chunk::<COUNT>()?;
        *self.depths_px.get_mut(self.count..)?.first_chunk_mut()? = *depths_px;
        self.count += COUNT;
        Some(())
    }
}

#[inline(always)]
fn collect_votes(level: &PyramidLevel, field: &NearestNeighbourField, at: usize) -> Votes {
    let width = level.image.width;
    let (x, y) = (at % width, at / width);
    let mut votes = Votes {
        pixels: [0; SLOTS],
        ssds: [0; SLOTS],
        depths_px: [0.0; SLOTS],
        count: 0,
    };
    let columns = x.saturating_sub(PATCH_RADIUS)..(x + PATCH_RADIUS + 1).min(width);
    for row in y.saturating_sub(PATCH_RADIUS)..=y + PATCH_RADIUS {
        let first = row * width + columns.start;
        if columns.len() == PATCH_SIDE
            && let Some(target) = level.target_run(first, PATCH_SIDE)
        {
            votes.add::<PATCH_SIDE>(level, field, target, (at as u32).wrapping_sub(first as u32));
            continue;
        }
        for centre in first..first + columns.len() {
            if let Some(target) = level.target_index(centre) {
                votes.add::<1>(level, field, target, (at as u32).wrapping_sub(centre as u32));
            }
        }
    }
    votes
}

/// Returns the weights of the votes; `None` for no votes. Unused slots have a weight too, but enter no sum.
#[inline(always)]
fn vote_weights(votes: &Votes, sharpness: f32) -> Option<[f32; SLOTS]> {
    let ssds = votes.ssds.iter().take(votes.count);
    let min_ssd = *ssds.clone().min()?;
    let ssd_sum: u64 = ssds.map(|ssd| u64::from(*ssd)).sum();
    // Relative to any vote's depth, weights stay in range: depths differ by at most a patch's diagonal.
    let [reference_depth, ..] = votes.depths_px;
    let steepness = sharpness * votes.count as f32 / (ssd_sum as f32 + 1.0);
    // Of all slots, in whole vectors.
    let mut weights = [0.0; SLOTS];
    for ((weight, ssd), depth_px) in weights.iter_mut().zip(&votes.ssds).zip(&votes.depths_px) {
        let depth_term = DEPTH_FALLOFF * (depth_px - reference_depth);
        *weight = exp(-steepness * ssd.saturating_sub(min_ssd) as f32 - depth_term);
    }
    Some(weights)
}

/// Returns the source pixel with the largest sum of weights, the first of equals; `None` for no votes.
#[inline(always)]
fn most_voted(votes: &Votes, sharpness: f32) -> Option<u32> {
    let weights = vote_weights(votes, sharpness)?;
    let mut sums = [(0, 0.0); SLOTS];
    let mut count = 0;
    for (pixel, weight) in votes.pixels.iter().zip(weights).take(votes.count) {
        if let Some((_, sum)) = sums.iter_mut().take(count).find(|(other, _)| other == pixel) {
            *sum += weight;
        } else if let Some(entry) = sums.get_mut(count) {
            *entry = (*pixel, weight);
            count += 1;
        }
    }
    let greatest = sums
        .iter()
        .take(count)
        .reduce(|best, entry| if entry.1 > best.1 { entry } else { best });
    greatest.map(|(pixel, _)| *pixel)
}

/// Returns the weighted mean of the votes; `None` for no votes.
#[inline(always)]
fn weighted_mean(level: &PyramidLevel, votes: &Votes, sharpness: f32) -> Option<Colour> {
    let weights = vote_weights(votes, sharpness)?;
    let mut total = 0.0;
    // Even and odd votes separately, which halves the chain of dependent additions. All eight channels fill
    // one vector register; only the colour is returned.
    let mut sums = [[0.0; CHANNELS]; 2];
    let weighted = weights.iter().zip(&votes.pixels).take(votes.count);
    for (index, (weight, pixel)) in weighted.enumerate() {
        total += weight;
        let pixel = level.image.pixels.get(*pixel as usize)?;
        for (sum, value) in sums[index % 2].iter_mut().zip(pixel) {
            *sum += weight * f32::from(*value);
        }
    }
    let [even, odd] = sums;
    let mut colour = [0.0; COLOUR_CHANNELS];
    for ((channel, even), odd) in colour.iter_mut().zip(even).zip(odd) {
        *channel = (even + odd) / total;
    }
    Some(colour)
}

/// Returns e^x for x up to 80, with a relative error of 1e-5 at most, or 2^-126 where that is larger. In
/// contrast to [`f32::exp`], it is compiled to vector instructions, and results don't depend on the system's
/// mathematical library.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits.
    const ROUNDING: f32 = 12_582_912.0;
    /// ln(2)^k / k!, the Taylor coefficients of 2^x, from the 6th power down to the first.
    const COEFFICIENTS: [f32; 6] = [
        1.540_353e-4,
        1.333_355_8e-3,
        9.618_129e-3,
        5.550_411e-2,
        0.240_226_5,
        std::f32::consts::LN_2,
    ];
    const EXPONENT_BIAS: u32 = 127;
    let power = (x * std::f32::consts::LOG2_E).max(-126.0);
    let shifted = power + ROUNDING;
    let fraction = power - (shifted - ROUNDING);
    let series = COEFFICIENTS
        .iter()
        .fold(0.0, |sum, coefficient| sum * fraction + coefficient);
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(EXPONENT_BIAS) << (f32::MANTISSA_DIGITS - 1));
    (series * fraction + 1.0) * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    #[test]
    fn exp_equals_the_exact_function() {
        for step in -8600..=500 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 1e-5, "exp({x}): {error}");
        }
        let smallest = f32::MIN_POSITIVE;
        assert!((smallest..2.0 * smallest).contains(&exp(-1e30)));
    }

    #[test]
    fn equal_votes_add_up() {
        let mut votes = Votes {
            pixels: [0; SLOTS],
            ssds: [9; SLOTS],
            depths_px: [1.0; SLOTS],
            count: 5,
        };
        votes.pixels[..5].copy_from_slice(&[3, 7, 5, 7, 3]);
        votes.ssds[2] = 0;
        assert_eq!(most_voted(&votes, 0.0), Some(3));
        assert_eq!(most_voted(&votes, 10.0), Some(5));
        votes.count = 0;
        assert_eq!(most_voted(&votes, 1.0), None);
    }

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
