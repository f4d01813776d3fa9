//! Connected components of a hole, by run-based labelling.

use crate::{Rect, disjoint_sets::DisjointSets};

/// Values that are tested for hole at a time.
const VECTORIZED_VALUES: usize = 256;
/// The label of the background that reaches the image's border.
const BORDER_BACKGROUND: u32 = 0;

/// An 8-connected component of the hole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HoleComponent<T> {
    /// The bounding box.
    pub(crate) bounds: Rect,
    /// The largest value among the component's pixels.
    pub(crate) max: T,
    /// False if another component encloses this one.
    pub(crate) is_outer: bool,
}

/// Returns the 8-connected components of the pixels that satisfy `is_hole`, in raster order of their first
/// pixels. `values` are row-major with `width` columns.
///
/// One pass over the rows labels runs of hole and runs of background (4-connected) and joins labels that meet
/// in two union-find forests (Rosenfeld and Pfaltz 1966). A component is enclosed if the background above its
/// first pixel doesn't reach the image's border.
pub(crate) fn hole_components<T: Copy + PartialOrd>(
    values: &[T],
    width: usize,
    is_hole: impl Fn(T) -> bool,
) -> Vec<HoleComponent<T>> {
    let mut labels = Labels::new();
    let (mut above, mut row) = (Vec::new(), Vec::new());
    for (y, values) in (0..).zip(values.chunks_exact(width.max(1))) {
        split_into_runs(values, &is_hole, &mut row);
        labels.label_row(y, width as u32, &above, &mut row);
        std::mem::swap(&mut above, &mut row);
    }
    for run in above.iter().filter(|run| !run.is_hole) {
        labels.background.union(run.label, BORDER_BACKGROUND);
    }
    labels.into_components()
}

/// Adjacent pixels of one row that are all hole or all background: columns `start..end`.
struct PixelRun<T> {
    start: u32,
    end: u32,
    is_hole: bool,
    /// The largest value in a run of hole; the first value in a run of background.
    max: T,
    label: u32,
}

fn split_into_runs<T: Copy + PartialOrd>(
    values: &[T],
    is_hole: impl Fn(T) -> bool,
    runs: &mut Vec<PixelRun<T>>,
) {
    runs.clear();
    // Most rows of large images have no hole. Unlike the search for runs, this is compiled to vector
    // instructions.
    let has_no_hole = |values: &[T]| !values.iter().fold(false, |any, value| any | is_hole(*value));
    if let Some(first) = values.first()
        && values.chunks(VECTORIZED_VALUES).all(has_no_hole)
    {
        runs.push(PixelRun {
            start: 0,
            end: values.len() as u32,
            is_hole: false,
            max: *first,
            label: BORDER_BACKGROUND,
        });
        return;
    }
    let mut start = 0;
    for run in values.chunk_by(|a, b| is_hole(*a) == is_hole(*b)) {
        let end = start + run.len() as u32;
        if let Some(&first) = run.first() {
            let is_hole = is_hole(first);
            let max = if is_hole {
                run.iter().copied().fold(first, larger)
            } else {
                first
            };
            runs.push(PixelRun {
                start,
                end,
                is_hole,
                max,
                label: BORDER_BACKGROUND,
            });
        }
        start = end;
    }
}

fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// The pixels of one label of the hole.
struct LabelledPixels<T> {
    bounds: Rect,
    max: T,
    /// The label of the background above the first pixel.
    background_above: u32,
}

impl<T: Copy + PartialOrd> LabelledPixels<T> {
    fn add(&mut self, bounds: &Rect, max: T) {
        self.bounds = self.bounds.union(bounds);
        self.max = larger(self.max, max);
    }
}

struct Labels<T> {
    /// By label of the hole.
    pixels: Vec<LabelledPixels<T>>,
    hole: DisjointSets,
    background: DisjointSets,
}

impl<T: Copy + PartialOrd> Labels<T> {
    fn new() -> Self {
        let mut background = DisjointSets::default();
        background.make_set();
        Self {
            pixels: Vec::new(),
            hole: DisjointSets::default(),
            background,
        }
    }

