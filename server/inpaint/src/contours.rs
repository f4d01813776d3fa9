//! The parts of a hole, as rectangles in the order in which `OpenCV` lists outer contours.

use iopaint_imaging::GrayImage;

use crate::{Rect, forest::Forest};

/// A mask pixel of at least this belongs to the hole.
const HOLE: u8 = 128;
/// The label of the background that reaches the image's edge.
const OUTSIDE: u32 = 0;

/// The bounding rectangle of every part of the hole (pixels of 128 and more, touching by side or corner) that
/// isn't enclosed by another part, in reverse raster order of the parts' first pixels.
///
/// These are the boxes that `findContours(RETR_EXTERNAL)` and `boundingRect` give. One pass over the rows labels
/// runs of hole and runs of background with two disjoint-set forests (Rosenfeld and Pfaltz 1966). A part is
/// enclosed when the background above its first pixel doesn't reach the edge of the image.
pub(crate) fn outer_boxes(mask: &GrayImage) -> Vec<Rect> {
    let width = mask.width();
    if width == 0 {
        return Vec::new();
    }
    let mut labels = Labels::default();
    let mut above: Vec<Run> = Vec::new();
    let mut row = Vec::new();
    for (y, values) in (0..).zip(mask.as_raw().chunks_exact(width as usize)) {
        runs_of(values, &mut row);
        labels.row(y, width, &above, &mut row);
        std::mem::swap(&mut above, &mut row);
    }
    for run in above.iter().filter(|run| !run.hole) {
        labels.background.union(run.label, OUTSIDE);
    }
    labels.into_boxes()
}

/// Neighbours in a row that are all hole or all background: columns `start..end`.
#[derive(Clone, Copy)]
struct Run {
    start: u32,
    end: u32,
    hole: bool,
    label: u32,
}

fn runs_of(values: &[u8], runs: &mut Vec<Run>) {
    runs.clear();
    let mut start = 0;
    for part in values.chunk_by(|a, b| (*a >= HOLE) == (*b >= HOLE)) {
        let end = start + part.len() as u32;
        let hole = part.first().is_some_and(|&value| value >= HOLE);
        runs.push(Run {
            start,
            end,
            hole,
            label: OUTSIDE,
        });
        start = end;
    }
}

/// A part of the hole: its rectangle and the label of the background above its first pixel.
struct Part {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    background: u32,
}

struct Labels {
    parts: Vec<Part>,
    hole: Forest,
    background: Forest,
}

impl Default for Labels {
    fn default() -> Self {
        let mut background = Forest::default();
        background.add();
        Self {
            parts: Vec::new(),
            hole: Forest::default(),
            background,
        }
    }
}

impl Labels {
    /// Labels the runs of row `y` by those of the row above it.
    fn row(&mut self, y: u32, width: u32, above: &[Run], row: &mut [Run]) {
        let mut first = 0;
        for run in row {
            // Hole touches by corners too, background only by sides.
            let reach = u32::from(run.hole);
            while above
                .get(first)
                .is_some_and(|other| other.end + reach <= run.start)
            {
                first += 1;
            }
            let near = above.get(first..).unwrap_or_default();
            let touching = near
                .iter()
                .take_while(|other| other.start < run.end + reach)
                .filter(|other| other.end + reach > run.start);
            let mut label = None;
            let mut over = OUTSIDE;
            for other in touching {
                if other.hole != run.hole {
                    if other.start <= run.start && run.start < other.end {
                        over = other.label;
                    }
                } else if run.hole {
                    label = Some(self.hole.union_of(label, other.label));
                } else {
                    label = Some(self.background.union_of(label, other.label));
                }
            }
            run.label = if run.hole {
                self.hole_run(y, run, label, over)
            } else {
                let edge = y == 0 || run.start == 0 || run.end == width;
                let label = label.unwrap_or_else(|| self.background.add());
                if edge {
                    self.background.union(label, OUTSIDE)
                } else {
                    label
                }
            };
        }
    }

    fn hole_run(&mut self, y: u32, run: &Run, label: Option<u32>, over: u32) -> u32 {
        let label = label.unwrap_or_else(|| {
            self.parts.push(Part {
                left: run.start,
                top: y,
                right: run.end,
                bottom: y + 1,
                background: over,
            });
            self.hole.add()
        });
        if let Some(part) = self.parts.get_mut(label as usize) {
            part.left = part.left.min(run.start);
            part.right = part.right.max(run.end);
            part.bottom = y + 1;
        }
        label
    }

