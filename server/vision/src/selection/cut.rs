//! Segmentation by colour models and minimum cuts: "Interactive Graph Cuts" (Boykov and Jolly, 2001) and
//! "`GrabCut`" (Rother, Kolmogorov and Blake, 2004), with a soft mask as a further term of the energy.
//!
//! The labels x (1 = object) of the cells minimise
//!
//! ```text
//! E(x) = sum_p x(p) * (colour * (cost_object(p) - cost_background(p)) - prior * log_odds(p))
//!      + sum over 8-neighbours p, q with x(p) != x(q) of
//!        smoothness * exp(-|c(p) - c(q)|^2 / (2 mean)) / |p - q|
//! ```
//!
//! with the costs of two mixtures of Gaussians, estimated in turns with the labels.

mod graph;

use self::graph::CellGraph;
use super::frame::Frame;
use super::layers::SELECTED;
use super::mixture::Mixture;
use super::regions::{components, neighbours};

/// A cut differs from a soft mask by its outline only within this many cells of the mask's outline.
const OUTLINE: usize = 2;
/// Within [`OUTLINE`], the outline of the cut is used if it costs less than this fraction of the mask's, i.e.
/// if it is on clearer edges of the image. Chosen between 0.5 and 0.8 on 37 composites of other objects than
/// those of models/eval/selection.
const CLEARER: f32 = 0.5;

/// The weights of the energy's terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub colour: f32,
    pub prior: f32,
    pub smoothness: f32,
    /// Rounds of estimation and cut.
    pub rounds: usize,
}

/// A grid of cells with the terms of the energy that don't change.
pub(super) struct Energy<'a> {
    frame: &'a Frame,
    colours: &'a [[f32; 3]],
    /// Log odds of the object per cell.
    log_odds: Vec<f32>,
    /// False for cells that are background for certain.
    allowed: &'a [bool],
    weights: Weights,
    /// Mean squared difference of neighbours' colours.
    contrast: f32,
}

/// The neighbours after a cell: offsets in columns and rows, and the inverse of the distance.
const NEIGHBOURS: [(isize, usize, f32); 4] = [
    (1, 0, 1.0),
    (0, 1, 1.0),
    (1, 1, std::f32::consts::FRAC_1_SQRT_2),
    (-1, 1, std::f32::consts::FRAC_1_SQRT_2),
];

impl<'a> Energy<'a> {
    /// `log_odds`: those of the object per cell, natural logarithms.
    pub fn new(
        frame: &'a Frame,
        colours: &'a [[f32; 3]],
        log_odds: Vec<f32>,
        allowed: &'a [bool],
        weights: Weights,
    ) -> Self {
        let mut energy = Self {
            frame,
            colours,
            log_odds,
            allowed,
            weights,
            contrast: 1.0,
        };
        let (mut sum, mut count) = (0.0, 0.0);
        energy.for_each_pair(|a, b, _| {
            sum += squared(colours[a], colours[b]);
            count += 1.0;
        });
        energy.contrast = if count > 0.0 { sum / count } else { 0.0 };
        energy
    }

    /// Returns the labels after some rounds from a first estimate; the first estimate itself if object or
    /// background have no cell.
    pub fn labels(&self, mut labels: Vec<bool>) -> Vec<bool> {
        let mut graph = self.graph();
        for _ in 0..self.weights.rounds {
            let part = |is_object: bool| -> Vec<[f32; 3]> {
                let cells = self.colours.iter().zip(&labels);
                cells
                    .filter(|(_, label)| **label == is_object)
                    .map(|(colour, _)| *colour)
                    .collect()
            };
            let (Some(object), Some(background)) =
                (Mixture::estimate(&part(true)), Mixture::estimate(&part(false)))
            else {
                break;
            };
            let next = graph.minimum(|cell| self.cost(cell, &object, &background));
            if next == labels {
                break;
            }
            labels = next;
        }
        labels
    }

    fn graph(&self) -> CellGraph {
        let mut graph = CellGraph::new(self.allowed, NEIGHBOURS.len());
        self.for_each_pair(|a, b, nearness| graph.add_edge(a, b, self.step(a, b, nearness)));
        graph
    }

    /// Returns the cost of the object in a cell, less that of the background.
    fn cost(&self, cell: usize, object: &Mixture, background: &Mixture) -> f32 {
        let colour = self.colours[cell];
        self.weights.colour * (object.cost(colour) - background.cost(colour))
            - self.weights.prior * self.log_odds[cell]
    }

    /// Returns the cost of different labels of two neighbours.
    fn step(&self, a: usize, b: usize, nearness: f32) -> f32 {
        let difference = squared(self.colours[a], self.colours[b]);
        let fall = if self.contrast > 0.0 {
            difference / (2.0 * self.contrast)
        } else {
            0.0
        };
        self.weights.smoothness * (-fall).exp() * nearness
    }