    /// Labels the runs of row `y`, of `width` pixels, by those of the row above it.
    fn label_row(&mut self, y: u32, width: u32, above: &[PixelRun<T>], row: &mut [PixelRun<T>]) {
        let mut first = 0;
        for run in row {
            // Hole pixels connect across corners, background pixels don't.
            let reach = u32::from(run.is_hole);
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
            let mut background_above = BORDER_BACKGROUND;
            for other in touching {
                if other.is_hole != run.is_hole {
                    if other.start <= run.start && run.start < other.end {
                        background_above = other.label;
                    }
                } else if run.is_hole {
                    label = Some(self.hole.union_some(label, other.label));
                } else {
                    label = Some(self.background.union_some(label, other.label));
                }
            }
            run.label = if run.is_hole {
                self.label_hole(y, run, label, background_above)
            } else {
                let at_border = y == 0 || run.start == 0 || run.end == width;
                let label = label.unwrap_or_else(|| self.background.make_set());
                if at_border {
                    self.background.union(label, BORDER_BACKGROUND)
                } else {
                    label
                }
            };
        }
    }

    fn label_hole(&mut self, y: u32, run: &PixelRun<T>, label: Option<u32>, background_above: u32) -> u32 {
        let bounds = Rect {
            x: run.start,
            y,
            width: run.end - run.start,
            height: 1,
        };
        let label = label.unwrap_or_else(|| {
            self.pixels.push(LabelledPixels {
                bounds,
                max: run.max,
                background_above,
            });
            self.hole.make_set()
        });
        if let Some(pixels) = self.pixels.get_mut(label as usize) {
            pixels.add(&bounds, run.max);
        }
        label
    }

    fn into_components(mut self) -> Vec<HoleComponent<T>> {
        // The root of a set is its smallest label, whose first pixel is the component's.
        for label in (0..self.pixels.len()).rev() {
            let root = self.hole.find(label as u32) as usize;
            let (before, after) = self.pixels.split_at_mut(label);
            if let (Some(root), Some(pixels)) = (before.get_mut(root), after.first()) {
                root.add(&pixels.bounds, pixels.max);
            }
        }
        let border = self.background.find(BORDER_BACKGROUND);
        let mut components = Vec::new();
        for (label, pixels) in (0..).zip(&self.pixels) {
            if self.hole.find(label) == label {
                components.push(HoleComponent {
                    bounds: pixels.bounds,
                    max: pixels.max,
                    is_outer: self.background.find(pixels.background_above) == border,
                });
            }
        }
        components
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(values: &[f32], width: usize) -> Vec<(u32, u32, u32, u32, u32)> {
        let summary = |component: &HoleComponent<f32>| {
            let bounds = component.bounds;
            (
                bounds.x,
                bounds.y,
                bounds.width,
                bounds.height,
                component.max as u32,
            )
        };
        hole_components(values, width, |value| value > 0.0)
            .iter()
            .map(summary)
            .collect()
    }

    #[test]
    fn corners_connect_and_max_is_the_largest_value() {
        let values = [
            1.0, 0.0, 0.0, 0.0, //
            0.0, 2.0, 0.0, 1.0, //
            0.0, 0.0, 0.0, 0.0, //
        ];
        assert_eq!(components(&values, 4), [(0, 0, 2, 2, 2), (3, 1, 1, 1, 1)]);
    }

    #[test]
    fn branches_that_meet_in_a_lower_row_are_joined() {
        let values = [
            3.0, 0.0, 1.0, 0.0, 1.0, //
            1.0, 0.0, 1.0, 1.0, 1.0, //
            1.0, 1.0, 1.0, 0.0, 0.0, //
        ];
        assert_eq!(components(&values, 5), [(0, 0, 5, 3, 3)]);
    }

    #[test]
    fn last_pixels_of_wide_rows_are_components() {
        let width = 2 * VECTORIZED_VALUES + 7;
        let mut values = vec![0.0; 3 * width];
        values[2 * width - 1] = 4.0;
        assert_eq!(components(&values, width), [(width as u32 - 1, 1, 1, 1, 4)]);
    }

    #[test]
    fn row_ends_do_not_connect() {
        assert_eq!(components(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], 3).len(), 2);
    }
}
