//! The graph whose minimum cut has the labels of least energy.

use iopaint_imaging::max_flow::FlowGraph;

use super::{Energy, NEIGHBOURS};
use crate::selection::mixture::Mixture;

/// Units of a capacity per unit of energy.
pub(super) const SCALE: f32 = 64.0;
/// Limit of a cell's cost, in units of energy.
pub(super) const LIMIT: f32 = 200.0;

/// The graph of an energy. Its edges don't change between the rounds, so that each cut begins with the flow of
/// the one before.
pub(super) struct CellGraph<'a> {
    energy: &'a Energy<'a>,
    /// The cell of each node: those that may be selected.
    cells: Vec<usize>,
    /// The cost of the object per node, without the edges to cells that may not be selected.
    costs: Vec<i32>,
    flow: FlowGraph,
}

impl<'a> CellGraph<'a> {
    pub fn new(energy: &'a Energy<'a>) -> Self {
        let len = energy.frame.len();
        let cells: Vec<usize> = (0..len).filter(|&cell| energy.allowed[cell]).collect();
        let mut nodes = vec![None; len];
        for (node, &cell) in cells.iter().enumerate() {
            nodes[cell] = Some(node);
        }
        let mut flow = FlowGraph::new(cells.len(), NEIGHBOURS.len() * cells.len());
        energy.for_each_pair(|a, b, nearness| {
            let cost = capacity(energy.step(a, b, nearness));
            match (nodes[a], nodes[b]) {
                (Some(a), Some(b)) => flow.add_edge(a, b, cost, cost),
                (Some(node), None) | (None, Some(node)) => flow.add_costs(node, 0, cost),
                (None, None) => {}
            }
        });
        Self {
            energy,
            costs: vec![0; cells.len()],
            cells,
            flow,
        }
    }

    /// Returns the labels of least energy for two colour models.
    pub fn minimum(&mut self, object: &Mixture, background: &Mixture) -> Vec<bool> {
        let Energy {
            colours,
            log_odds,
            weights,
            ..
        } = self.energy;
        for (node, (&cell, before)) in self.cells.iter().zip(&mut self.costs).enumerate() {
            let cost = weights.colour * (object.cost(colours[cell]) - background.cost(colours[cell]))
                - weights.prior * log_odds[cell];
            let cost = capacity(cost.clamp(-LIMIT, LIMIT));
            self.flow.add_costs(node, 0, cost - *before);
            *before = cost;
        }
        let mut labels = vec![false; self.energy.frame.len()];
        for (&cell, label) in self.cells.iter().zip(self.flow.minimum_cut()) {
            labels[cell] = label;
        }
        labels
    }
}

fn capacity(cost: f32) -> i32 {
    (cost * SCALE).round() as i32
}
