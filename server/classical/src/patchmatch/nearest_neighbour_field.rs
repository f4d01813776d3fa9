//! The nearest-neighbour field: for every target patch, its most similar source patch found so far.

use std::ops::Range;

use iopaint_imaging::simd_dispatch::run_wide;

use super::level::PyramidLevel;
use super::parallel::for_each_piece;
use super::patch_ssd::clamp_centre;
use super::patchmatch_iteration::{BandSearch, IterationOptions};
use super::random::PatchRng;

/// Rows of a band: bands are searched in parallel, and targets within a band in scan order.
const BAND_ROWS: usize = 16;
/// A maximum search radius, in pixels, that covers the whole image.
pub(super) const UNLIMITED_RADIUS: usize = usize::MAX;

/// The nearest-neighbour field of a level, indexed like `PyramidLevel::targets`. Barnes et al. store offsets;
/// here the offset of a target is its source's position minus its own.
pub(super) struct NearestNeighbourField {
    /// Centre of the source patch, as a pixel index.
    pub(super) sources: Vec<u32>,
    /// Patch SSD to that source, with the hole's colours of the last iteration; `u32::MAX` before the first.
    pub(super) ssds: Vec<u32>,
}

impl NearestNeighbourField {
    /// Returns a field of uniformly random sources; `None` if the level has no sources.
    pub(super) fn random(level: &PyramidLevel, seed: u64) -> Option<Self> {
        let pick = random_source(level, seed)?;
        Some(Self::unevaluated((0..level.targets.len()).map(pick).collect()))
    }

    /// Returns this field, which belongs to `coarse`, upsampled to `fine`, the level of twice the size. Each
    /// target takes twice the offset of the coarse target at its half position, or a random source if that
    /// offset leads to no source patch. `None` if `fine` has no sources.
    pub(super) fn upsampled(&self, coarse: &PyramidLevel, fine: &PyramidLevel, seed: u64) -> Option<Self> {
        let pick = random_source(fine, seed)?;
        let (width, height) = (fine.image.width, fine.image.height);
        let (coarse_width, coarse_height) = (coarse.image.width, coarse.image.height);
        let source_by_offset = |target: usize| {
            let (x, y) = (target % width, target / width);
            let half_x = clamp_centre(x / 2, coarse_width);
            let half_y = clamp_centre(y / 2, coarse_height);
            let half = coarse.target_index(half_y * coarse_width + half_x)?;
            let source = *self.sources.get(half)? as usize;
            let (source_x, source_y) = (source % coarse_width, source / coarse_width);
            let x = clamp_centre((x + 2 * source_x).saturating_sub(2 * half_x), width);
            let y = clamp_centre((y + 2 * source_y).saturating_sub(2 * half_y), height);
            fine.is_source(y * width + x).then_some((y * width + x) as u32)
        };
        let targets = fine.targets.iter().enumerate();
        let sources =
            targets.map(|(index, target)| source_by_offset(*target as usize).unwrap_or_else(|| pick(index)));
        Some(Self::unevaluated(sources.collect()))
    }

    fn unevaluated(sources: Vec<u32>) -> Self {
        Self {
            ssds: vec![u32::MAX; sources.len()],
            sources,
        }
    }

    /// Runs `PatchMatch` iterations (see `patchmatch_iteration.rs`) with random search up to `max_radius`
    /// pixels. The hole's colours may have changed since the last call.
    ///
    /// The number of an iteration selects the scan order (even: forward, odd: backward) and the random
    /// numbers. Propagation across bands reads the field as it was before the iteration, so the result
    /// doesn't depend on `threads`.
    pub(super) fn run_patchmatch_iterations(
        &mut self,
        level: &PyramidLevel,
        max_radius: usize,
        iterations: Range<u64>,
        seed: u64,
        threads: usize,
    ) {
        let first = iterations.start;
        for iteration in iterations {
            let search = IterationOptions {
                max_radius,
                iteration,
                seed,
                ssds_are_current: iteration > first,
            };
            self.run_patchmatch_iteration(level, search, threads);
        }
    }

    fn run_patchmatch_iteration(&mut self, level: &PyramidLevel, options: IterationOptions, threads: usize) {
        let previous = self.sources.clone();
        let (mut sources_left, mut ssds_left) = (self.sources.as_mut_slice(), self.ssds.as_mut_slice());
        let mut first_target = 0;
        let mut bands = Vec::new();
        let band_of = |target: &u32| *target as usize / level.image.width / BAND_ROWS;
        for targets in level.targets.chunk_by(|a, b| band_of(a) == band_of(b)) {
            let (sources, more_sources) = std::mem::take(&mut sources_left).split_at_mut(targets.len());
            let (ssds, more_ssds) = std::mem::take(&mut ssds_left).split_at_mut(targets.len());
            (sources_left, ssds_left) = (more_sources, more_ssds);
            bands.push(BandSearch {
                level,
                previous: &previous,
                first_target,
                targets,
                sources,
                ssds,
                options,
            });
            first_target += targets.len();
        }
        for_each_piece(threads, bands, run_wide);
    }
}

