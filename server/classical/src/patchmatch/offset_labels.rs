//! Offset labels: every hole pixel of a level gets one of some candidate offsets, so that large pieces of the
//! surroundings are copied as a whole and meet where the difference is small (He and Sun 2012, section 3.2).
//!
//! The labels l minimise
//!
//! ```text
//! E(l) = sum_p D_p(l(p)) + sum over neighbours p, q of V_pq(l(p), l(q))
//! D_p(l)      = UNARY_WEIGHT * min(|mean(p) - mean(p + l)|^2, MAX_UNARY)
//!             + BORDER_WEIGHT * sum over known neighbours k of p of |I(k) - I(k + l)|^2
//! V_pq(l, m)  = |I(p + l) - I(p + m)|^2 + |I(q + l) - I(q + m)|^2
//! ```
//!
//! where I is colour and texture, and `mean` its mean over a patch, in the hole that of the completion so
//! far: the low frequencies decide which object belongs where. Minimised by alpha-expansion (Boykov, Veksler
//! and Zabih 2001), one minimum cut per label; V isn't a metric, so costs that would make a cut inexact are
//! truncated.

use iopaint_imaging::max_flow::FlowGraph;

use super::features::{DOWNSAMPLED_CHANNELS, Features};
use super::level::PyramidLevel;
use super::nearest_neighbour_field::NearestNeighbourField;
use super::offset_candidates::{Offset, candidate_offsets};
use super::patch_ssd::PATCH_RADIUS;

/// 1 / `UNARY_WEIGHT`. Chosen on both tuning parts of `make eval-removals` (docs/experiments.md), the two
/// constants below on the first one.
const UNARY_DIVISOR: i32 = 3;
/// Limit of the squared difference of means, in squared levels of 255 over five channels.
const MAX_UNARY: i32 = 12_000;
const BORDER_WEIGHT: i32 = 2;
/// Cost of an offset that leads outside the known pixels.
const INVALID_COST: i32 = 10_000_000;
/// Rounds of expansions, one per label.
const ROUNDS: usize = 2;
/// Distance in pixels of the level that a copied pixel keeps from the hole and the image's edge, so that the
/// offset can be refined by less than that at full size.
const CLEARANCE_PX: i32 = 1;
/// Candidates beyond those of [`candidate_offsets`] for pixels that none of them fills.
const MAX_EXTRA_OFFSETS: usize = 40;

/// The labels of a level's hole pixels.
pub(super) struct OffsetLabels {
    pub(super) offsets: Vec<Offset>,
    /// Index in `offsets` per hole pixel, in the order of `PyramidLevel::hole_pixels`.
    pub(super) labels: Vec<u16>,
}

/// Returns the labels of a minimum of E; `None` if some pixel can't be filled by any candidate. The colours
/// of the level's hole are those of the completion so far.
pub(super) fn offset_labels(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    threads: usize,
) -> Option<OffsetLabels> {
    let grid = Grid::new(level);
    let mut offsets = candidate_offsets(level, field, threads);
    grid.cover(&mut offsets, field)?;
    let unary = grid.unary_costs(&offsets);
    let copies = grid.copies(&offsets);
    let edges = grid.edges();
    let mut labels: Vec<u16> = (0..level.hole_pixels.len())
        .map(|node| {
            let costs = unary.iter().map(|costs| costs[node]).enumerate();
            costs
                .min_by_key(|(_, cost)| *cost)
                .map_or(0, |(label, _)| label as u16)
        })
        .collect();
    let mut energy = energy_of(&unary, &copies, &edges, &labels);
    // Expansions that the current labels have rejected; they needn't be tried again.
    let mut rejected = vec![false; offsets.len()];
    for _ in 0..ROUNDS {
        for alpha in 0..offsets.len() as u16 {
            if rejected[usize::from(alpha)] {
                continue;
            }
            let expanded = expand(&unary, &copies, &edges, &labels, alpha);
            let expanded_energy = energy_of(&unary, &copies, &edges, &expanded);
            if expanded_energy < energy {
                (labels, energy) = (expanded, expanded_energy);
                rejected.fill(false);
            } else {
                rejected[usize::from(alpha)] = true;
            }
        }
    }
    let filled = |(node, label): (usize, &u16)| unary[usize::from(*label)][node] < INVALID_COST;
    let all_filled = labels.iter().enumerate().all(filled);
    all_filled.then_some(OffsetLabels { offsets, labels })
}

/// The hole pixels as nodes of a grid.
struct Grid<'a> {
    level: &'a PyramidLevel,
    /// Mean features per pixel of the level.
    means: Vec<Features>,
    /// True for pixels that may be copied.
    copyable: Vec<bool>,
}

