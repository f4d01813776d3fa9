//! The parts of a hole and how deep they are.

use crate::{Rect, forest::Forest};

/// Pixels of the hole that touch by side or corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) bounds: Rect,
    /// How far its deepest pixel is from the nearest known one, in pixels.
    pub(super) depth: f32,
}

impl Part {
    fn with(self, other: &Self) -> Self {
        Self {
            bounds: self.bounds.union(&other.bounds),
            depth: self.depth.max(other.depth),
        }
    }
}

/// Pixels of the hole beside each other in a row, and the part they belong to.
struct Run {
    start: usize,
    end: usize,
    label: u32,
}

/// The parts of a hole whose pixels have these depths (0: not in the hole), row by row. One pass labels the runs of
/// every row by those above them; labels that meet are joined (Rosenfeld and Pfaltz 1966).
pub(super) fn parts(depth: &[f32], width: usize) -> Vec<Part> {
    let (mut parts, mut labels) = (Vec::<Part>::new(), Forest::default());
    let (mut above, mut row) = (Vec::<Run>::new(), Vec::<Run>::new());
    for (y, depths) in (0..).zip(depth.chunks_exact(width.max(1))) {
        row.clear();
        let mut start = 0;
        for stretch in depths.chunk_by(|a, b| (*a > 0.0) == (*b > 0.0)) {
            let end = start + stretch.len();
            let deepest = stretch.iter().copied().fold(0.0, f32::max);
            if deepest > 0.0 {
                let touching = above.iter().skip_while(|run| run.end < start);
                let label = touching
                    .take_while(|run| run.start <= end)
                    .fold(None, |label, run| Some(labels.union_of(label, run.label)));
                let part = Part {
                    bounds: Rect {
                        x: start as u32,
                        y,
                        width: (end - start) as u32,
                        height: 1,
                    },
                    depth: deepest,
                };
                let label = label.unwrap_or_else(|| {
                    parts.push(part);
                    labels.add()
                });
                if let Some(whole) = parts.get_mut(label as usize) {
                    *whole = whole.with(&part);
                }
                row.push(Run { start, end, label });
            }
            start = end;
        }
        std::mem::swap(&mut above, &mut row);
    }
    // Roots are the smallest labels of their sets, so that from the last to the first each finds its root untouched.
    let mut roots = Vec::new();
    for label in (0..parts.len()).rev() {
        let root = labels.find(label as u32) as usize;
        if root == label {
            roots.extend(parts.get(label).copied());
        } else if let (Some(part), Some(root)) = (parts.get(label).copied(), parts.get_mut(root)) {
            *root = root.with(&part);
        }
    }
    roots.reverse();
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(depth: &[f32], width: usize) -> Vec<(u32, u32, u32, u32, u32)> {
        let part = |part: &Part| {
            let bounds = part.bounds;
            (bounds.x, bounds.y, bounds.width, bounds.height, part.depth as u32)
        };
        parts(depth, width).iter().map(part).collect()
    }

    #[test]
    fn pixels_that_touch_by_a_corner_are_one_part_as_deep_as_its_deepest() {
        let depth = [
            1.0, 0.0, 0.0, 0.0, //
            0.0, 2.0, 0.0, 1.0, //
            0.0, 0.0, 0.0, 0.0, //
        ];
        assert_eq!(found(&depth, 4), [(0, 0, 2, 2, 2), (3, 1, 1, 1, 1)]);
    }

    #[test]
    fn parts_that_meet_further_down_are_one() {
        let depth = [
            3.0, 0.0, 1.0, 0.0, 1.0, //
            1.0, 0.0, 1.0, 1.0, 1.0, //
            1.0, 1.0, 1.0, 0.0, 0.0, //
        ];
        assert_eq!(found(&depth, 5), [(0, 0, 5, 3, 3)]);
    }

    #[test]
    fn parts_at_the_two_ends_of_a_row_do_not_touch() {
        assert_eq!(parts(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], 3).len(), 2);
    }
}
