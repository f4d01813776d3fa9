//! The fast marching method (Sethian 1996) for |∇T| = 1 on a grid: T is the time at which a front that starts
//! at the hole's border arrives, as in Telea (2004). Ties are resolved in `OpenCV`'s order: first in, first
//! out.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The arrival time of pixels that the front hasn't reached; the value of `OpenCV`.
pub(super) const NEVER: f32 = 1.0e6;

/// Arrival times over a grid with a border of one known pixel on every side.
pub(super) struct ArrivalTimes {
    /// Pixels per row, including the border.
    pub stride: usize,
    /// True for pixels that the front hasn't reached; none of them lies on the border.
    pub unknown: Vec<bool>,
    /// The arrival time T of each pixel, in pixels at unit speed.
    pub time: Vec<f32>,
}

impl ArrivalTimes {
    /// Returns the four neighbours of a pixel in the order in which the front visits them.
    fn neighbours(&self, at: usize) -> [usize; 4] {
        [at - self.stride, at - 1, at + self.stride, at + 1]
    }

    /// Returns the earliest arrival at `at` over the four pairs of a vertical and a horizontal neighbour.
    fn arrival(&self, at: usize) -> f32 {
        let [above, left, below, right] = self.neighbours(at);
        let from = |vertical, horizontal| self.solve(vertical, horizontal);
        let earlier = from(above, left).min(from(below, left));
        earlier.min(from(above, right).min(from(below, right)))
    }

    /// Returns the upwind solution of the eikonal equation from one vertical and one horizontal neighbour.
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

/// A pixel of the front, ordered by time and then by insertion.
#[derive(Clone, Copy)]
struct FrontPixel {
    time: f32,
    order: usize,
    at: usize,
}

impl Ord for FrontPixel {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time
            .total_cmp(&other.time)
            .then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for FrontPixel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FrontPixel {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FrontPixel {}

/// Advances the front from `start` (pixels inside the border, at time 0) until every reachable unknown pixel
/// is reached. Calls `reach` for each pixel after its time is set and before it counts as known.
///
/// # Errors
/// Returns the first error of `reach`, which ends the march.
pub(super) fn fast_march<E>(
    times: &mut ArrivalTimes,
    start: &[usize],
    mut reach: impl FnMut(&ArrivalTimes, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut front: BinaryHeap<Reverse<FrontPixel>> = start
        .iter()
        .enumerate()
        .map(|(order, &at)| Reverse(FrontPixel { time: 0.0, order, at }))
        .collect();
    let mut order = start.len();
    while let Some(Reverse(FrontPixel { at, .. })) = front.pop() {
        for next in times.neighbours(at) {
            if !times.unknown[next] {
                continue;
            }
            let time = times.arrival(next);
            times.time[next] = time;
            reach(times, next)?;
            times.unknown[next] = false;
            front.push(Reverse(FrontPixel {
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
    fn times_are_distances() {
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
        let mut times = ArrivalTimes {
            stride,
            unknown,
            time,
        };
        let mut reached = 0;
        let result: Result<(), Infallible> = fast_march(&mut times, &[centre], |_, _| {
            reached += 1;
            Ok(())
        });
        result.unwrap();
        assert_eq!(reached, 21 * 21 - 1);
        for (x, y) in [(11, 1), (1, 11), (4, 4), (18, 15)] {
            let distance = (x as f32 - 11.0).hypot(y as f32 - 11.0);
            let got = times.time[y * stride + x];
            assert!(
                (got - distance).abs() < 0.15 * distance,
                "({x}, {y}): {got}, not {distance}"
            );
        }
    }

    #[test]
    fn errors_end_the_march() {
        let mut times = ArrivalTimes {
            stride: 4,
            unknown: [[false; 4], [false, false, true, false], [false; 4]].concat(),
            time: vec![NEVER; 12],
        };
        times.time[5] = 0.0;
        assert_eq!(fast_march(&mut times, &[5], |_, at| Err(at)), Err(6));
    }
}