impl<'a> Grid<'a> {
    fn new(level: &'a PyramidLevel) -> Self {
        let (width, height) = (level.image.width as i32, level.image.height as i32);
        let is_clear = |at: usize| {
            let (x, y) = (at as i32 % width, at as i32 / width);
            let near = -CLEARANCE_PX..=CLEARANCE_PX;
            // One pixel more at the right and lower edge, where a block of the full size may be incomplete.
            x >= CLEARANCE_PX
                && y >= CLEARANCE_PX
                && x + CLEARANCE_PX + 1 < width
                && y + CLEARANCE_PX + 1 < height
                && near.clone().all(|dy| {
                    near.clone()
                        .all(|dx| !level.image.hole[((y + dy) * width + x + dx) as usize])
                })
        };
        Self {
            means: box_means(&level.image.pixels, level.image.width),
            copyable: (0..level.image.hole.len()).map(is_clear).collect(),
            level,
        }
    }

    /// Returns the pixel that `offset` leads to, or `None` outside the image.
    fn shifted(&self, at: usize, offset: Offset) -> Option<usize> {
        let (width, height) = (self.level.image.width as i32, self.level.image.height as i32);
        let x = at as i32 % width + offset.x;
        let y = at as i32 / width + offset.y;
        (0 <= x && x < width && 0 <= y && y < height).then_some((y * width + x) as usize)
    }

    fn is_valid(&self, at: usize, offset: Offset) -> bool {
        self.shifted(at, offset).is_some_and(|to| self.copyable[to])
    }

    /// Adds offsets of `field` for pixels without a valid candidate; `None` if there are too many of them.
    fn cover(&self, offsets: &mut Vec<Offset>, field: &NearestNeighbourField) -> Option<()> {
        let (level, most) = (self.level, offsets.len() + MAX_EXTRA_OFFSETS);
        let width = level.image.width as i32;
        for at in &level.hole_pixels {
            if offsets.iter().any(|offset| self.is_valid(*at as usize, *offset)) {
                continue;
            }
            let source = *field.sources.get(level.target_index(*at as usize)?)? as i32;
            let at = *at as i32;
            let offset = Offset {
                x: source % width - at % width,
                y: source / width - at / width,
            };
            offsets.push(offset);
            if offsets.len() > most || !self.is_valid(at as usize, offset) {
                return None;
            }
        }
        Some(())
    }

    /// Returns D per label and hole pixel.
    fn unary_costs(&self, offsets: &[Offset]) -> Vec<Vec<i32>> {
        let pixels = &self.level.image.pixels;
        let cost = |at: usize, offset: Offset| {
            let Some(to) = self.shifted(at, offset).filter(|to| self.copyable[*to]) else {
                return INVALID_COST;
            };
            let mut cost = difference(self.means[at], self.means[to]).min(MAX_UNARY) / UNARY_DIVISOR;
            for step in STEPS {
                let Some(known) = self
                    .shifted(at, step)
                    .filter(|known| !self.level.image.hole[*known])
                else {
                    continue;
                };
                if let Some(to) = self.shifted(known, offset) {
                    cost += BORDER_WEIGHT * difference(pixels[known], pixels[to]);
                }
            }
            cost
        };
        let holes = &self.level.hole_pixels;
        let costs = offsets
            .iter()
            .map(|offset| holes.iter().map(|at| cost(*at as usize, *offset)).collect());
        costs.collect()
    }

    /// Returns the pairs of neighbouring hole pixels, as indices of hole pixels.
    fn edges(&self) -> Vec<(u32, u32)> {
        let level = self.level;
        let mut nodes = vec![u32::MAX; level.image.hole.len()];
        for (node, at) in level.hole_pixels.iter().enumerate() {
            nodes[*at as usize] = node as u32;
        }
        let neighbours = |at: usize| STEPS[..2].iter().filter_map(move |step| self.shifted(at, *step));
        let edges = level.hole_pixels.iter().enumerate().flat_map(|(node, at)| {
            neighbours(*at as usize)
                .map(|to| nodes[to])
                .filter(|other| *other != u32::MAX)
                .map(move |other| (node as u32, other))
                .collect::<Vec<_>>()
        });
        edges.collect()
    }

    /// Returns, per label and hole pixel, the features that the label copies to the pixel; `None` outside
    /// the image.
    fn copies(&self, offsets: &[Offset]) -> Copies {
        let copy = |at: usize, offset: Offset| Some(self.level.image.pixels[self.shifted(at, offset)?]);
        let holes = &self.level.hole_pixels;
        let copies = offsets
            .iter()
            .map(|offset| holes.iter().map(|at| copy(*at as usize, *offset)).collect());
        copies.collect()
    }
}

