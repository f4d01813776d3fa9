//! The nearest-neighbour field: for every target the known patch that is most like it.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instructions of the search that calls it"
)]

use super::distance::{RADIUS, distance};
use super::level::{Canvas, Level};
use super::parallel::for_each;
use super::random::Random;
use iopaint_imaging::simd_dispatch::{Work, run_wide};

/// Rows that are searched one after the other; bands of them are searched side by side.
const BAND: usize = 16;
/// A reach that leaves nothing of the image out.
pub(super) const EVERYWHERE: usize = usize::MAX;

/// The best known patch of every target, by its centre, and how unlike it is.
pub(super) struct Field {
    pub(super) source: Vec<u32>,
    pub(super) cost: Vec<u32>,
}

impl Field {
    /// A field of sources taken at random; `None` where there are none.
    pub(super) fn random(level: &Level, seed: u64) -> Option<Self> {
        let pick = picks(level, seed)?;
        Some(Self::of((0..level.targets.len()).map(pick).collect()))
    }

    /// This field, which is that of `coarse`, for a level of twice the size: each target takes the offset to the
    /// known patch, twice as long. Where that leads nowhere, a source is taken at random.
    pub(super) fn doubled(&self, coarse: &Level, fine: &Level, seed: u64) -> Option<Self> {
        let pick = picks(fine, seed)?;
        let (width, coarse_width) = (fine.canvas.width, coarse.canvas.width);
        let offset = |target: usize| {
            let (x, y) = (target % width, target / width);
            let half_x = inside(x / 2, coarse_width);
            let half_y = inside(y / 2, coarse.canvas.height);
            let half = coarse.target(half_y * coarse_width + half_x)?;
            let found = *self.source.get(half)? as usize;
            let (found_x, found_y) = (found % coarse_width, found / coarse_width);
            let x = inside((x + 2 * found_x).saturating_sub(2 * half_x), width);
            let y = inside((y + 2 * found_y).saturating_sub(2 * half_y), fine.canvas.height);
            fine.is_source(y * width + x).then_some((y * width + x) as u32)
        };
        let source = fine.targets.iter().enumerate();
        let source = source.map(|(own, target)| offset(*target as usize).unwrap_or_else(|| pick(own)));
        Some(Self::of(source.collect()))
    }

    /// Sources that haven't been compared with their targets yet.
    fn of(source: Vec<u32>) -> Self {
        Self {
            cost: vec![u32::MAX; source.len()],
            source,
        }
    }

    /// One round of `PatchMatch` (Barnes, Shechtman, Finkelstein and Goldman 2009): each target tries what its
    /// neighbours found, then known patches at random distances from its own, at first up to `reach` pixels and then
    /// nearer and nearer. Rounds go forward and backward in turn. Of another band the targets count as they were
    /// before the round, so that bands are independent of each other and of the number of threads.
    pub(super) fn improve(&mut self, level: &Level, reach: usize, round: u64, seed: u64, threads: usize) {
        let before = self.source.clone();
        let (mut sources, mut costs) = (self.source.as_mut_slice(), self.cost.as_mut_slice());
        let mut first = 0;
        let mut bands = Vec::new();
        let band_of = |target: &u32| *target as usize / level.canvas.width / BAND;
        for targets in level.targets.chunk_by(|a, b| band_of(a) == band_of(b)) {
            let (source, more_sources) = std::mem::take(&mut sources).split_at_mut(targets.len());
            let (cost, more_costs) = std::mem::take(&mut costs).split_at_mut(targets.len());
            (sources, costs) = (more_sources, more_costs);
            bands.push(Search {
                level,
                before: &before,
                first,
                targets,
                source,
                cost,
                reach,
                round,
                seed,
            });
            first += targets.len();
        }
        for_each(threads, bands, run_wide);
    }
}

/// A source for each target, by its number, taken at random; `None` where there are none.
fn picks(level: &Level, seed: u64) -> Option<impl Fn(usize) -> u32> {
    let sources: Vec<u32> = level.sources().collect();
    let first = *sources.first()?;
    Some(move |target| {
        let at = Random::at(seed, 0, target as u64).below(sources.len());
        sources.get(at).copied().unwrap_or(first)
    })
}

/// The nearest coordinate whose patch is inside a side of `length` pixels.
fn inside(value: usize, length: usize) -> usize {
    value.min(length.saturating_sub(RADIUS + 1)).max(RADIUS)
}

/// The search in one band.
struct Search<'a> {
    level: &'a Level,
    /// All sources as they were before the round.
    before: &'a [u32],
    /// The number of the band's first target.
    first: usize,
    targets: &'a [u32],
    source: &'a mut [u32],
    cost: &'a mut [u32],
    reach: usize,
    round: u64,
    seed: u64,
}

/// The best patch so far and its distance.
#[derive(Clone, Copy)]
struct Best {
    at: usize,
    cost: u32,
}

