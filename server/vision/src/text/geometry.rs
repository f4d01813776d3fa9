//! Rotated rectangles: the smallest one around a set of points, growth, scaling and rasterization.

use std::ops::Range;

use iopaint_imaging::Rect;

/// A point or vector (x, y). Integer coordinates are pixel centres.
pub type Point = (f32, f32);

/// A rectangle of any orientation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotatedRect {
    centre: Point,
    /// Unit vector along the first side.
    axis: Point,
    /// Half the length along `axis`, and half the length across it.
    half: (f32, f32),
}

impl RotatedRect {
    /// Returns the rectangle of the smallest area around `points`; `None` without points or if a coordinate
    /// isn't finite.
    ///
    /// One side of it lies on an edge of the convex hull (Freeman and Shapira 1975). The hull of n pixels in
    /// a row-major image has O(n^(1/3)) corners, so that each edge is tried against all corners.
    pub fn around(points: &[Point]) -> Option<Self> {
        if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
            return None;
        }
        let hull = convex_hull(points);
        let first = *hull.first()?;
        let edges = hull.iter().zip(hull.iter().cycle().skip(1));
        let axes = edges.filter_map(|(a, b)| unit((b.0 - a.0, b.1 - a.1)));
        let candidates = axes.map(|axis| Self::along(axis, &hull));
        let smallest = candidates.min_by(|a, b| a.area().total_cmp(&b.area()));
        Some(smallest.unwrap_or(Self {
            centre: first,
            axis: (1.0, 0.0),
            half: (0.0, 0.0),
        }))
    }

    /// Returns the smallest rectangle around `points` with a side along `axis`.
    fn along(axis: Point, points: &[Point]) -> Self {
        let extent = |direction: Point| {
            points
                .iter()
                .map(|point| dot(*point, direction))
                .fold((f32::MAX, f32::MIN), |(low, high), at| {
                    (low.min(at), high.max(at))
                })
        };
        let across = (-axis.1, axis.0);
        let ((left, right), (top, bottom)) = (extent(axis), extent(across));
        let middle = (f32::midpoint(left, right), f32::midpoint(top, bottom));
        Self {
            centre: (
                middle.0 * axis.0 + middle.1 * across.0,
                middle.0 * axis.1 + middle.1 * across.1,
            ),
            axis,
            half: ((right - left) / 2.0, (bottom - top) / 2.0),
        }
    }

    /// Returns the length of the shorter side.
    pub fn short_side(&self) -> f32 {
        2.0 * self.half.0.min(self.half.1)
    }

    /// Returns the area.
    pub fn area(&self) -> f32 {
        4.0 * self.half.0 * self.half.1
    }

    /// Returns the perimeter.
    pub fn perimeter(&self) -> f32 {
        4.0 * (self.half.0 + self.half.1)
    }

    /// Returns the rectangle with each side moved outwards by `distance`.
    pub fn grown(&self, distance: f32) -> Self {
        Self {
            half: (
                (self.half.0 + distance).max(0.0),
                (self.half.1 + distance).max(0.0),
            ),
            ..*self
        }
    }

    /// Returns the corners, clockwise on the screen, beginning with the one of the smallest x + y.
    pub fn corners(&self) -> [Point; 4] {
        let across = (-self.axis.1, self.axis.0);
        let corner = |along: f32, side: f32| {
            (
                self.centre.0 + along * self.half.0 * self.axis.0 + side * self.half.1 * across.0,
                self.centre.1 + along * self.half.0 * self.axis.1 + side * self.half.1 * across.1,
            )
        };
        let mut corners = [
            corner(-1.0, -1.0),
            corner(1.0, -1.0),
            corner(1.0, 1.0),
            corner(-1.0, 1.0),
        ];
        let sums = corners.iter().map(|(x, y)| x + y).enumerate();
        let first = sums.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at);
        corners.rotate_left(first);
        corners
    }

    /// Returns the bounding box within an image of `width` x `height` pixels; `None` if they don't overlap.
    pub fn bounds(&self, (width, height): (u32, u32)) -> Option<Rect> {
        let span = |values: [f32; 4], side: u32| -> Option<Range<u32>> {
            let low = values.into_iter().fold(f32::MAX, f32::min).floor().max(0.0) as u32;
            let high = values.into_iter().fold(f32::MIN, f32::max).ceil().max(-1.0) + 1.0;
            let high = (high as u32).min(side);
            (low < high).then_some(low..high)
        };
        let columns = span(self.corners().map(|corner| corner.0), width)?;
        let rows = span(self.corners().map(|corner| corner.1), height)?;
        Some(Rect {
            x: columns.start,
            y: rows.start,
            width: columns.end - columns.start,
            height: rows.end - rows.start,
        })
    }

    /// Returns the ratio of the longer to the shorter side.
    pub fn aspect_ratio(&self) -> f32 {
        self.half.0.max(self.half.1) / self.half.0.min(self.half.1).max(0.5)
    }

    /// Returns the length of the longer side.
    pub fn long_side(&self) -> f32 {
        2.0 * self.half.0.max(self.half.1)
    }

    /// Returns the centre.
    pub fn centre(&self) -> Point {
        self.centre
    }

    /// Returns the unit vector along the longer side: to the right, or down if that side is vertical.
    pub fn longer_axis(&self) -> Point {
        let (x, y) = if self.half.0 >= self.half.1 {
            self.axis
        } else {
            (-self.axis.1, self.axis.0)
        };
        let points_left = x < -1e-6 || (x.abs() <= 1e-6 && y < 0.0);
        if points_left { (-x, -y) } else { (x, y) }
    }

    /// Returns the square beyond one end of the longer side, as high as the rectangle: beyond the start for
    /// -1, beyond the end for 1.
    pub fn square_beyond(&self, direction: f32) -> Self {
        let (axis, side) = (self.longer_axis(), self.short_side());
        let distance = direction * self.long_side().midpoint(side);
        Self {
            centre: (
                self.centre.0 + distance * axis.0,
                self.centre.1 + distance * axis.1,
            ),
            axis,
            half: (side / 2.0, side / 2.0),
        }
    }

    /// Returns the rectangle with the ends of its longer side moved outwards, by `[start, end]`.
    pub fn lengthened(&self, [start, end]: [f32; 2]) -> Self {
        let axis = self.longer_axis();
        let shift = (end - start) / 2.0;
        Self {
            centre: (self.centre.0 + shift * axis.0, self.centre.1 + shift * axis.1),
            axis,
            half: ((self.long_side() + start + end) / 2.0, self.short_side() / 2.0),
        }
    }

    /// Returns the position of a point along the longer side: 0 at its start, 1 at its end.
    pub fn along_longer_side(&self, (x, y): Point) -> f32 {
        let (axis, half) = if self.half.0 >= self.half.1 {
            (self.axis, self.half.0)
        } else {
            ((-self.axis.1, self.axis.0), self.half.1)
        };
        0.5 + dot((x - self.centre.0, y - self.centre.1), axis) / (2.0 * half).max(1.0)
    }

    /// Returns the fraction of the rectangle that `others` cover, from 8 x 8 points.
    pub fn covered_by(&self, others: &[Self]) -> f32 {
        let across = (-self.axis.1, self.axis.0);
        let at = |index: u8| (f32::from(index) + 0.5) / 4.0 - 1.0;
        let points = (0..8).flat_map(|row| (0..8).map(move |column| (at(column), at(row))));
        let covered = points.filter(|(along, side)| {
            let (along, side) = (along * self.half.0, side * self.half.1);
            let point = (
                self.centre.0 + along * self.axis.0 + side * across.0,
                self.centre.1 + along * self.axis.1 + side * across.1,
            );
            others.iter().any(|other| other.contains(point))
        });
        covered.count() as f32 / 64.0
    }

    /// Returns true if the point lies in the rectangle or on its border.
    pub fn contains(&self, (x, y): Point) -> bool {
        let offset = (x - self.centre.0, y - self.centre.1);
        let across = (-self.axis.1, self.axis.0);
        // Coordinates reach some thousands; their products are exact to about a thousandth.
        let tolerance = 1e-3;
        dot(offset, self.axis).abs() <= self.half.0 + tolerance
            && dot(offset, across).abs() <= self.half.1 + tolerance
    }
}

