//! The graph of a grid whose minimum cut has the labels of least energy.

use iopaint_imaging::max_flow::FlowGraph;

/// Units of a capacity per unit of energy.
pub(super) const SCALE: f32 = 64.0;
/// Limit of a cell's cost, in units of energy.
pub(super) const LIMIT: f32 = 200.0;

/// A graph of the cells that may be selected. Its edges don't change between the rounds, so that each cut
/// begins with the flow of the one before.
pub(super) struct CellGraph {
    /// The node of each cell that may be selected.
    nodes: Vec<Option<usize>>,
    /// The cell of each node.
    cells: Vec<usize>,
    /// The cost of the object per node in the last round.
    costs: Vec<i32>,
    flow: FlowGraph,
}

impl CellGraph {
    /// Returns a graph without edges, with memory for `edges` edges per cell.
    pub fn new(allowed: &[bool], edges: usize) -> Self {
        let cells: Vec<usize> = (0..allowed.len()).filter(|&cell| allowed[cell]).collect();
        let mut nodes = vec![None; allowed.len()];
        for (node, &cell) in cells.iter().enumerate() {
            nodes[cell] = Some(node);
        }
        Self {
            nodes,
            costs: vec![0; cells.len()],
            flow: FlowGraph::new(cells.len(), edges * cells.len()),
            cells,
        }
    }

    /// Adds the cost of different labels of two cells.
    pub fn add_edge(&mut self, a: usize, b: usize, cost: f32) {
        let cost = capacity(cost);
        match (self.nodes[a], self.nodes[b]) {
            (Some(a), Some(b)) => self.flow.add_edge(a, b, cost, cost),
            (Some(node), None) | (None, Some(node)) => self.flow.add_costs(node, 0, cost),
            (None, None) => {}
        }
    }

    /// Returns the labels of least energy, true for the object. `cost`: that of the object in a cell.
    pub fn minimum(&mut self, cost: impl Fn(usize) -> f32) -> Vec<bool> {
        for (node, (&cell, before)) in self.cells.iter().zip(&mut self.costs).enumerate() {
            let cost = capacity(cost(cell).clamp(-LIMIT, LIMIT));
            self.flow.add_costs(node, 0, cost - *before);
            *before = cost;
        }
        let mut labels = vec![false; self.nodes.len()];
        for (&cell, label) in self.cells.iter().zip(self.flow.minimum_cut()) {
            labels[cell] = label;
        }
        labels
    }
}

fn capacity(cost: f32) -> i32 {
    (cost * SCALE).round() as i32
}
