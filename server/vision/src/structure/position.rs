//! The position of hole pixels relative to the known pixels (Dong et al. 2022, section 3.3).

use iopaint_imaging::resize::nearest_sources;
use iopaint_imaging::{Coverage, Mask, Threshold, opencv_resize::area_mask};

/// Side in pixels of the square in which positions are determined.
const SIDE: u32 = 256;
/// The largest distance; farther pixels have this one.
const MAX_DISTANCE: u8 = 127;
/// The rows and columns, relative to a pixel, of the 2 x 2 known pixels that a direction stands for: upper
/// left, lower left, upper right, lower right.
const DIRECTIONS: [([isize; 2], [isize; 2]); 4] = [
    ([-1, 0], [-1, 0]),
    ([0, 1], [-1, 0]),
    ([-1, 0], [0, 1]),
    ([0, 1], [0, 1]),
];

/// The positions of an image's pixels, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionEncoding {
    /// Distance of a hole pixel to the nearest known pixel, in pixels of a square of 256 x 256 pixels
    /// (Chebyshev distance), at most 127; 0 for known pixels.
    pub distances: Vec<u8>,
    /// 1 if the growing known pixels reach a hole pixel from its upper left, lower left, upper right and
    /// lower right, else 0; zeros for known pixels.
    pub directions: Vec<[u8; 4]>,
}

impl PositionEncoding {
    /// Determines the positions of the mask's pixels. In a hole that covers the whole square, all positions
    /// are 0.
    #[must_use]
    pub fn new(mask: &Mask) -> Self {
        let (width, height) = (mask.width(), mask.height());
        let square = Self::of_square(&area_mask(mask.as_coverage(), SIDE, SIDE));
        let columns = nearest_sources(SIDE, width);
        let rows = nearest_sources(SIDE, height);
        let mut encoding = Self {
            distances: Vec::with_capacity(mask.values().len()),
            directions: Vec::with_capacity(mask.values().len()),
        };
        let sources = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| (row * SIDE + column) as usize));
        for (&value, source) in mask.values().iter().zip(sources) {
            let is_hole = value > 0;
            encoding
                .distances
                .push(if is_hole { square.distances[source] } else { 0 });
            encoding.directions.push(if is_hole {
                square.directions[source]
            } else {
                [0; 4]
            });
        }
        encoding
    }

    /// Determines the positions in a mask of [`SIDE`] x [`SIDE`] pixels by growing the known pixels, one
    /// pixel per step.
    fn of_square(mask: &Coverage) -> Self {
        let mut is_known: Vec<bool> = mask
            .values()
            .iter()
            .map(|&value| !Threshold::ANY.is_hole(value))
            .collect();
        let mut hole: Vec<usize> = (0..is_known.len()).filter(|&at| !is_known[at]).collect();
        let mut encoding = Self {
            distances: vec![0; is_known.len()],
            directions: vec![[0; 4]; is_known.len()],
        };
        for distance in 1..=u8::MAX {
            let mut reached = Vec::new();
            hole.retain(|&at| {
                let is_any_known = |(rows, columns): ([isize; 2], [isize; 2])| {
                    rows.iter().any(|row| {
                        columns
                            .iter()
                            .any(|column| is_known[neighbour(at, *row, *column)])
                    })
                };
                for (flag, direction) in encoding.directions[at].iter_mut().zip(DIRECTIONS) {
                    *flag |= u8::from(is_any_known(direction));
                }
                let is_reached = DIRECTIONS.into_iter().any(is_any_known);
                if is_reached {
                    encoding.distances[at] = MAX_DISTANCE.min(distance);
                    reached.push(at);
                }
                !is_reached
            });
            if reached.is_empty() {
                break;
            }
            for at in reached {
                is_known[at] = true;
            }
        }
        encoding
    }
}

/// Returns the index of a pixel's neighbour in a square of [`SIDE`] pixels. The square is continued by
/// reflection at its outermost pixels (`OpenCV`'s `BORDER_REFLECT_101`).
fn neighbour(at: usize, row: isize, column: isize) -> usize {
    let side = SIDE as usize;
    let moved = |coordinate: usize, step: isize| {
        let moved = (coordinate as isize + step).unsigned_abs();
        if moved < side { moved } else { 2 * side - 2 - moved }
    };
    moved(at / side, row) * side + moved(at % side, column)
}