/// Calls `visit` with the row and the columns of each row of pixels whose centres lie in the convex `polygon`
/// or on its border, within an image of `width` x `height` pixels.
pub fn for_each_row(
    polygon: &[Point],
    (width, height): (usize, usize),
    mut visit: impl FnMut(usize, Range<usize>),
) {
    let ys = polygon.iter().map(|point| point.1);
    let (top, bottom) = ys.fold((f32::MAX, f32::MIN), |(top, bottom), y| {
        (top.min(y), bottom.max(y))
    });
    let Some(rows) = pixels(top, bottom, height) else {
        return;
    };
    for row in rows {
        let y = row as f32;
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        for (a, b) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
            let (upper, lower) = if a.1 <= b.1 { (a, b) } else { (b, a) };
            if y < upper.1 || y > lower.1 {
                continue;
            }
            let ends = if lower.1 > upper.1 {
                let x = upper.0 + (lower.0 - upper.0) * ((y - upper.1) / (lower.1 - upper.1));
                [x, x]
            } else {
                [a.0, b.0]
            };
            left = ends.into_iter().fold(left, f32::min);
            right = ends.into_iter().fold(right, f32::max);
        }
        if let Some(columns) = pixels(left, right, width) {
            visit(row, columns);
        }
    }
}

/// Returns the pixels with centres in `low..=high`, within `0..side`; `None` if there are none.
fn pixels(low: f32, high: f32, side: usize) -> Option<Range<usize>> {
    // As in `RotatedRect::contains`.
    let tolerance = 1e-3;
    let (low, high) = ((low - tolerance).ceil().max(0.0), (high + tolerance).floor());
    (low <= high && high >= 0.0 && low < side as f32).then(|| low as usize..(high as usize + 1).min(side))
}

