//! Candidate offsets for [`super::offset_labels`]: the most frequent offsets of the nearest-neighbour field
//! in the hole, and those between similar patches of the surroundings (He and Sun, "Statistics of Patch
//! Offsets for Image Completion", 2012).

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the search that calls it"
)]

use iopaint_imaging::distance_to_known;
use iopaint_imaging::simd_dispatch::{SimdKernel, run_wide};

use super::feature_image::FeatureImage;
use super::features::{CHANNELS, Features};
use super::level::PyramidLevel;
use super::nearest_neighbour_field::NearestNeighbourField;
use super::parallel::for_each_piece;
use super::patch_ssd::{PATCH_RADIUS, PATCH_SIDE, patch_ssd};

/// An offset from a hole pixel to a known pixel, in pixels of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) x: i32,
    pub(super) y: i32,
}

/// Candidates from each of the two sources. He and Sun use 60 of the surroundings alone.
const OFFSETS_PER_SOURCE: usize = 30;
/// Patches of the surroundings that are matched, at most.
const SAMPLES: usize = 300;
/// Largest distance from the hole to their centres, in pixels of the level.
const MAX_SAMPLE_DISTANCE_PX: f32 = 20.0;
/// Smallest distance between matched patches, as a fraction of the level's longer side (He and Sun, section
/// 3.1): nearer patches are similar because images are smooth.
const MIN_OFFSET_FRACTION: (usize, usize) = (1, 15);
/// Samples per piece of the parallel search.
const SAMPLES_PER_PIECE: usize = 16;

/// Returns the candidates, the most frequent first: those of `field`, then those of the surroundings.
pub(super) fn candidate_offsets(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    threads: usize,
) -> Vec<Offset> {
    let pairs = level.targets.iter().zip(&field.sources);
    let mut histogram = OffsetHistogram::new(level);
    pairs.for_each(|(target, source)| histogram.count(*target, *source));
    let mut offsets = histogram.peaks(OFFSETS_PER_SOURCE, &[]);
    let mut histogram = OffsetHistogram::new(level);
    for (sample, matched) in match_surroundings(level, threads) {
        histogram.count(sample, matched);
    }
    offsets.extend(histogram.peaks(OFFSETS_PER_SOURCE, &offsets));
    offsets
}

/// Frequencies of the offsets between pixels of a level.
struct OffsetHistogram {
    counts: Vec<u32>,
    width: i32,
    height: i32,
}

impl OffsetHistogram {
    fn new(level: &PyramidLevel) -> Self {
        let (width, height) = (level.image.width, level.image.height);
        Self {
            counts: vec![0; (2 * width + 1) * (2 * height + 1)],
            width: width as i32,
            height: height as i32,
        }
    }

    fn count(&mut self, from: u32, to: u32) {
        let (from, to) = (from as i32, to as i32);
        let (x, y) = (
            to % self.width - from % self.width,
            to / self.width - from / self.width,
        );
        let index = (y + self.height) * self.columns() + x + self.width;
        if let Some(count) = self.counts.get_mut(index as usize) {
            *count += 1;
        }
    }

    fn columns(&self) -> i32 {
        2 * self.width + 1
    }

    /// Returns the local maxima of the histogram, smoothed with weights of 1, 2, 1 along both axes, by
    /// descending frequency: at most `limit`, and none next to one of `taken`.
    fn peaks(&self, limit: usize, taken: &[Offset]) -> Vec<Offset> {
        let columns = self.columns();
        let along = |values: &[u32], step: usize| -> Vec<u32> {
            let at = |index: Option<usize>| index.and_then(|index| values.get(index)).copied().unwrap_or(0);
            let indices = 0..values.len();
            indices
                .map(|index| at(index.checked_sub(step)) + 2 * at(Some(index)) + at(Some(index + step)))
                .collect()
        };
        let smooth = along(&along(&self.counts, 1), columns as usize);
        let mut order: Vec<u32> = (0..smooth.len() as u32)
            .filter(|index| smooth[*index as usize] > 0)
            .collect();
        order.sort_by_key(|index| (std::cmp::Reverse(smooth[*index as usize]), *index));
        let mut peaks: Vec<Offset> = Vec::new();
        for index in order {
            let offset = Offset {
                x: index as i32 % columns - self.width,
                y: index as i32 / columns - self.height,
            };
            let near = |other: &Offset| (other.x - offset.x).abs() <= 1 && (other.y - offset.y).abs() <= 1;
            if !peaks.iter().chain(taken).any(near) {
                peaks.push(offset);
            }
            if peaks.len() == limit {
                break;
            }
        }
        peaks
    }
}

