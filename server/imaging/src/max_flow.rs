//! Minimum cuts by augmenting paths with two search trees (Boykov and Kolmogorov, "An Experimental Comparison
//! of Min-Cut/Max-Flow Algorithms for Energy Minimization in Vision", 2004).

use std::collections::VecDeque;

/// Values of `Node::parent` that are no arcs: a free node, a node next to its terminal, and a node whose
/// parent was cut off.
const FREE: u32 = u32::MAX;
const TERMINAL: u32 = u32::MAX - 1;
const ORPHAN: u32 = u32::MAX - 2;

/// An arc to `head`. The arc with index i ^ 1 runs in the opposite direction.
struct Arc {
    head: u32,
    /// The next arc of the same tail, or [`FREE`] after the last one.
    next: u32,
    residual: i32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    Source,
    Sink,
}

#[derive(Clone)]
struct Node {
    first_arc: u32,
    /// The arc to the parent in the node's tree, or one of [`FREE`], [`TERMINAL`], [`ORPHAN`].
    parent: u32,
    tree: Tree,
    /// Residual capacity from the source if positive, to the sink if negative.
    terminal: i32,
    /// Distance to the terminal along parents, valid at `time` or before.
    distance: u32,
    time: u32,
    is_active: bool,
}

/// A graph with two terminals. Capacities are not negative; sums at a node must fit into 32 bits.
pub struct FlowGraph {
    nodes: Vec<Node>,
    arcs: Vec<Arc>,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl FlowGraph {
    /// Returns a graph of `nodes` nodes without edges, with memory for `edges` edges.
    #[must_use]
    pub fn new(nodes: usize, edges: usize) -> Self {
        let node = Node {
            first_arc: FREE,
            parent: FREE,
            tree: Tree::Source,
            terminal: 0,
            distance: 0,
            time: 0,
            is_active: false,
        };
        Self {
            nodes: vec![node; nodes],
            arcs: Vec::with_capacity(2 * edges),
            active: VecDeque::new(),
            orphans: VecDeque::new(),
            time: 0,
        }
    }

    /// Adds `cost_of_sink - cost_of_source` to the cost of `node` on the sink's side, before the first cut or
    /// between two.
    pub fn add_costs(&mut self, node: usize, cost_of_source: i32, cost_of_sink: i32) {
        self.nodes[node].terminal += cost_of_sink - cost_of_source;
    }

    /// Adds an edge that costs `forward` if `a` is on the source's side and `b` on the sink's, and `backward`
    /// in the opposite case.
    pub fn add_edge(&mut self, a: usize, b: usize, forward: i32, backward: i32) {
        for (tail, head, residual) in [(a, b, forward), (b, a, backward)] {
            let index = self.arcs.len() as u32;
            let next = std::mem::replace(&mut self.nodes[tail].first_arc, index);
            self.arcs.push(Arc {
                head: head as u32,
                next,
                residual,
            });
        }
    }

    /// Returns true for every node on the sink's side of the minimum cut with the fewest such nodes.
    ///
    /// The flow stays in the graph: after changes by [`Self::add_costs`], the next cut begins with it, and
    /// takes less time the fewer labels change ("Dynamic Graph Cuts", Kohli and Torr, 2007).
    #[must_use]
    pub fn minimum_cut(&mut self) -> Vec<bool> {
        self.time = 0;
        for node in 0..self.nodes.len() {
            let root = &mut self.nodes[node];
            (root.parent, root.distance, root.time) = (FREE, 0, 0);
            if root.terminal != 0 {
                root.tree = if root.terminal > 0 {
                    Tree::Source
                } else {
                    Tree::Sink
                };
                (root.parent, root.distance) = (TERMINAL, 1);
                self.activate(node as u32);
            }
        }
        while let Some(node) = self.active.pop_front() {
            self.nodes[node as usize].is_active = false;
            while self.nodes[node as usize].parent != FREE {
                let Some(bridge) = self.grow(node) else {
                    break;
                };
                self.time += 1;
                self.augment(bridge);
                while let Some(orphan) = self.orphans.pop_front() {
                    self.adopt(orphan);
                }
            }
        }
        let nodes = self.nodes.iter();
        nodes
            .map(|node| node.parent != FREE && node.tree == Tree::Sink)
            .collect()
    }

    fn activate(&mut self, node: u32) {
        let entry = &mut self.nodes[node as usize];
        if !entry.is_active {
            entry.is_active = true;
            self.active.push_back(node);
        }
    }

    /// Returns the indices of a node's arcs.
    fn arcs_of(&self, node: u32) -> impl Iterator<Item = u32> + use<'_> {
        let existing = |arc: u32| (arc != FREE).then_some(arc);
        let first = existing(self.nodes[node as usize].first_arc);
        std::iter::successors(first, move |arc| existing(self.arcs[*arc as usize].next))
    }

