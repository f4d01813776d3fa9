//! Union-find over component labels.

/// A disjoint-set forest whose root is the smallest label of each set, with path halving (Tarjan and van
/// Leeuwen 1984).
#[derive(Default)]
pub(crate) struct DisjointSets {
    parents: Vec<u32>,
}

impl DisjointSets {
    /// Adds a set of one new label and returns the label. Labels count up from 0.
    pub(crate) fn make_set(&mut self) -> u32 {
        let label = self.parents.len() as u32;
        self.parents.push(label);
        label
    }

    fn parent(&self, label: u32) -> u32 {
        self.parents.get(label as usize).copied().unwrap_or(label)
    }

    fn set_parent(&mut self, label: u32, parent: u32) {
        if let Some(slot) = self.parents.get_mut(label as usize) {
            *slot = parent;
        }
    }

    /// Returns the root of the set that contains `label`.
    pub(crate) fn find(&mut self, mut label: u32) -> u32 {
        loop {
            let parent = self.parent(label);
            if parent == label {
                return label;
            }
            let grandparent = self.parent(parent);
            self.set_parent(label, grandparent);
            label = grandparent;
        }
    }

    /// Joins two sets and returns their root.
    pub(crate) fn union(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.find(a), self.find(b));
        let root = a.min(b);
        self.set_parent(a.max(b), root);
        root
    }

    /// Joins the set of `label`, if there is one, with that of `other` and returns the root of `other`.
    pub(crate) fn union_some(&mut self, label: Option<u32>, other: u32) -> u32 {
        match label {
            Some(label) => self.union(label, other),
            None => self.find(other),
        }
    }
}