impl Work for Search<'_> {
    #[inline(always)]
    fn run(mut self) {
        let backward = self.round % 2 == 1;
        for step in 0..self.targets.len() {
            let own = if backward {
                self.targets.len() - 1 - step
            } else {
                step
            };
            self.target(own, backward);
        }
    }
}

impl Search<'_> {
    #[inline(always)]
    fn target(&mut self, own: usize, backward: bool) {
        let (Some(target), Some(at)) = (self.targets.get(own), self.source.get(own)) else {
            return;
        };
        let (target, at) = (*target as usize, *at as usize);
        let Canvas { width, height, .. } = self.level.canvas;
        let mut best = Best {
            at,
            cost: distance(&self.level.canvas.pixels, width, target, at, u32::MAX),
        };
        for apart in [1, width] {
            let (neighbour, back) = if backward {
                (target + apart, apart)
            } else {
                (target - apart, 0)
            };
            if let Some(found) = self.found_by(neighbour) {
                let candidate = (found + if backward { 0 } else { apart }).saturating_sub(back);
                self.attempt(target, candidate, &mut best);
            }
        }
        let mut random = Random::at(self.seed, self.round, (self.first + own) as u64);
        let mut radius = width.max(height).min(self.reach);
        while radius > 0 {
            let x = near(&mut random, best.at % width, radius, width);
            let y = near(&mut random, best.at / width, radius, height);
            self.attempt(target, y * width + x, &mut best);
            radius /= 2;
        }
        if let (Some(source), Some(cost)) = (self.source.get_mut(own), self.cost.get_mut(own)) {
            (*source, *cost) = (best.at as u32, best.cost);
        }
    }

    /// The source of the target at the pixel `at`.
    #[inline(always)]
    fn found_by(&self, at: usize) -> Option<usize> {
        let target = self.level.target(at)?;
        let own = target
            .checked_sub(self.first)
            .and_then(|own| self.source.get(own));
        own.or_else(|| self.before.get(target))
            .map(|found| *found as usize)
    }

    #[inline(always)]
    fn attempt(&self, target: usize, candidate: usize, best: &mut Best) {
        if candidate == best.at || !self.level.is_source(candidate) {
            return;
        }
        let Canvas { width, pixels, .. } = &self.level.canvas;
        let cost = distance(pixels, *width, target, candidate, best.cost);
        if cost < best.cost {
            *best = Best { at: candidate, cost };
        }
    }
}

/// A coordinate at most `radius` from `centre` whose patch is inside a side of `length` pixels.
#[inline(always)]
fn near(random: &mut Random, centre: usize, radius: usize, length: usize) -> usize {
    let low = inside(centre.saturating_sub(radius), length);
    let high = inside(centre + radius, length);
    low + random.below(high + 1 - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::pixel::coloured;

    /// A pattern that repeats every `period` pixels, with a square hole in it. The hole's pixels are as they should be.
    fn periodic(period: usize) -> Level {
        let side = 64;
        let places = (0..side * side).map(|at| (at % side, at / side));
        let value = |x: usize, y: usize| ((x % period * 37 + y % period * 91) % 256) as u8;
        Level::new(Canvas {
            width: side,
            height: side,
            pixels: places.clone().map(|(x, y)| coloured([value(x, y); 3])).collect(),
            hole: places
                .map(|(x, y)| (24..36).contains(&x) && (24..36).contains(&y))
                .collect(),
        })
    }

    fn searched(level: &Level, threads: usize) -> Field {
        let mut field = Field::random(level, 3).unwrap();
        for round in 0..8 {
            field.improve(level, EVERYWHERE, round, 3, threads);
        }
        field
    }

    #[test]
    fn the_search_finds_equal_patches_where_there_are_some() {
        let level = periodic(8);
        let field = searched(&level, 1);
        let equal = field.cost.iter().filter(|cost| **cost == 0).count();
        assert!(
            equal * 10 >= field.cost.len() * 9,
            "{equal} of {}",
            field.cost.len()
        );
        assert!(
            field
                .source
                .iter()
                .all(|source| level.is_source(*source as usize))
        );
    }

    #[test]
    fn the_field_is_the_same_on_any_number_of_threads() {
        let level = periodic(13);
        let one = searched(&level, 1);
        for threads in [2, 5] {
            let more = searched(&level, threads);
            assert_eq!((&one.source, &one.cost), (&more.source, &more.cost));
        }
    }

    #[test]
    fn a_doubled_field_keeps_the_offsets() {
        let (coarse, fine) = (periodic(8), periodic(8));
        let field = searched(&coarse, 1);
        let doubled = field.doubled(&coarse, &fine, 3).unwrap();
        assert!(
            doubled
                .source
                .iter()
                .all(|source| fine.is_source(*source as usize))
        );
        assert_eq!(doubled.source.len(), fine.targets.len());
    }
}
