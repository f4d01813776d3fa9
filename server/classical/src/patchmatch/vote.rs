//! What the patches say about the hole's pixels.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instructions of the piece that calls it"
)]

use super::distance::{RADIUS, SIDE};
use super::field::Field;
use super::level::Level;
use super::parallel::{PIECE, for_each};
use super::pixel::{COLOURS, Colours, PARTS};
use iopaint_imaging::simd_dispatch::{Work, run_wide};

/// How steeply a patch's word counts less the deeper its centre lies in the hole: a pixel makes it 1.2 times as little.
const FALLOFF: f32 = 0.1823;

/// The pixels at `places` as the targets that cover them have it (Wexler, Shechtman and Irani 2007): each says what
/// stands in its known patch in the pixel's place, and the average is taken. Targets count by how deep they are in the
/// hole and by how well they match, both in comparison with the others that cover the pixel; `sharpness` says how
/// steeply they count by their match. Places that no target covers keep their estimate.
pub(super) fn vote(
    level: &Level,
    field: &Field,
    sharpness: f32,
    threads: usize,
    places: &[u32],
    estimates: &mut [Colours],
) {
    let pieces = places.chunks(PIECE).zip(estimates.chunks_mut(PIECE));
    let pieces = pieces.map(|(places, estimates)| Piece {
        level,
        field,
        sharpness,
        places,
        estimates,
    });
    for_each(threads, pieces.collect(), run_wide);
}

/// The pixels that one thread averages at a time.
struct Piece<'a> {
    level: &'a Level,
    field: &'a Field,
    sharpness: f32,
    places: &'a [u32],
    estimates: &'a mut [Colours],
}

impl Work for Piece<'_> {
    // The parts of a pixel are summed side by side, each in the same order.
    #[inline(always)]
    fn run(self) {
        for (place, estimate) in self.places.iter().zip(self.estimates) {
            let votes = votes_for(self.level, self.field, *place as usize);
            if let Some(found) = average(self.level, &votes, self.sharpness) {
                *estimate = found;
            }
        }
    }
}

/// What one target says.
#[derive(Clone, Copy, Default)]
struct Vote {
    /// The pixel that stands in the place.
    pixel: usize,
    cost: u32,
    depth: f32,
}

struct Votes {
    votes: [Vote; SIDE * SIDE],
    count: usize,
}

impl Votes {
    fn iter(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().take(self.count)
    }
}

#[inline(always)]
fn votes_for(level: &Level, field: &Field, place: usize) -> Votes {
    let width = level.canvas.width;
    let (x, y) = (place % width, place / width);
    let mut votes = Votes {
        votes: [Vote::default(); SIDE * SIDE],
        count: 0,
    };
    let mut slots = votes.votes.iter_mut();
    for row in y.saturating_sub(RADIUS)..=y + RADIUS {
        for column in x.saturating_sub(RADIUS)..=(x + RADIUS).min(width - 1) {
            let centre = row * width + column;
            let Some(target) = level.target(centre) else {
                continue;
            };
            let found = field.source.get(target).zip(field.cost.get(target));
            let (Some((source, cost)), Some(slot)) = (found, slots.next()) else {
                continue;
            };
            *slot = Vote {
                pixel: *source as usize + place - centre,
                cost: *cost,
                depth: level.depth.get(target).copied().unwrap_or_default(),
            };
            votes.count += 1;
        }
    }
    votes
}

/// The weighted average; `None` where nobody votes.
#[inline(always)]
fn average(level: &Level, votes: &Votes, sharpness: f32) -> Option<Colours> {
    let least = votes.iter().map(|vote| vote.cost).min()?;
    // Any of them does for comparison: all lie within a patch's side of each other.
    let depth = votes.iter().next()?.depth;
    let sum: f32 = votes.iter().map(|vote| vote.cost as f32).sum();
    let steepness = sharpness * votes.count as f32 / (sum + 1.0);
    // Before the sums, which can then stay in registers.
    let mut weights = [0.0; SIDE * SIDE];
    for (weight, vote) in weights.iter_mut().zip(votes.iter()) {
        let deeper = FALLOFF * (vote.depth - depth);
        *weight = (-steepness * (vote.cost - least) as f32 - deeper).exp();
    }
    let (mut total, mut sums) = (0.0, [0.0; PARTS]);
    for (weight, vote) in weights.iter().zip(votes.iter()) {
        total += weight;
        let pixel = level.canvas.pixels.get(vote.pixel)?;
        // All parts, also those that aren't voted on: eight are summed at once.
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += weight * f32::from(*value);
        }
    }
    let estimate = sums.first_chunk::<COLOURS>()?;
    Some(estimate.map(|sum| sum / total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::level::Canvas;
    use crate::patchmatch::pixel::coloured;

    #[test]
    fn the_middle_of_a_deep_hole_is_voted_on() {
        let (side, known) = (1300, 20);
        let inside = known..side - known;
        let places = (0..side * side).map(|at| (at % side, at / side));
        let level = Level::new(Canvas {
            width: side,
            height: side,
            pixels: vec![coloured([200; 3]); side * side],
            hole: places
                .map(|(x, y)| inside.contains(&x) && inside.contains(&y))
                .collect(),
        });
        let field = Field::random(&level, 1).unwrap();
        let middle = (side / 2 * side + side / 2) as u32;
        let mut estimates = [[0.0; COLOURS]];
        vote(&level, &field, 1.0, 1, &[middle], &mut estimates);
        assert!((estimates[0][0] - 200.0).abs() < 0.01, "{estimates:?}");
    }
}
