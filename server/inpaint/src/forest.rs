//! Sets of labels that turn out to be the same.

/// A disjoint-set forest whose roots are the smallest labels of their sets.
#[derive(Default)]
pub(crate) struct Forest {
    parents: Vec<u32>,
}

impl Forest {
    /// A new set of one.
    pub(crate) fn add(&mut self) -> u32 {
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

    /// The root of a set.
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

    /// Joins a set, if there is one, with another and returns their root.
    pub(crate) fn union_of(&mut self, label: Option<u32>, other: u32) -> u32 {
        match label {
            Some(label) => self.union(label, other),
            None => self.find(other),
        }
    }
}
