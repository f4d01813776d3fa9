//! One `PatchMatch` iteration (Barnes, Shechtman, Finkelstein and Goldman 2009, section 3.2) over a band of
//! rows.
//!
//! Targets are visited in scan order, alternating forward and backward between iterations. Each target
//! improves its source first by propagation, then by random search.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the search that calls it"
)]

use iopaint_imaging::simd_dispatch::SimdKernel;

use super::feature_image::FeatureImage;
use super::level::PyramidLevel;
use super::patch_ssd::{clamp_centre, patch_ssd};
use super::random::PatchRng;

/// The search in one band.
pub(super) struct BandSearch<'a> {
    pub(super) level: &'a PyramidLevel,
    /// The sources of all targets before the iteration.
    pub(super) previous: &'a [u32],
    /// Index of the band's first target.
    pub(super) first_target: usize,
    /// The band's targets, and below them their sources and SSDs.
    pub(super) targets: &'a [u32],
    pub(super) sources: &'a mut [u32],
    pub(super) ssds: &'a mut [u32],
    pub(super) options: IterationOptions,
}

/// Settings of one iteration.
#[derive(Clone, Copy)]
pub(super) struct IterationOptions {
    /// The largest random-search radius, in pixels.
    pub(super) max_radius: usize,
    pub(super) iteration: u64,
    pub(super) seed: u64,
    /// True if the stored SSDs are those of the level's colours.
    pub(super) ssds_are_current: bool,
}

/// The best source so far: the centre of its patch and its SSD to the target.
#[derive(Clone, Copy)]
struct Match {
    source: usize,
    ssd: u32,
}

impl SimdKernel for BandSearch<'_> {
    #[inline(always)]
    fn run(mut self) {
        let backward = self.options.iteration % 2 == 1;
        for step in 0..self.targets.len() {
            let own = if backward {
                self.targets.len() - 1 - step
            } else {
                step
            };
            self.improve(own, backward);
        }
    }
}

impl BandSearch<'_> {
    /// Improves the match of the target with index `own` in the band.
    #[inline(always)]
    fn improve(&mut self, own: usize, backward: bool) {
        let stored = self.sources.get(own).zip(self.ssds.get(own));
        let (Some(target), Some((source, ssd))) = (self.targets.get(own), stored) else {
            return;
        };
        let (target, source) = (*target as usize, *source as usize);
        let FeatureImage { width, pixels, .. } = &self.level.image;
        let mut best = Match {
            source,
            ssd: if self.options.ssds_are_current {
                *ssd
            } else {
                patch_ssd(pixels, *width, target, source, u32::MAX)
            },
        };
        self.propagate(target, backward, &mut best);
        self.search_randomly(own, target, &mut best);
        if let (Some(source), Some(ssd)) = (self.sources.get_mut(own), self.ssds.get_mut(own)) {
            (*source, *ssd) = (best.source as u32, best.ssd);
        }
    }

    /// Tries the offsets of the two neighbours visited before: left and upper, or right and lower when
    /// scanning backward.
    #[inline(always)]
    fn propagate(&self, target: usize, backward: bool, best: &mut Match) {
        for step in [1, self.level.image.width] {
            let (neighbour, back) = if backward {
                (target + step, step)
            } else {
                (target - step, 0)
            };
            if let Some(source) = self.source_of(neighbour) {
                let candidate = (source + if backward { 0 } else { step }).saturating_sub(back);
                self.try_candidate(target, candidate, best);
            }
        }
    }

    /// Tries random sources around the best one, within a search radius that starts at the image's longer
    /// side or `max_radius` and halves down to one pixel.
    #[inline(always)]
    fn search_randomly(&self, own: usize, target: usize, best: &mut Match) {
        let FeatureImage { width, height, .. } = self.level.image;
        let mut rng = PatchRng::new(
            self.options.seed,
            self.options.iteration,
            (self.first_target + own) as u64,
        );
        let (mut best_x, mut best_y) = (best.source % width, best.source / width);
        let mut radius = width.max(height).min(self.options.max_radius);
        while radius > 0 {
            let x = random_centre(&mut rng, best_x, radius, width);
            let y = random_centre(&mut rng, best_y, radius, height);
            if self.try_candidate(target, y * width + x, best) {
                (best_x, best_y) = (x, y);
            }
            radius /= 2;
        }
    }

    /// Returns the source of the target centred on the pixel `at`: the current one within the band, else the
    /// previous one.
    #[inline(always)]
    fn source_of(&self, at: usize) -> Option<usize> {
        let target = self.level.target_index(at)?;
        let current = target
            .checked_sub(self.first_target)
            .and_then(|own| self.sources.get(own));
        current
            .or_else(|| self.previous.get(target))
            .map(|source| *source as usize)
    }

    /// Takes `candidate` as the best source if it is a source patch with a smaller SSD. Returns true if so.
    #[inline(always)]
    fn try_candidate(&self, target: usize, candidate: usize, best: &mut Match) -> bool {
        if candidate == best.source || !self.level.is_source(candidate) {
            return false;
        }
        let FeatureImage { width, pixels, .. } = &self.level.image;
        let ssd = patch_ssd(pixels, *width, target, candidate, best.ssd);
        let is_better = ssd < best.ssd;
        if is_better {
            *best = Match {
                source: candidate,
                ssd,
            };
        }
        is_better
    }
}

/// Returns a random coordinate within `radius` of `centre` whose patch lies inside a side of `length` pixels.
#[inline(always)]
fn random_centre(rng: &mut PatchRng, centre: usize, radius: usize, length: usize) -> usize {
    let low = clamp_centre(centre.saturating_sub(radius), length);
    let high = clamp_centre(centre + radius, length);
    low + rng.below(high + 1 - low)
}
