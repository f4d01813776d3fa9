//! What the patches say about the hole's pixels.

use super::distance::{RADIUS, SIDE};
use super::field::Field;
use super::level::Level;
use super::parallel::for_each;
use super::pixel::{Estimate, VOTED};

/// Pixels that one thread averages at a time.
const PIECE: usize = 2048;

/// The pixels at `places` as the targets that cover them have it (Wexler, Shechtman and Irani 2007): each says what
/// stands in its known patch in the pixel's place, and the average is taken. Targets count by their confidence, and by
/// how well they match in comparison with the others that cover the pixel; `sharpness` says how steeply. Places that
/// no target covers keep their estimate.
pub(super) fn vote(
    level: &Level,
    field: &Field,
    sharpness: f32,
    threads: usize,
    places: &[u32],
    estimates: &mut [Estimate],
) {
    let pieces = places.chunks(PIECE).zip(estimates.chunks_mut(PIECE));
    for_each(threads, pieces.collect(), |(places, estimates)| {
        for (place, estimate) in places.iter().zip(estimates) {
            let votes = votes_for(level, field, *place as usize);
            if let Some(found) = average(level, &votes, sharpness) {
                *estimate = found;
            }
        }
    });
}

/// What one target says.
#[derive(Clone, Copy, Default)]
struct Vote {
    /// The pixel that stands in the place.
    pixel: usize,
    cost: u32,
    confidence: f32,
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
                confidence: level.confidence.get(target).copied().unwrap_or_default(),
            };
            votes.count += 1;
        }
    }
    votes
}

/// The weighted average; `None` where nobody votes.
fn average(level: &Level, votes: &Votes, sharpness: f32) -> Option<Estimate> {
    let least = votes.iter().map(|vote| vote.cost).min()?;
    let sum: f32 = votes.iter().map(|vote| vote.cost as f32).sum();
    let steepness = sharpness * votes.count as f32 / (sum + 1.0);
    let (mut total, mut estimate) = (0.0, [0.0; VOTED]);
    for vote in votes.iter() {
        let weight = vote.confidence * (-steepness * (vote.cost - least) as f32).exp();
        total += weight;
        let pixel = level.canvas.pixels.get(vote.pixel)?;
        for (sum, value) in estimate.iter_mut().zip(pixel) {
            *sum += weight * f32::from(*value);
        }
    }
    (total > 0.0).then(|| estimate.map(|sum| sum / total))
}
