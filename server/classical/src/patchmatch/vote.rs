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
#[cfg(target_arch = "x86_64")]
use super::vote_block::BlockVotes;
use super::vote_weight::{DEPTH_FALLOFF, LANES, exp};

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
        sources: None,
    });
    for_each_piece(threads, pieces.collect(), run_wide);
}

/// Votes on all hole pixels (see [`vote`]). Returns, for each of them, the source pixel with the largest sum
/// of vote weights; `None` for pixels that no target patch covers.
pub(super) fn vote_with_sources(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    sharpness: f32,
    threads: usize,
    estimates: &mut [Colour],
) -> Vec<Option<u32>> {
    let mut sources = vec![None; level.hole_pixels.len()];
    let pieces = level
        .hole_pixels
        .chunks(PIXELS_PER_PIECE)
        .zip(estimates.chunks_mut(PIXELS_PER_PIECE))
        .zip(sources.chunks_mut(PIXELS_PER_PIECE));
    let pieces = pieces.map(|((pixels, estimates), sources)| VotePiece {
        level,
        field,
        sharpness,
        pixels,
        estimates,
        sources: Some(sources),
    });
    for_each_piece(threads, pieces.collect(), run_wide);
    sources
}

/// The pixels that one thread votes on at a time.
struct VotePiece<'a> {
    level: &'a PyramidLevel,
    field: &'a NearestNeighbourField,
    sharpness: f32,
    pixels: &'a [u32],
    estimates: &'a mut [Colour],
    /// The most voted source of each pixel, if wanted.
    sources: Option<&'a mut [Option<u32>]>,
}

impl SimdKernel for VotePiece<'_> {
    // Channels or pixels are summed in separate lanes, each in a fixed order: equal results with and without
    // AVX2.
    #[inline(always)]
    fn run(mut self) {
        let mut first = 0;
        for run in self.pixels.chunk_by(|a, b| a + 1 == *b) {
            let mut index = 0;
            while let Some(at) = run.get(index) {
                // The last block of a run overlaps the one before.
                let start = index.min(run.len().saturating_sub(LANES));
                if let Some(block) = run.get(start..start + LANES)
                    && self.vote_on_block(first + start, block)
                {
                    index = start + LANES;
                } else {
                    self.vote_on_pixel(first + index, *at);
                    index += 1;
                }
            }
            first += run.len();
        }
    }
}

impl VotePiece<'_> {
    /// Votes on [`LANES`] pixels from `index` on. Returns false without AVX2, or if not as many targets cover
    /// each of them.
    #[inline(always)]
    fn vote_on_block(&mut self, index: usize, block: &[u32]) -> bool {
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (index, block);
        #[cfg(target_arch = "x86_64")]
        if let Some(at) = block.first()
            && std::arch::is_x86_feature_detected!("avx2")
        {
            // SAFETY: the processor supports AVX2.
            return unsafe { self.vote_on_block_avx2(index, *at as usize) };
        }
        false
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    #[inline]
    fn vote_on_block_avx2(&mut self, index: usize, at: usize) -> bool {
        let Some(votes) = BlockVotes::collect(self.level, self.field, self.sharpness, at) else {
            return false;
        };
        if let Some(estimates) = self.estimates.get_mut(index..).and_then(<[_]>::first_chunk_mut) {
            *estimates = votes.weighted_means();
        }
        let sources = self.sources.as_deref_mut();
        if let Some(sources) = sources
            .and_then(|sources| sources.get_mut(index..))
            .and_then(<[_]>::first_chunk_mut)
        {
            *sources = votes.most_voted().map(Some);
        }
        true
    }

    #[inline(always)]
    fn vote_on_pixel(&mut self, index: usize, at: u32) {
        let votes = collect_votes(self.level, self.field, at as usize);
        let Some(weights) = vote_weights(&votes, self.sharpness) else {
            return;
        };
        let colour = weighted_mean(self.level, &votes, &weights);
        if let (Some(estimate), Some(colour)) = (self.estimates.get_mut(index), colour) {
            *estimate = colour;
        }
        if let Some(source) = self
            .sources
            .as_deref_mut()
            .and_then(|sources| sources.get_mut(index))
        {
            *source = most_voted(&votes, &weights);
        }
    }
}

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
fn most_voted(votes: &Votes, weights: &[f32; SLOTS]) -> Option<u32> {
    let mut sums = [(0, 0.0); SLOTS];
    let mut count = 0;
    for (pixel, weight) in votes.pixels.iter().zip(weights).take(votes.count) {
        if let Some((_, sum)) = sums.iter_mut().take(count).find(|(other, _)| other == pixel) {
            *sum += weight;
        } else if let Some(entry) = sums.get_mut(count) {
            *entry = (*pixel, *weight);
            count += 1;
        }
    }
    let greatest = sums
        .iter()
        .take(count)
        .reduce(|best, entry| if entry.1 > best.1 { entry } else { best });
    greatest.map(|(pixel, _)| *pixel)
}

/// Returns the weighted mean of the votes; `None` if one lies outside the image.
#[inline(always)]
fn weighted_mean(level: &PyramidLevel, votes: &Votes, weights: &[f32; SLOTS]) -> Option<Colour> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

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
        let most = |votes: &Votes, sharpness| most_voted(votes, &vote_weights(votes, sharpness)?);
        assert_eq!(most(&votes, 0.0), Some(3));
        assert_eq!(most(&votes, 10.0), Some(5));
        votes.count = 0;
        assert_eq!(most(&votes, 1.0), None);
    }

    #[test]
    fn blocks_equal_single_pixels() {
        let side = 80;
        let positions = (0..side * side).map(|at| (at % side, at / side));
        let value = |x: usize, y: usize| ((x * x * 7 + y * y * 13 + x * y) % 251) as u8;
        let level = PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: positions
                .clone()
                .map(|(x, y)| features_from_rgb([value(x, y), value(y, x), 90]))
                .collect(),
            hole: positions
                .map(|(x, y)| x.abs_diff(30) < 30 && y.abs_diff(36) < 20)
                .collect(),
        });
        let mut field = NearestNeighbourField::random(&level, 1).unwrap();
        for iterations in [0, 3] {
            field.run_patchmatch_iterations(&level, usize::MAX, 0..iterations, 1, 1);
            for sharpness in [0.0, 1.0, 4.0] {
                let mut estimates = vec![[-1.0; COLOUR_CHANNELS]; level.hole_pixels.len()];
                let sources = vote_with_sources(&level, &field, sharpness, 1, &mut estimates);
                let results = level.hole_pixels.iter().zip(estimates).zip(sources);
                for ((at, estimate), source) in results {
                    let votes = collect_votes(&level, &field, *at as usize);
                    let weights = vote_weights(&votes, sharpness).unwrap();
                    assert_eq!(weighted_mean(&level, &votes, &weights), Some(estimate));
                    assert_eq!(most_voted(&votes, &weights), source);
                }
            }
        }
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