    /// Calls `visit` with both cells of each pair of 8-neighbours and the inverse of their distance.
    fn for_each_pair(&self, mut visit: impl FnMut(usize, usize, f32)) {
        let Frame { columns, rows, .. } = *self.frame;
        for cell in 0..self.frame.len() {
            let (column, row) = (cell % columns, cell / columns);
            for (dx, dy, nearness) in NEIGHBOURS {
                if let Some(x) = column.checked_add_signed(dx)
                    && x < columns
                    && row + dy < rows
                {
                    visit(cell, (row + dy) * columns + x, nearness);
                }
            }
        }
    }

    /// Returns the soft mask, values 0 to 1, with the labels of all connected regions in which the cut
    /// differs from it, unless a region is within [`OUTLINE`] cells of the mask's outline and the cut
    /// isn't on [`CLEARER`] edges: there, the soft mask is more accurate than a label per cell.
    pub fn with_outline_of(&self, mut mask: Vec<f32>, labels: &[bool]) -> Vec<f32> {
        let frame = self.frame;
        let was_object: Vec<bool> = mask.iter().map(|value| *value >= SELECTED).collect();
        let mut is_near = vec![false; frame.len()];
        for _ in 0..OUTLINE {
            let near = |cell: usize| {
                is_near[cell]
                    || neighbours(frame, cell)
                        .any(|next| is_near[next] || was_object[next] != was_object[cell])
            };
            is_near = (0..frame.len()).map(near).collect();
        }
        let regions = components(frame, |cell| labels[cell] != was_object[cell]);
        let savings = self.savings(&regions, &was_object);
        for (region, is_clearer) in regions.into_iter().zip(savings) {
            if is_clearer || region.iter().any(|&cell| !is_near[cell]) {
                for cell in region {
                    mask[cell] = f32::from(labels[cell]);
                }
            }
        }
        mask
    }

    /// Returns for each region whether other labels in it reduce the cost of the outline to [`CLEARER`].
    fn savings(&self, regions: &[Vec<usize>], labels: &[bool]) -> Vec<bool> {
        let mut region_of = vec![None; self.frame.len()];
        for (index, region) in regions.iter().enumerate() {
            for &cell in region {
                region_of[cell] = Some(index);
            }
        }
        // The costs of the outlines with the labels and with the opposite ones.
        let mut costs = vec![(0.0, 0.0); regions.len()];
        self.for_each_pair(|a, b, nearness| {
            if region_of[a] == region_of[b] {
                return;
            }
            let step = self.step(a, b, nearness);
            for region in [region_of[a], region_of[b]].into_iter().flatten() {
                if labels[a] == labels[b] {
                    costs[region].1 += step;
                } else {
                    costs[region].0 += step;
                }
            }
        });
        costs
            .into_iter()
            .map(|(before, after)| after < CLEARER * before)
            .collect()
    }
}