    fn into_boxes(mut self) -> Vec<Rect> {
        // Joined labels are gathered at their root, the earliest, whose first pixel is the whole part's.
        for label in (0..self.parts.len()).rev() {
            let root = self.hole.find(label as u32) as usize;
            let (before, after) = self.parts.split_at_mut(label);
            if let (Some(root), Some(part)) = (before.get_mut(root), after.first()) {
                root.left = root.left.min(part.left);
                root.right = root.right.max(part.right);
                root.bottom = root.bottom.max(part.bottom);
            }
        }
        let outside = self.background.find(OUTSIDE);
        let mut boxes = Vec::new();
        for (label, part) in self.parts.iter().enumerate().rev() {
            let label = label as u32;
            if self.hole.find(label) == label && self.background.find(part.background) == outside {
                boxes.push(Rect {
                    x: part.left,
                    y: part.top,
                    width: part.right - part.left,
                    height: part.bottom - part.top,
                });
            }
        }
        boxes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask from rows of text: `#` is hole.
    fn mask(rows: &[&str]) -> GrayImage {
        let width = rows[0].len() as u32;
        let values = rows.iter().flat_map(|row| row.bytes());
        let values = values.map(|byte| if byte == b'#' { 255 } else { 0 }).collect();
        GrayImage::from_raw(width, rows.len() as u32, values).unwrap()
    }

    fn boxes(rows: &[&str]) -> Vec<(u32, u32, u32, u32)> {
        let boxes = outer_boxes(&mask(rows));
        boxes.iter().map(|b| (b.x, b.y, b.width, b.height)).collect()
    }

    #[test]
    fn parts_come_bottom_first_and_in_a_row_right_first() {
        let found = boxes(&["#..#.", ".....", "..##.", "....#"]);
        assert_eq!(found, [(2, 2, 3, 2), (3, 0, 1, 1), (0, 0, 1, 1)]);
    }

    #[test]
    fn pixels_that_touch_by_a_corner_are_one_part() {
        assert_eq!(boxes(&["#.#", ".#.", "#.#"]), [(0, 0, 3, 3)]);
    }

    #[test]
    fn a_part_inside_the_gap_of_a_ring_does_not_count() {
        let found = boxes(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(0, 0, 5, 5)]);
    }

    #[test]
    fn a_ring_closed_only_by_corners_encloses_too() {
        let found = boxes(&["..#..", ".#.#.", "#...#", ".#.#.", "..#.."]);
        assert_eq!(found, [(0, 0, 5, 5)]);
        let found = boxes(&["..##..", ".#..#.", "#..#.#", ".#..#.", "..##.."]);
        assert_eq!(found, [(0, 0, 6, 5)]);
    }

    #[test]
    fn a_part_in_an_open_bay_counts() {
        let found = boxes(&["#####", "#....", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(2, 2, 1, 1), (0, 0, 5, 5)]);
    }

    #[test]
    fn a_ring_that_ends_at_the_edge_encloses_nothing_beyond_it() {
        // The gap reaches the edge of the image, so the dot in it stands alone.
        let found = boxes(&["#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(2, 1, 1, 1), (0, 0, 5, 4)]);
    }

    #[test]
    fn parts_that_meet_further_down_are_one() {
        assert_eq!(boxes(&["#.#.#", "#.#.#", "###.#", "..###"]), [(0, 0, 5, 4)]);
        assert_eq!(boxes(&["....#", "..#.#", "#.#.#", "#####"]), [(0, 0, 5, 4)]);
    }

    #[test]
    fn values_up_to_127_are_no_hole() {
        let mut mask = GrayImage::new(3, 1);
        mask.as_mut().copy_from_slice(&[127, 0, 128]);
        let expected = Rect {
            x: 2,
            y: 0,
            width: 1,
            height: 1,
        };
        assert_eq!(outer_boxes(&mask), [expected]);
    }

    #[test]
    fn boxes_and_their_order_are_those_of_iopaint() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/goldens/contours.json"
        );
        let list: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let list = list.as_array().unwrap();
        assert!(!list.is_empty());
        for entry in list {
            let rows: Vec<_> = entry["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row.as_str().unwrap())
                .collect();
            let found: Vec<_> = outer_boxes(&mask(&rows))
                .iter()
                .map(|b| serde_json::json!([b.x, b.y, b.x + b.width, b.y + b.height]))
                .collect();
            assert_eq!(entry["boxes"], serde_json::Value::Array(found), "{rows:#?}");
        }
    }
}