/// The features that each label copies to each hole pixel.
type Copies = Vec<Vec<Option<Features>>>;

/// Returns V of two neighbours with the labels `a` and `b`.
fn seam_cost(copies: &Copies, nodes: (u32, u32), a: u16, b: u16) -> i32 {
    if a == b {
        return 0;
    }
    copy_difference(copies, nodes.0, a, b) + copy_difference(copies, nodes.1, a, b)
}

/// Returns the difference of the copies of two labels at a hole pixel.
fn copy_difference(copies: &Copies, node: u32, a: u16, b: u16) -> i32 {
    let copy = |label: u16| copies[usize::from(label)][node as usize];
    match (copy(a), copy(b)) {
        (Some(a), Some(b)) => difference(a, b),
        _ => 0,
    }
}

fn energy_of(unary: &[Vec<i32>], copies: &Copies, edges: &[(u32, u32)], labels: &[u16]) -> i64 {
    let own = labels.iter().enumerate();
    let own: i64 = own
        .map(|(node, label)| i64::from(unary[usize::from(*label)][node]))
        .sum();
    let label = |node: u32| labels[node as usize];
    let seams = edges.iter();
    own + seams
        .map(|(p, q)| i64::from(seam_cost(copies, (*p, *q), label(*p), label(*q))))
        .sum::<i64>()
}

/// Returns the best labels in which every pixel keeps its label or changes to `alpha`.
fn expand(unary: &[Vec<i32>], copies: &Copies, edges: &[(u32, u32)], labels: &[u16], alpha: u16) -> Vec<u16> {
    let mut graph = FlowGraph::new(labels.len(), edges.len());
    for (node, label) in labels.iter().enumerate() {
        let (stays, changes) = (unary[usize::from(*label)][node], unary[usize::from(alpha)][node]);
        graph.add_costs(node, stays, changes);
    }
    // A pixel that only its own label can fill keeps it: INVALID_COST exceeds all other costs at a pixel.
    let keeps = |node: u32, label: u16| {
        let cost = |label: u16| unary[usize::from(label)][node as usize];
        cost(alpha) >= INVALID_COST && cost(label) < INVALID_COST
    };
    for (p, q) in edges {
        let (at_p, at_q) = (labels[*p as usize], labels[*q as usize]);
        if at_p == alpha && at_q == alpha {
            continue;
        }
        let (p_keeps, q_keeps) = (keeps(*p, at_p), keeps(*q, at_q));
        if p_keeps && q_keeps {
            continue;
        }
        // Costs if none, the second or the first changes; both: 0.
        let second = seam_cost(copies, (*p, *q), at_p, alpha);
        let first = if at_p == at_q {
            second
        } else {
            seam_cost(copies, (*p, *q), alpha, at_q)
        };
        let none = seam_cost(copies, (*p, *q), at_p, at_q).min(first + second);
        if p_keeps {
            graph.add_costs(*q as usize, none, second);
        } else if q_keeps {
            graph.add_costs(*p as usize, none, first);
        } else {
            // The sink's side changes. The costs as terms of one node each and an edge (Kolmogorov and Zabih
            // 2004).
            graph.add_costs(*p as usize, none, first);
            graph.add_costs(*q as usize, first, 0);
            if first + second > none {
                graph.add_edge(*p as usize, *q as usize, first + second - none, 0);
            }
        }
    }
    let changes = graph.minimum_cut().into_iter().zip(labels);
    changes
        .map(|(changes, label)| if changes { alpha } else { *label })
        .collect()
}

/// Steps to the neighbours on the right, below, on the left and above.
const STEPS: [Offset; 4] = [
    Offset { x: 1, y: 0 },
    Offset { x: 0, y: 1 },
    Offset { x: -1, y: 0 },
    Offset { x: 0, y: -1 },
];