fn dot(a: Point, b: Point) -> f32 {
    a.0 * b.0 + a.1 * b.1
}

fn unit((x, y): Point) -> Option<Point> {
    let length = x.hypot(y);
    (length > 0.0).then(|| (x / length, y / length))
}

/// Returns the corners of the convex hull, in order (Andrew's monotone chain, 1979).
fn convex_hull(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    sorted.dedup();
    if sorted.len() < 3 {
        return sorted;
    }
    let mut hull = chain(sorted.iter());
    hull.extend(chain(sorted.iter().rev()));
    hull
}

/// Returns one half of the hull without its last corner, which begins the other half.
fn chain<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Point> {
    let mut half: Vec<Point> = Vec::new();
    for point in points {
        while let [.., a, b] = half.as_slice()
            && (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0) <= 0.0
        {
            half.pop();
        }
        half.push(*point);
    }
    half.pop();
    half
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f32, b: f32) -> bool {
        (a - b).abs() < 0.01
    }

    #[test]
    fn rotated_square_keeps_its_sides() {
        let rect = RotatedRect::around(&[(0.0, 5.0), (5.0, 0.0), (10.0, 5.0), (5.0, 10.0)]).unwrap();
        assert!(close(rect.area(), 50.0) && close(rect.short_side(), 50.0_f32.sqrt()));
        assert!(close(rect.perimeter(), 4.0 * 50.0_f32.sqrt()));
    }

    #[test]
    fn points_and_lines_have_no_area() {
        assert!(RotatedRect::around(&[]).is_none());
        assert!(RotatedRect::around(&[(f32::NAN, 0.0)]).is_none());
        let point = RotatedRect::around(&[(3.0, 4.0); 2]).unwrap();
        assert_eq!(point.corners(), [(3.0, 4.0); 4]);
        let line = RotatedRect::around(&[(0.0, 0.0), (3.0, 4.0), (6.0, 8.0)]).unwrap();
        assert!(close(line.perimeter(), 20.0) && close(line.area(), 0.0));
    }

    #[test]
    fn growth_moves_each_side() {
        let rect = RotatedRect::around(&[(2.0, 3.0), (8.0, 3.0), (8.0, 5.0), (2.0, 5.0)]).unwrap();
        let corners = rect.grown(1.5).corners();
        assert_eq!(corners, [(0.5, 1.5), (9.5, 1.5), (9.5, 6.5), (0.5, 6.5)]);
        assert!(close(rect.grown(-9.0).area(), 0.0));
    }

    #[test]
    fn ends_of_the_longer_side_move() {
        let rect = RotatedRect::around(&[(2.0, 3.0), (8.0, 3.0), (8.0, 5.0), (2.0, 5.0)]).unwrap();
        let corners = rect.lengthened([1.0, 4.0]).corners();
        assert_eq!(corners, [(1.0, 3.0), (12.0, 3.0), (12.0, 5.0), (1.0, 5.0)]);
        let square = rect.square_beyond(-1.0).corners();
        assert_eq!(square, [(0.0, 3.0), (2.0, 3.0), (2.0, 5.0), (0.0, 5.0)]);
        assert_eq!(rect.square_beyond(1.0).centre(), (9.0, 4.0));
    }

    #[test]
    fn bounds_lie_in_the_image() {
        let rect = RotatedRect::around(&[(-3.0, 4.2), (6.0, 4.2), (6.0, 8.0), (-3.0, 8.0)]).unwrap();
        let bounds = rect.bounds((5, 20)).unwrap();
        assert_eq!((bounds.x, bounds.y, bounds.width, bounds.height), (0, 4, 5, 5));
        assert!(rect.bounds((5, 4)).is_none() && rect.bounds((0, 20)).is_none());
    }

    #[test]
    fn rows_are_clipped_to_the_image() {
        let mut rows = Vec::new();
        let polygon = [(-3.0, 0.5), (2.2, 0.5), (2.2, 9.0), (-3.0, 9.0)];
        for_each_row(&polygon, (5, 3), |row, columns| rows.push((row, columns)));
        assert_eq!(rows, [(1, 0..3), (2, 0..3)]);
        for_each_row(&[(9.0, 0.0), (12.0, 2.0)], (5, 3), |_, _| unreachable!());
        for_each_row(&[], (5, 3), |_, _| unreachable!());
    }

    proptest! {
        #[test]
        fn rect_contains_its_points(points in prop::collection::vec((-500_i16..500, -500_i16..500), 1..40)) {
            let points: Vec<Point> = points.into_iter().map(|(x, y)| (f32::from(x), f32::from(y))).collect();
            let rect = RotatedRect::around(&points).unwrap().grown(0.05);
            for point in points {
                prop_assert!(rect.contains(point));
            }
        }

        #[test]
        fn rows_cover_the_pixels_of_the_rect(
            points in prop::collection::vec((0_u8..40, 0_u8..30), 1..9), growth in 0.0_f32..4.0,
        ) {
            let points: Vec<Point> = points.into_iter().map(|(x, y)| (f32::from(x), f32::from(y))).collect();
            let rect = RotatedRect::around(&points).unwrap().grown(growth + 0.05);
            let mut found = vec![false; 40 * 30];
            for_each_row(&rect.corners(), (40, 30), |row, columns| {
                found[row * 40 + columns.start..row * 40 + columns.end].fill(true);
            });
            for (at, found) in found.into_iter().enumerate() {
                let (x, y) = ((at % 40) as f32, (at / 40) as f32);
                prop_assert!(!found || rect.grown(0.05).contains((x, y)));
                prop_assert!(found || !rect.grown(-0.05).contains((x, y)));
            }
        }
    }
}