    /// Returns the residual capacity of `arc` away from the terminal of `tree`: along the arc in the source's
    /// tree, against it in the sink's.
    fn outward(&self, arc: u32, tree: Tree) -> i32 {
        let arc = if tree == Tree::Source { arc } else { arc ^ 1 };
        self.arcs[arc as usize].residual
    }

    /// Adds the free neighbours of `node` to its tree. Returns the first arc that leads from the source's
    /// tree to the sink's, if there is one.
    fn grow(&mut self, node: u32) -> Option<u32> {
        let Node {
            tree, distance, time, ..
        } = self.nodes[node as usize];
        let mut next = self.nodes[node as usize].first_arc;
        while next != FREE {
            let arc = next;
            next = self.arcs[arc as usize].next;
            if self.outward(arc, tree) == 0 {
                continue;
            }
            let head = self.arcs[arc as usize].head;
            let neighbour = &mut self.nodes[head as usize];
            if neighbour.parent == FREE {
                neighbour.tree = tree;
                (neighbour.parent, neighbour.distance, neighbour.time) = (arc ^ 1, distance + 1, time);
                self.activate(head);
            } else if neighbour.tree != tree {
                return Some(if tree == Tree::Source { arc } else { arc ^ 1 });
            } else if neighbour.time <= time && neighbour.distance > distance + 1 {
                // A shorter way to the terminal.
                (neighbour.parent, neighbour.distance, neighbour.time) = (arc ^ 1, distance + 1, time);
            }
        }
        None
    }

    /// Pushes the largest possible flow along the path through the arc `bridge`. Nodes whose arc to the
    /// parent is saturated become orphans.
    fn augment(&mut self, bridge: u32) {
        let ends = [
            self.arcs[(bridge ^ 1) as usize].head,
            self.arcs[bridge as usize].head,
        ];
        let mut flow = self.arcs[bridge as usize].residual;
        for mut node in ends {
            loop {
                let Node {
                    parent,
                    tree,
                    terminal,
                    ..
                } = self.nodes[node as usize];
                if parent == TERMINAL {
                    flow = flow.min(terminal.abs());
                    break;
                }
                flow = flow.min(self.outward(parent ^ 1, tree));
                node = self.arcs[parent as usize].head;
            }
        }
        self.push(bridge, flow);
        for mut node in ends {
            loop {
                let Node { parent, tree, .. } = self.nodes[node as usize];
                let entry = &mut self.nodes[node as usize];
                if parent == TERMINAL {
                    entry.terminal -= flow * entry.terminal.signum();
                    if entry.terminal == 0 {
                        entry.parent = ORPHAN;
                        self.orphans.push_back(node);
                    }
                    break;
                }
                self.push(if tree == Tree::Source { parent ^ 1 } else { parent }, flow);
                if self.outward(parent ^ 1, tree) == 0 {
                    self.nodes[node as usize].parent = ORPHAN;
                    self.orphans.push_back(node);
                }
                node = self.arcs[parent as usize].head;
            }
        }
    }

    fn push(&mut self, arc: u32, flow: i32) {
        self.arcs[arc as usize].residual -= flow;
        self.arcs[(arc ^ 1) as usize].residual += flow;
    }

    /// Gives an orphan the parent nearest to the terminal, or frees it and makes its children orphans.
    fn adopt(&mut self, orphan: u32) {
        let tree = self.nodes[orphan as usize].tree;
        let mut best = None;
        let mut next = self.nodes[orphan as usize].first_arc;
        while next != FREE {
            let arc = next;
            next = self.arcs[arc as usize].next;
            let head = self.arcs[arc as usize].head;
            if self.outward(arc ^ 1, tree) > 0
                && self.nodes[head as usize].tree == tree
                && let Some(distance) = self.distance_to_terminal(head)
                && best.is_none_or(|(least, _)| distance < least)
            {
                best = Some((distance, arc));
            }
        }
        if let Some((distance, arc)) = best {
            let entry = &mut self.nodes[orphan as usize];
            (entry.parent, entry.distance, entry.time) = (arc, distance + 1, self.time);
            return;
        }
        self.nodes[orphan as usize].parent = FREE;
        let arcs: Vec<u32> = self.arcs_of(orphan).collect();
        for arc in arcs {
            let head = self.arcs[arc as usize].head;
            let Node {
                parent, tree: other, ..
            } = self.nodes[head as usize];
            if other != tree || parent == FREE {
                continue;
            }
            if self.outward(arc ^ 1, tree) > 0 {
                self.activate(head);
            }
            if parent < ORPHAN && self.arcs[parent as usize].head == orphan {
                self.nodes[head as usize].parent = ORPHAN;
                self.orphans.push_back(head);
            }
        }
    }