/// Returns the squared difference of colour and texture.
fn difference(a: Features, b: Features) -> i32 {
    let channels = a.into_iter().zip(b).take(DOWNSAMPLED_CHANNELS);
    channels.map(|(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
}

/// Returns the mean features of the square of [`PATCH_RADIUS`] around every pixel, clipped at the image's
/// edge.
fn box_means(pixels: &[Features], width: usize) -> Vec<Features> {
    let along = |values: &[[u32; DOWNSAMPLED_CHANNELS]],
                 step: usize,
                 length: usize|
     -> Vec<[u32; DOWNSAMPLED_CHANNELS]> {
        let mean = |at: usize| {
            let place = at / step % length;
            let first = place.saturating_sub(PATCH_RADIUS);
            let last = (place + PATCH_RADIUS).min(length - 1);
            let mut sums = [0; DOWNSAMPLED_CHANNELS];
            for other in first..=last {
                let value = &values[at + other * step - place * step];
                sums.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
            }
            sums.map(|sum| sum / (last + 1 - first) as u32)
        };
        (0..values.len()).map(mean).collect()
    };
    // In 1/256 of a level.
    let scaled = pixels.iter().map(|pixel| {
        let mut values = [0; DOWNSAMPLED_CHANNELS];
        values
            .iter_mut()
            .zip(pixel)
            .for_each(|(value, channel)| *value = u32::from(*channel) << 8);
        values
    });
    let scaled: Vec<_> = scaled.collect();
    let height = pixels.len() / width.max(1);
    let means = along(&along(&scaled, 1, width), width, height);
    let features = means.into_iter().map(|mean| {
        let mut features = Features::default();
        features
            .iter_mut()
            .zip(mean)
            .for_each(|(channel, value)| *channel = (value >> 8) as u8);
        features
    });
    features.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;
    use crate::patchmatch::nearest_neighbour_field::UNLIMITED_RADIUS;

    const SIDE_LENGTH: usize = 96;

    /// An image with a square hole whose pixels continue the image.
    fn level(grey: impl Fn(usize, usize) -> u8) -> PyramidLevel {
        let positions = (0..SIDE_LENGTH * SIDE_LENGTH).map(|at| (at % SIDE_LENGTH, at / SIDE_LENGTH));
        PyramidLevel::new(FeatureImage {
            width: SIDE_LENGTH,
            height: SIDE_LENGTH,
            pixels: positions
                .clone()
                .map(|(x, y)| features_from_rgb([grey(x, y); 3]))
                .collect(),
            hole: positions
                .map(|(x, y)| (36..60).contains(&x) && (36..60).contains(&y))
                .collect(),
        })
    }

    fn searched(level: &PyramidLevel) -> NearestNeighbourField {
        let mut field = NearestNeighbourField::random(level, 3).unwrap();
        field.run_patchmatch_iterations(level, UNLIMITED_RADIUS, 0..6, 3, 2);
        field
    }

    #[test]
    fn checks_are_continued() {
        let check = |x: usize, y: usize| {
            if (x / 4 + y / 4).is_multiple_of(2) {
                40
            } else {
                200
            }
        };
        let level = level(check);
        let OffsetLabels { offsets, labels } = offset_labels(&level, &searched(&level), 1).unwrap();
        for (at, label) in level.hole_pixels.iter().zip(labels) {
            let offset = offsets[usize::from(label)];
            let at = *at as i32;
            let x = (at % SIDE_LENGTH as i32 + offset.x) as usize;
            let y = (at / SIDE_LENGTH as i32 + offset.y) as usize;
            assert!(!level.image.hole[y * SIDE_LENGTH + x]);
            assert_eq!(check(x, y), level.image.pixels[at as usize][0]);
        }
    }

    #[test]
    fn expansion_never_raises_the_energy() {
        let level = level(|x, y| (x * x * 7 + y * y * 13 + x * y) as u8);
        let grid = Grid::new(&level);
        let offsets = candidate_offsets(&level, &searched(&level), 1);
        let (unary, copies, edges) = (grid.unary_costs(&offsets), grid.copies(&offsets), grid.edges());
        let nearest = |node: usize| {
            (0..offsets.len())
                .min_by_key(|label| unary[*label][node])
                .unwrap() as u16
        };
        let labels: Vec<u16> = (0..level.hole_pixels.len()).map(nearest).collect();
        let before = energy_of(&unary, &copies, &edges, &labels);
        for alpha in 0..offsets.len() as u16 {
            let expanded = expand(&unary, &copies, &edges, &labels, alpha);
            assert!(
                labels
                    .iter()
                    .zip(&expanded)
                    .all(|(old, new)| old == new || *new == alpha)
            );
            assert!(energy_of(&unary, &copies, &edges, &expanded) <= before);
        }
    }

    #[test]
    fn hole_without_copyable_pixels_has_no_labels() {
        let positions = (0..24 * 24).map(|at| (at % 24, at / 24));
        let level = PyramidLevel::new(FeatureImage {
            width: 24,
            height: 24,
            pixels: vec![features_from_rgb([90; 3]); 24 * 24],
            hole: positions.map(|(x, y)| (8..24).contains(&x) && y < 24).collect(),
        });
        let field = NearestNeighbourField::random(&level, 1).unwrap();
        assert!(offset_labels(&level, &field, 1).is_none());
    }
}