fn squared(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::Rect;
    use proptest::prelude::*;

    use super::{
        graph::{LIMIT, SCALE},
        *,
    };

    const WEIGHTS: Weights = Weights {
        colour: 1.0,
        prior: 0.5,
        smoothness: 20.0,
        rounds: 3,
    };

    fn frame(columns: u32, rows: u32) -> Frame {
        Frame::new(Rect::whole((columns, rows)))
    }

    /// A reddish disc with stripes of two colours on a bluish ground of two colours.
    fn disc(frame: &Frame) -> (Vec<[f32; 3]>, Vec<bool>) {
        let cells = (0..frame.len()).map(|cell| {
            let (x, y) = ((cell % frame.columns) as f32, (cell / frame.columns) as f32);
            let is_object = (x - 30.0).hypot(y - 30.0) < 18.0;
            let shade = if cell % 3 == 0 { 0.1 } else { 0.0 };
            let colour = if is_object {
                [0.8 - shade, 0.2, 0.1 + shade]
            } else {
                [0.1, 0.3 + shade, 0.8]
            };
            (colour, is_object)
        });
        cells.unzip()
    }

    impl Energy<'_> {
        /// Returns the energy of labels.
        fn of(&self, labels: &[bool], object: &Mixture, background: &Mixture) -> f32 {
            let own = (0..self.frame.len()).filter(|&cell| labels[cell]);
            let own = own.map(|cell| self.cost(cell, object, background).clamp(-LIMIT, LIMIT));
            let mut sum = own.sum::<f32>();
            self.for_each_pair(|a, b, nearness| {
                if labels[a] != labels[b] {
                    sum += self.step(a, b, nearness);
                }
            });
            sum
        }
    }

    #[test]
    fn object_is_found_in_its_box() {
        let frame = frame(60, 60);
        let (colours, truth) = disc(&frame);
        let inside = |at: usize| (10..51).contains(&at);
        let allowed: Vec<bool> = (0..3600)
            .map(|cell| inside(cell % 60) && inside(cell / 60))
            .collect();
        let energy = Energy::new(&frame, &colours, vec![0.0; 3600], &allowed, WEIGHTS);
        assert_eq!(energy.labels(allowed.clone()), truth);
    }

    #[test]
    fn missing_half_is_added() {
        let frame = frame(60, 60);
        let (colours, truth) = disc(&frame);
        let start: Vec<bool> = (0..3600).map(|cell| truth[cell] && cell % 60 < 30).collect();
        let log_odds = start
            .iter()
            .map(|known| if *known { 3.0 } else { -3.0 })
            .collect();
        let energy = Energy::new(&frame, &colours, log_odds, &[true; 3600], WEIGHTS);
        assert_eq!(energy.labels(start), truth);
    }

    #[test]
    fn one_label_stays() {
        let frame = frame(4, 4);
        let energy = Energy::new(&frame, &[[0.5; 3]; 16], vec![0.0; 16], &[true; 16], WEIGHTS);
        assert_eq!(energy.labels(vec![true; 16]), [true; 16]);
        assert_eq!(energy.labels(vec![false; 16]), [false; 16]);
    }

    #[test]
    fn outline_of_the_mask_stays_and_far_parts_follow_the_cut() {
        let frame = frame(20, 9);
        let mask: Vec<f32> = (0..180)
            .map(|cell| if cell % 20 < 5 { 0.9 } else { 0.2 })
            .collect();
        let label = |cell: usize| cell % 20 < 7 || (cell % 20 < 15 && cell / 20 == 8);
        let thicker: Vec<bool> = (0..180).map(|cell| cell % 20 < 7).collect();
        let energy = Energy::new(&frame, &[[0.5; 3]; 180], vec![0.0; 180], &[true; 180], WEIGHTS);
        assert_eq!(energy.with_outline_of(mask.clone(), &thicker), mask);
        let labels: Vec<bool> = (0..180).map(label).collect();
        let mixed = energy.with_outline_of(mask, &labels);
        assert_eq!((mixed[8 * 20 + 14], mixed[8 * 20 + 15]), (1.0, 0.2));
    }

    #[test]
    fn outline_on_clearer_edges_is_used() {
        let frame = frame(20, 9);
        let mask: Vec<f32> = (0..180)
            .map(|cell| if cell % 20 < 5 { 0.9 } else { 0.2 })
            .collect();
        let colours: Vec<[f32; 3]> = (0..180)
            .map(|cell| if cell % 20 < 7 { [0.9; 3] } else { [0.1; 3] })
            .collect();
        let energy = Energy::new(&frame, &colours, vec![0.0; 180], &[true; 180], WEIGHTS);
        let labels: Vec<bool> = (0..180).map(|cell| cell % 20 < 7).collect();
        let mixed = energy.with_outline_of(mask, &labels);
        assert_eq!((mixed[6], mixed[7]), (1.0, 0.2));
    }

    proptest! {
        #[test]
        fn cut_keeps_forbidden_cells_and_costs_no_more_than_the_start(
            cells in prop::collection::vec((prop::array::uniform3(0.0_f32..1.0), -4.0_f32..4.0, any::<bool>(), any::<bool>()), 48),
        ) {
            let frame = frame(8, 6);
            let colours: Vec<_> = cells.iter().map(|cell| cell.0).collect();
            let log_odds = cells.iter().map(|cell| cell.1).collect();
            let allowed: Vec<bool> = cells.iter().map(|cell| cell.2).collect();
            let start: Vec<bool> = cells.iter().map(|cell| cell.2 && cell.3).collect();
            let part = |label: bool| {
                let cells = colours.iter().zip(&start).filter(|(_, is_object)| **is_object == label);
                Mixture::estimate(&cells.map(|(colour, _)| *colour).collect::<Vec<_>>())
            };
            let energy = Energy::new(&frame, &colours, log_odds, &allowed, WEIGHTS);
            if let (Some(object), Some(background)) = (part(true), part(false)) {
                let labels = energy.graph().minimum(|cell| energy.cost(cell, &object, &background));
                prop_assert!(labels.iter().zip(&allowed).all(|(label, allowed)| *allowed || !*label));
                let (found, first) = (energy.of(&labels, &object, &background), energy.of(&start, &object, &background));
                // Capacities are rounded to integers.
                prop_assert!(found <= first + 200.0 / SCALE, "{found} {first}");
            }
            let labels = energy.labels(start);
            prop_assert!(labels.iter().zip(&allowed).all(|(label, allowed)| *allowed || !*label));
        }
    }
}