    /// Returns the number of arcs from `start` to its terminal and the terminal's own, and stores it along
    /// the path; `None` if the path ends in an orphan.
    fn distance_to_terminal(&mut self, start: u32) -> Option<u32> {
        let (mut node, mut steps) = (start, 0);
        let total = loop {
            let entry = &mut self.nodes[node as usize];
            if entry.parent == FREE || entry.parent == ORPHAN {
                return None;
            }
            if entry.time == self.time {
                break steps + entry.distance;
            }
            if entry.parent == TERMINAL {
                (entry.time, entry.distance) = (self.time, 1);
                break steps + 1;
            }
            steps += 1;
            node = self.arcs[entry.parent as usize].head;
        };
        let (mut node, mut distance) = (start, total);
        while self.nodes[node as usize].time != self.time {
            let entry = &mut self.nodes[node as usize];
            (entry.time, entry.distance) = (self.time, distance);
            distance -= 1;
            node = self.arcs[entry.parent as usize].head;
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NODES: usize = 7;

    /// Returns the cost of a cut: terminals of (source cost, sink cost) and edges of (a, b, forward,
    /// backward).
    fn cost(cut: &[bool], terminals: &[(i32, i32)], edges: &[(usize, usize, i32, i32)]) -> i32 {
        let terminals = terminals.iter().zip(cut);
        let own: i32 = terminals
            .map(|((source, sink), at_sink)| if *at_sink { *sink } else { *source })
            .sum();
        let between = edges
            .iter()
            .map(|(a, b, forward, backward)| match (cut[*a], cut[*b]) {
                (false, true) => *forward,
                (true, false) => *backward,
                _ => 0,
            });
        own + between.sum::<i32>()
    }

    proptest! {
        #[test]
        fn cut_costs_no_more_than_any_other(
            terminals in prop::collection::vec((0..20, 0..20), NODES),
            edges in prop::collection::vec((0..NODES, 1..NODES, 0..20, 0..20), 0..16),
        ) {
            let edges: Vec<_> = edges.iter().map(|(a, step, f, b)| (*a, (a + step) % NODES, *f, *b)).collect();
            let mut graph = FlowGraph::new(NODES, edges.len());
            for (node, (source, sink)) in terminals.iter().enumerate() {
                graph.add_costs(node, *source, *sink);
            }
            for (a, b, forward, backward) in &edges {
                graph.add_edge(*a, *b, *forward, *backward);
            }
            let found = cost(&graph.minimum_cut(), &terminals, &edges);
            let cuts = (0..1_u32 << NODES).map(|bits| (0..NODES).map(|node| bits >> node & 1 == 1).collect::<Vec<_>>());
            let least = cuts.map(|cut| cost(&cut, &terminals, &edges)).min();
            prop_assert_eq!(Some(found), least);
        }

        #[test]
        fn cut_after_changed_costs_is_that_of_a_new_graph(
            costs in prop::collection::vec(prop::collection::vec((0..20, 0..20), NODES), 3),
            edges in prop::collection::vec((0..NODES, 1..NODES, 0..20, 0..20), 0..16),
        ) {
            let empty = || {
                let mut graph = FlowGraph::new(NODES, edges.len());
                for (a, step, forward, backward) in &edges {
                    graph.add_edge(*a, (a + step) % NODES, *forward, *backward);
                }
                graph
            };
            let (mut kept, mut before) = (empty(), vec![(0, 0); NODES]);
            for terminals in costs {
                let mut new = empty();
                for (node, (&(source, sink), old)) in terminals.iter().zip(&before).enumerate() {
                    new.add_costs(node, source, sink);
                    kept.add_costs(node, source - old.0, sink - old.1);
                }
                prop_assert_eq!(kept.minimum_cut(), new.minimum_cut());
                before = terminals;
            }
        }
    }

    #[test]
    fn long_chain_is_cut_at_its_weakest_edge() {
        let length = 3000;
        let mut graph = FlowGraph::new(length, length - 1);
        graph.add_costs(0, 0, 100);
        graph.add_costs(length - 1, 100, 0);
        for node in 1..length {
            let capacity = if node == 1234 { 3 } else { 7 };
            graph.add_edge(node - 1, node, capacity, capacity);
        }
        let cut = graph.minimum_cut();
        assert_eq!(cut.iter().position(|at_sink| *at_sink), Some(1234));
    }
}
