//! Fast marching: how a front that starts at the hole's edge reaches pixel after pixel.
//!
//! Sethian's method (1996) for |∇T| = 1 on a grid, as Telea (2004) uses it, with the order of `OpenCV`: of pixels that
//! are reached at one time the one that was seen first goes first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The arrival time of pixels that no front has reached.
pub(super) const NEVER: f32 = 1.0e6;

/// Arrival times over a grid that has a border of one known pixel on every side.
pub(super) struct Field {
    /// Pixels per row, the border included.
    pub stride: usize,
    /// The pixels that the front has not reached; none lies on the border.
    pub unknown: Vec<bool>,
    /// The arrival times.
    pub time: Vec<f32>,
}

impl Field {
    /// The four neighbours of a pixel in the order in which the front looks at them.
    fn neighbours(&self, at: usize) -> [usize; 4] {
        [at - self.stride, at - 1, at + self.stride, at + 1]
    }

    /// The earliest time at which the front can come to `at` from its neighbours.
    fn arrival(&self, at: usize) -> f32 {
        let [above, left, below, right] = self.neighbours(at);
        let from = |vertical, horizontal| self.solve(vertical, horizontal);
        let earlier = from(above, left).min(from(below, left));
        earlier.min(from(above, right).min(from(below, right)))
    }

    /// The arrival by one vertical and one horizontal neighbour: the upwind solution of the eikonal equation.
    fn solve(&self, vertical: usize, horizontal: usize) -> f32 {
        let (a, b) = (f64::from(self.time[vertical]), f64::from(self.time[horizontal]));
        let time = match (self.unknown[vertical], self.unknown[horizontal]) {
            (false, false) if (a - b).abs() < 1.0 => (a + b + (2.0 - (a - b) * (a - b)).sqrt()) * 0.5,
            (false, true) => 1.0 + a,
            (true, false) => 1.0 + b,
            (false, false) | (true, true) => 1.0 + a.min(b),
        };
        time as f32
    }
}

/// A pixel in the front.
#[derive(Clone, Copy)]
struct Reached {
    time: f32,
    order: usize,
    at: usize,
}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time
            .total_cmp(&other.time)
            .then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reached {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Reached {}

/// Lets a front go out from `start` (time 0, inside the border) until every unknown pixel that it can come to is
/// reached. `reach` is told of each pixel when its time is set and it still counts as unknown.
pub(super) fn march<E>(
    field: &mut Field,
    start: &[usize],
    mut reach: impl FnMut(&Field, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut front: BinaryHeap<Reverse<Reached>> = start
        .iter()
        .enumerate()
        .map(|(order, &at)| Reverse(Reached { time: 0.0, order, at }))
        .collect();
    let mut order = start.len();
    while let Some(Reverse(Reached { at, .. })) = front.pop() {
        for next in field.neighbours(at) {
            if !field.unknown[next] {
                continue;
            }
            let time = field.arrival(next);
            field.time[next] = time;
            reach(field, next)?;
            field.unknown[next] = false;
            front.push(Reverse(Reached {
                time,
                order,
                at: next,
            }));
            order += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn times_are_distances_from_the_start() {
        let stride = 23;
        let mut unknown = vec![false; stride * stride];
        for y in 1..stride - 1 {
            for x in 1..stride - 1 {
                unknown[y * stride + x] = true;
            }
        }
        let centre = 11 * stride + 11;
        unknown[centre] = false;
        let mut time = vec![NEVER; stride * stride];
        time[centre] = 0.0;
        let mut field = Field {
            stride,
            unknown,
            time,
        };
        let mut reached = 0;
        let result: Result<(), Infallible> = march(&mut field, &[centre], |_, _| {
            reached += 1;
            Ok(())
        });
        result.unwrap();
        assert_eq!(reached, 21 * 21 - 1);
        for (x, y) in [(11, 1), (1, 11), (4, 4), (18, 15)] {
            let far = (x as f32 - 11.0).hypot(y as f32 - 11.0);
            let got = field.time[y * stride + x];
            assert!((got - far).abs() < 0.15 * far, "({x}, {y}): {got}, not {far}");
        }
    }

    #[test]
    fn a_reach_that_fails_ends_the_march() {
        let mut field = Field {
            stride: 4,
            unknown: [[false; 4], [false, false, true, false], [false; 4]].concat(),
            time: vec![NEVER; 12],
        };
        field.time[5] = 0.0;
        assert_eq!(march(&mut field, &[5], |_, at| Err(at)), Err(6));
    }
}