/// Returns source patches near the hole, and for each the most similar source patch that is not near it.
fn match_surroundings(level: &PyramidLevel, threads: usize) -> Vec<(u32, u32)> {
    let width = level.image.width;
    let known: Vec<bool> = level.image.hole.iter().map(|hole| !hole).collect();
    let distances = distance_to_known(&known, width);
    let sources: Vec<u32> = level.sources().collect();
    let near = |at: &&u32| {
        distances
            .get(**at as usize)
            .is_some_and(|px| *px <= MAX_SAMPLE_DISTANCE_PX)
    };
    let near: Vec<u32> = sources.iter().filter(near).copied().collect();
    let samples: Vec<u32> = near
        .iter()
        .step_by(near.len().div_ceil(SAMPLES).max(1))
        .copied()
        .collect();
    let sums = PatchSums::new(level, &sources);
    let sources: Vec<PatchCentre> = sources.iter().map(|at| PatchCentre::new(*at, width)).collect();
    let longer = width.max(level.image.height);
    let mut matches = samples.clone();
    let pieces = samples
        .chunks(SAMPLES_PER_PIECE)
        .zip(matches.chunks_mut(SAMPLES_PER_PIECE));
    let pieces = pieces.map(|(samples, matches)| SampleSearch {
        level,
        sources: &sources,
        sums: &sums,
        min_distance: (longer * MIN_OFFSET_FRACTION.0).div_ceil(MIN_OFFSET_FRACTION.1),
        samples,
        matches,
    });
    for_each_piece(threads, pieces.collect(), run_wide);
    let pairs = samples.into_iter().zip(matches);
    pairs.filter(|(sample, matched)| sample != matched).collect()
}

/// The centre of a patch, as a pixel index and as coordinates.
#[derive(Clone, Copy)]
struct PatchCentre {
    at: u32,
    x: u32,
    y: u32,
}

impl PatchCentre {
    fn new(at: u32, width: usize) -> Self {
        let width = width as u32;
        Self {
            at,
            x: at % width,
            y: at / width,
        }
    }

    fn squared_distance(self, other: Self) -> usize {
        let (dx, dy) = (
            self.x.abs_diff(other.x) as usize,
            self.y.abs_diff(other.y) as usize,
        );
        dx * dx + dy * dy
    }
}

/// Sources whose SSDs are bounded together.
const SOURCES_PER_BLOCK: usize = 64;
const PATCH_PIXELS: u64 = (PATCH_SIDE * PATCH_SIDE) as u64;

/// Sums of features over patches, which bound their SSD from below: by Cauchy and Schwarz, the squared
/// difference of two sums is at most the SSD times the pixels of a patch.
struct PatchSums {
    /// The sums of all sources, per channel, with zeros for the rest of the last block.
    channels: [Vec<i32>; CHANNELS],
}

impl PatchSums {
    fn new(level: &PyramidLevel, sources: &[u32]) -> Self {
        let length = sources.len().next_multiple_of(SOURCES_PER_BLOCK);
        let mut channels = std::array::from_fn(|_| vec![0; length]);
        for (index, at) in sources.iter().enumerate() {
            let sums = Self::of(&level.image.pixels, level.image.width, *at as usize);
            for (channel, sum) in channels.iter_mut().zip(sums) {
                channel[index] = sum;
            }
        }
        Self { channels }
    }

    /// Returns the sums over one patch.
    #[inline(always)]
    fn of(pixels: &[Features], width: usize, at: usize) -> [i32; CHANNELS] {
        let mut sums = [0; CHANNELS];
        let corner = at - PATCH_RADIUS * width - PATCH_RADIUS;
        for first in (corner..).step_by(width).take(PATCH_SIDE) {
            for pixel in pixels.get(first..first + PATCH_SIDE).unwrap_or_default() {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value);
                }
            }
        }
        sums
    }

    /// Writes the squared differences of `sums` from those of a block of sources, summed over the channels.
    #[inline(always)]
    fn bound(&self, sums: &[i32; CHANNELS], first: usize, bounds: &mut [u32; SOURCES_PER_BLOCK]) {
        bounds.fill(0);
        for (channel, sum) in self.channels.iter().zip(sums) {
            let channel = channel.get(first..first + SOURCES_PER_BLOCK).unwrap_or_default();
            for (bound, other) in bounds.iter_mut().zip(channel) {
                let difference = other - sum;
                *bound += (difference * difference) as u32;
            }
        }
    }
}

/// The exhaustive search for the matches of some samples.
struct SampleSearch<'a> {
    level: &'a PyramidLevel,
    sources: &'a [PatchCentre],
    sums: &'a PatchSums,
    min_distance: usize,
    samples: &'a [u32],
    matches: &'a mut [u32],
}

