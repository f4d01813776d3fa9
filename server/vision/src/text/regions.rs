//! Post-processing of differentiable binarization: rotated rectangles from a map of text probabilities
//! ("Real-time Scene Text Detection with Differentiable Binarization", Liao et al., 2020, section 3.4).

use iopaint_imaging::{Mask, for_each_component};

use super::geometry::{Point, RotatedRect, for_each_row};

/// Probability above which a pixel belongs to a shrunk text region. The paper's section 4.2: 0.3.
const THRESHOLD: f32 = 0.3;
/// Ratio r of the offset D = area x r / perimeter that restores the size of a shrunk region. `PaddleOCR`'s
/// setting for its mobile detectors is 1.6; the paper's is 1.5.
const UNCLIP_RATIO: f32 = 1.6;
/// Shortest side of a shrunk region, in pixels of the map, from `PaddleOCR`.
const MIN_SHRUNK_SIDE: f32 = 3.0;
/// Shortest side of a restored region, in pixels of the map, from `PaddleOCR`.
const MIN_SIDE: f32 = 5.0;

/// The network's text probabilities, row-major.
pub struct ProbabilityMap<'a> {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// 0 to 1.
    pub values: &'a [f32],
}

impl ProbabilityMap<'_> {
    /// Returns the rectangles of text with their scores, at least `min_score`, in pixels of the map.
    pub fn regions(&self, min_score: f32) -> Vec<(RotatedRect, f32)> {
        let mut found = Vec::new();
        for_each_component(&self.binarized(), 0, |pixels, _| {
            let Some(shrunk) = RotatedRect::around(&self.outline(pixels)) else {
                return;
            };
            if shrunk.short_side() < MIN_SHRUNK_SIDE {
                return;
            }
            let score = self.mean_inside(&shrunk);
            let restored = shrunk.grown(shrunk.area() * UNCLIP_RATIO / shrunk.perimeter());
            if score >= min_score && restored.short_side() >= MIN_SIDE {
                found.push((restored, score));
            }
        });
        found
    }

    /// Returns the pixels above [`THRESHOLD`], dilated by a square of 2 x 2 pixels to the right and down as
    /// `PaddleOCR` does, so that parts of letters that touch at corners become one region.
    fn binarized(&self) -> Mask {
        let is_text = |x: u32, y: u32| {
            let at = y as usize * self.width + x as usize;
            self.values.get(at).is_some_and(|value| *value > THRESHOLD)
        };
        Mask::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (left, above) = (x.checked_sub(1), y.checked_sub(1));
            is_text(x, y)
                || left.is_some_and(|left| is_text(left, y))
                || above
                    .is_some_and(|above| is_text(x, above) || left.is_some_and(|left| is_text(left, above)))
        })
    }

    /// Returns the first and the last pixel of each row of a component: all that its convex hull needs.
    fn outline(&self, pixels: &[usize]) -> Vec<Point> {
        let mut sorted = pixels.to_vec();
        sorted.sort_unstable();
        let point = |at: usize| ((at % self.width) as f32, (at / self.width) as f32);
        sorted
            .chunk_by(|a, b| a / self.width == b / self.width)
            .filter_map(|row| Some([point(*row.first()?), point(*row.last()?)]))
            .flatten()
            .collect()
    }

    /// Returns the mean probability of the pixels in `rect`.
    fn mean_inside(&self, rect: &RotatedRect) -> f32 {
        let (mut sum, mut count) = (0.0_f64, 0_usize);
        for_each_row(&rect.corners(), (self.width, self.height), |row, columns| {
            let start = row * self.width;
            if let Some(values) = self.values.get(start + columns.start..start + columns.end) {
                sum += values.iter().map(|value| f64::from(*value)).sum::<f64>();
                count += values.len();
            }
        });
        (sum / count.max(1) as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 80;
    const HEIGHT: usize = 60;

    fn regions(probability: impl Fn(f32, f32) -> f32, min_score: f32) -> Vec<(RotatedRect, f32)> {
        let values: Vec<f32> = (0..WIDTH * HEIGHT)
            .map(|at| probability((at % WIDTH) as f32, (at / WIDTH) as f32))
            .collect();
        let map = ProbabilityMap {
            width: WIDTH,
            height: HEIGHT,
            values: &values,
        };
        map.regions(min_score)
    }

    /// A bar of 40 x 10 pixels.
    fn bar(probability: f32) -> impl Fn(f32, f32) -> f32 {
        move |x, y| {
            let inside = (20.0..60.0).contains(&x) && (20.0..30.0).contains(&y);
            if inside { probability } else { 0.0 }
        }
    }

    #[test]
    fn threshold_is_exclusive() {
        assert!(regions(bar(0.3), 0.0).is_empty());
        assert_eq!(regions(bar(0.31), 0.0).len(), 1);
    }

    #[test]
    fn min_score_is_inclusive() {
        // The dilation adds a row and a column without probability: the mean is 0.8 x 400 / 451.
        let score = regions(bar(0.8), 0.0)[0].1;
        assert!((score - 0.8 * 400.0 / 451.0).abs() < 1e-4, "{score}");
        assert_eq!(regions(bar(0.8), score).len(), 1);
        assert!(regions(bar(0.8), score + 1e-4).is_empty());
    }

    #[test]
    fn unclip_moves_sides_by_area_over_perimeter() {
        // Pixel centres of the dilated bar: 40 x 10 pixels, an offset of 400 x 1.6 / 100.
        let corners = regions(bar(0.9), 0.5)[0].0.corners();
        assert_eq!(corners, [(13.6, 13.6), (66.4, 13.6), (66.4, 36.4), (13.6, 36.4)]);
    }

    #[test]
    fn rotated_bars_keep_their_angle() {
        let (sin, cos) = 30.0_f32.to_radians().sin_cos();
        let inside = move |x: f32, y: f32| {
            let (x, y) = (x - 40.0, y - 30.0);
            let (along, across) = (x * cos + y * sin, y * cos - x * sin);
            if along.abs() <= 20.0 && across.abs() <= 5.0 {
                1.0
            } else {
                0.0
            }
        };
        let (rect, _) = regions(inside, 0.5)[0];
        let distance = (40.0 * 10.0 * UNCLIP_RATIO) / 100.0;
        for corner in rect.corners() {
            let (x, y) = (corner.0 - 40.5, corner.1 - 30.5);
            let (along, across) = (x * cos + y * sin, y * cos - x * sin);
            assert!((along.abs() - 20.0 - distance).abs() < 1.5, "{corner:?}");
            assert!((across.abs() - 5.0 - distance).abs() < 1.5, "{corner:?}");
        }
    }

    #[test]
    fn specks_are_dropped() {
        let speck = |x, y| if (x, y) == (30.0, 30.0) { 1.0 } else { 0.0 };
        assert!(regions(speck, 0.0).is_empty());
    }

    #[test]
    fn diagonal_parts_are_one_region() {
        let parts = |x: f32, y: f32| {
            let first = (10.0..20.0).contains(&x) && (10.0..20.0).contains(&y);
            let second = (21.0..30.0).contains(&x) && (21.0..30.0).contains(&y);
            if first || second { 1.0 } else { 0.0 }
        };
        assert_eq!(regions(parts, 0.0).len(), 1);
    }
}