/// Returns a function from a target's index to a uniformly random source; `None` if the level has no sources.
fn random_source(level: &PyramidLevel, seed: u64) -> Option<impl Fn(usize) -> u32> {
    let sources: Vec<u32> = level.sources().collect();
    let first = *sources.first()?;
    Some(move |target| {
        let at = PatchRng::new(seed, 0, target as u64).below(sources.len());
        sources.get(at).copied().unwrap_or(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;
    use crate::patchmatch::patch_ssd::patch_ssd;

    /// A pattern that repeats every `period` pixels, with a square hole whose pixels continue the pattern.
    fn periodic(period: usize) -> PyramidLevel {
        let side = 64;
        let positions = (0..side * side).map(|at| (at % side, at / side));
        let value = |x: usize, y: usize| ((x % period * 37 + y % period * 91) % 256) as u8;
        PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: positions
                .clone()
                .map(|(x, y)| features_from_rgb([value(x, y); 3]))
                .collect(),
            hole: positions
                .map(|(x, y)| (24..36).contains(&x) && (24..36).contains(&y))
                .collect(),
        })
    }

    fn searched(level: &PyramidLevel, threads: usize) -> NearestNeighbourField {
        let mut field = NearestNeighbourField::random(level, 3).unwrap();
        field.run_patchmatch_iterations(level, UNLIMITED_RADIUS, 0..8, 3, threads);
        field
    }

    #[test]
    fn search_finds_identical_patches() {
        let level = periodic(8);
        let field = searched(&level, 1);
        let equal = field.ssds.iter().filter(|ssd| **ssd == 0).count();
        assert!(
            equal * 10 >= field.ssds.len() * 9,
            "{equal} of {}",
            field.ssds.len()
        );
        assert!(
            field
                .sources
                .iter()
                .all(|source| level.is_source(*source as usize))
        );
    }

    #[test]
    fn field_is_independent_of_threads() {
        let level = periodic(13);
        let one = searched(&level, 1);
        for threads in [2, 5] {
            let more = searched(&level, threads);
            assert_eq!((&one.sources, &one.ssds), (&more.sources, &more.ssds));
        }
    }

    #[test]
    fn kept_ssds_equal_recomputed_ones() {
        let level = periodic(13);
        let mut single = NearestNeighbourField::random(&level, 3).unwrap();
        for iteration in 0..8 {
            single.run_patchmatch_iterations(&level, UNLIMITED_RADIUS, iteration..iteration + 1, 3, 1);
        }
        let kept = searched(&level, 1);
        assert_eq!((&kept.sources, &kept.ssds), (&single.sources, &single.ssds));
    }

    #[test]
    fn changed_colours_change_ssds() {
        let mut level = periodic(8);
        let mut field = searched(&level, 1);
        level.write_colours(&vec![[255.0; 3]; level.hole_pixels.len()]);
        field.run_patchmatch_iterations(&level, UNLIMITED_RADIUS, 8..9, 3, 1);
        let FeatureImage { width, pixels, .. } = &level.image;
        for ((target, source), ssd) in level.targets.iter().zip(&field.sources).zip(&field.ssds) {
            let expected = patch_ssd(pixels, *width, *target as usize, *source as usize, u32::MAX);
            assert_eq!(*ssd, expected);
        }
    }

    /// A grey level with a hole where `hole` is true.
    fn grey(side: usize, hole: impl Fn(usize, usize) -> bool) -> PyramidLevel {
        let positions = (0..side * side).map(|at| (at % side, at / side));
        PyramidLevel::new(FeatureImage {
            width: side,
            height: side,
            pixels: vec![features_from_rgb([100; 3]); side * side],
            hole: positions.map(|(x, y)| hole(x, y)).collect(),
        })
    }

    /// A field in which every source lies 20 pixels to the right of its target.
    fn shifted_right(level: &PyramidLevel) -> NearestNeighbourField {
        let sources: Vec<u32> = level.targets.iter().map(|target| target + 20).collect();
        assert!(sources.iter().all(|source| level.is_source(*source as usize)));
        NearestNeighbourField::unevaluated(sources)
    }

    #[test]
    fn upsampling_doubles_offsets() {
        let inside = |range: std::ops::Range<usize>, x, y| range.contains(&x) && range.contains(&y);
        let coarse = grey(64, |x, y| inside(24..36, x, y));
        let fine = grey(128, |x, y| inside(48..72, x, y));
        let field = shifted_right(&coarse).upsampled(&coarse, &fine, 3).unwrap();
        let expected: Vec<u32> = fine.targets.iter().map(|target| target + 40).collect();
        assert_eq!(field.sources, expected);
    }

    #[test]
    fn upsampling_replaces_invalid_offsets() {
        let in_first = |x: usize, y: usize| (48..72).contains(&x) && (48..72).contains(&y);
        // 40 pixels right of the lower half of the first hole.
        let in_second = |x: usize, y: usize| (88..112).contains(&x) && (60..72).contains(&y);
        let coarse = grey(64, |x, y| in_first(2 * x, 2 * y));
        let fine = grey(128, |x, y| in_first(x, y) || in_second(x, y));
        let field = shifted_right(&coarse).upsampled(&coarse, &fine, 3).unwrap();
        assert_eq!(field.sources.len(), fine.targets.len());
        let is_source = |at: u32| fine.is_source(at as usize);
        assert!(field.sources.iter().all(|source| is_source(*source)));
        let kept = fine.targets.iter().zip(&field.sources);
        let kept = kept.filter(|(target, _)| is_source(*target + 40) && **target % 128 < 75);
        assert!(kept.clone().count() > 300);
        assert!(kept.into_iter().all(|(target, source)| *source == target + 40));
    }
}