impl SimdKernel for SampleSearch<'_> {
    #[inline(always)]
    fn run(self) {
        let FeatureImage { width, pixels, .. } = &self.level.image;
        // The offset of the last sample's match.
        let mut offset = None;
        for (sample, matched) in self.samples.iter().zip(self.matches) {
            let centre = PatchCentre::new(*sample, *width);
            let is_far = |source: PatchCentre| {
                centre.squared_distance(source) >= self.min_distance * self.min_distance
            };
            let ssd_to = |source: PatchCentre, limit| {
                patch_ssd(pixels, *width, centre.at as usize, source.at as usize, limit)
            };
            // Neighbouring samples have similar offsets. The SSD by the last one bounds the search, which
            // doesn't change its result: the first of the most similar patches.
            let guess = offset.map(|offset| sample.wrapping_add(offset));
            let guess = guess.filter(|at| self.level.is_source(*at as usize));
            let guess = guess
                .map(|at| PatchCentre::new(at, *width))
                .filter(|guess| is_far(*guess));
            let mut least = guess.map_or(u32::MAX, |guess| ssd_to(guess, u32::MAX).saturating_add(1));
            let own_sums = PatchSums::of(pixels, *width, *sample as usize);
            let mut bounds = [0; SOURCES_PER_BLOCK];
            for (sources, first) in self
                .sources
                .chunks(SOURCES_PER_BLOCK)
                .zip((0..).step_by(SOURCES_PER_BLOCK))
            {
                self.sums.bound(&own_sums, first, &mut bounds);
                for (source, bound) in sources.iter().zip(bounds) {
                    let is_possible = u64::from(bound) < u64::from(least) * PATCH_PIXELS;
                    if !is_possible || !is_far(*source) {
                        continue;
                    }
                    let ssd = ssd_to(*source, least);
                    if ssd < least {
                        (least, *matched) = (ssd, source.at);
                    }
                }
            }
            offset = Some(matched.wrapping_sub(*sample));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    const PERIOD: usize = 12;

    /// Vertical stripes of random grey that repeat every [`PERIOD`] pixels, with a square hole.
    fn stripes() -> PyramidLevel {
        let side = 96;
        let positions = (0..side * side).map(|at| (at % side, at / side));
        let grey = |x: usize| ((x % PERIOD * 2_654_435_761) >> 8) as u8;
        PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: positions
                .clone()
                .map(|(x, _)| features_from_rgb([grey(x); 3]))
                .collect(),
            hole: positions
                .map(|(x, y)| (40..60).contains(&x) && (40..60).contains(&y))
                .collect(),
        })
    }

    #[test]
    fn surroundings_repeat_by_the_period() {
        let level = stripes();
        let pairs = match_surroundings(&level, 2);
        assert!(pairs.len() > 100);
        let width = level.image.width as u32;
        let is_multiple = |(a, b): &(u32, u32)| (a % width).abs_diff(b % width).is_multiple_of(PERIOD as u32);
        assert!(pairs.iter().all(is_multiple));
    }

    #[test]
    fn matches_are_the_first_most_similar_patches() {
        let level = stripes();
        let (width, pixels) = (level.image.width, &level.image.pixels);
        let min_distance = (width * MIN_OFFSET_FRACTION.0).div_ceil(MIN_OFFSET_FRACTION.1);
        let pairs = match_surroundings(&level, 1);
        // Fewer if samples keep no match.
        assert!(pairs.len() > 250, "{}", pairs.len());
        for (sample, matched) in pairs {
            let centre = PatchCentre::new(sample, width);
            let far = level.sources().filter(|source| {
                PatchCentre::new(*source, width).squared_distance(centre) >= min_distance * min_distance
            });
            let ssd = |source: &u32| patch_ssd(pixels, width, sample as usize, *source as usize, u32::MAX);
            assert_eq!(far.min_by_key(ssd), Some(matched));
        }
    }

    #[test]
    fn matches_are_independent_of_threads() {
        let level = stripes();
        assert_eq!(match_surroundings(&level, 1), match_surroundings(&level, 5));
    }

    #[test]
    fn frequent_offsets_come_first() {
        let level = stripes();
        let width = level.image.width as u32;
        let mut histogram = OffsetHistogram::new(&level);
        for (x, y, times) in [(20, 0, 2), (0, 30, 5), (21, 0, 1)] {
            (0..times).for_each(|_| histogram.count(width + 1, width + 1 + y * width + x));
        }
        let (right, down) = (Offset { x: 20, y: 0 }, Offset { x: 0, y: 30 });
        assert_eq!(histogram.peaks(9, &[])[..2], [down, right]);
        assert!(!histogram.peaks(9, &[down]).contains(&down));
        assert_eq!(histogram.peaks(1, &[]), [down]);
    }
}
