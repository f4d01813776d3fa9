//! The colour of a pixel by `OpenCV`'s variant of Telea, "An Image Inpainting Technique Based on the Fast
//! Marching Method" (2004).

use super::border_image::BorderImage;
use super::disc::{Disc, UnknownNeighbours};
use super::fast_marching::ArrivalTimes;

/// Directional weights of at most this magnitude count as perpendicular to the front's normal. Value of
/// `OpenCV`.
const MIN_ALIGNMENT: f64 = 0.01;
/// The directional weight that perpendicular directions get instead. Value of `OpenCV`.
const PERPENDICULAR_ALIGNMENT: f32 = 1.0e-6;
/// Initial value of the sum of weights and addend of the gradient's length, which are divisors. Value of
/// `OpenCV`.
const EPSILON: f32 = 1.0e-20;

/// Sums over the known pixels of a disc, per channel.
struct WeightedSums {
    colour: [f32; 3],
    gradient_x: [f32; 3],
    gradient_y: [f32; 3],
    weight: f32,
}

/// Returns the colour of the unknown pixel p at (x, y), whose arrival time is set; `at` is its index in the
/// grid of `times`. Over the known pixels q of the disc, per channel:
///
/// ```text
/// w(q) = |dir * dst * lev|
/// dir = (p - q) . grad T(p),  dst = 1 / |p - q|^3,  lev = 1 / (1 + |T(p) - T(q)|)
/// J = -sum w(q) * grad I(q) * (p - q)   (component by component)
/// I(p) = sum w(q) * I(q) / sum w(q) + (J_x + J_y) / |J|
/// ```
///
/// Telea's paper has |p - q|^2 in dst and adds grad I(q) . (p - q) to every I(q).
pub(super) fn colour(
    times: &ArrivalTimes,
    image: &BorderImage,
    disc: &Disc,
    (x, y): (usize, usize),
    at: usize,
) -> [u8; 3] {
    let neighbours = UnknownNeighbours::of(times, at);
    let time = |index: usize| times.time[index];
    let normal_x = time_gradient(neighbours.horizontal, [time(at - 1), time(at), time(at + 1)]);
    let (above, below) = (time(at - times.stride), time(at + times.stride));
    let normal_y = time_gradient(neighbours.vertical, [above, time(at), below]);
    let mut sums = WeightedSums {
        colour: [0.0; 3],
        gradient_x: [0.0; 3],
        gradient_y: [0.0; 3],
        weight: EPSILON,
    };
    for row in disc.rows((x, y), (image.columns.len(), image.rows.len())) {
        let known = image.row(row.y);
        let lines = image.rows[row.y];
        let [here, before, last, after] =
            [lines.at, lines.before, lines.last, lines.after].map(|line| image.row(line));
        for column in row.columns {
            let index = (row.y + 1) * times.stride + column + 1;
            if times.unknown[index] {
                continue;
            }
            let from_x = x as f32 - column as f32;
            let from_y = y as f32 - row.y as f32;
            let squared_distance = from_x * from_x + from_y * from_y;
            let distance_weight =
                (1.0 / (f64::from(squared_distance) * f64::from(squared_distance).sqrt())) as f32;
            let level_weight = (1.0 / (1.0 + f64::from((times.time[index] - times.time[at]).abs()))) as f32;
            let product = from_x * normal_x + from_y * normal_y;
            let alignment = if f64::from(product.abs()) <= MIN_ALIGNMENT {
                PERPENDICULAR_ALIGNMENT
            } else {
                product
            };
            let weight = (distance_weight * level_weight * alignment).abs();
            let neighbours = UnknownNeighbours::of(times, index);
            let columns = image.columns[column];
            for channel in 0..3 {
                let value = |line: &[[u8; 3]], column: usize| i32::from(line[column][channel]);
                let gradient_x = image_gradient(
                    neighbours.horizontal,
                    value(here, columns.before),
                    [value(here, columns.at), value(here, columns.last)],
                    value(here, columns.after),
                );
                let gradient_y = image_gradient(
                    neighbours.vertical,
                    value(before, columns.at),
                    [value(here, columns.at), value(last, columns.at)],
                    value(after, columns.at),
                );
                sums.colour[channel] += weight * f32::from(known[column][channel]);
                sums.gradient_x[channel] -= weight * (gradient_x * from_x);
                sums.gradient_y[channel] -= weight * (gradient_y * from_y);
            }
            sums.weight += weight;
        }
    }
    std::array::from_fn(|channel| {
        let (gradient_x, gradient_y) = (sums.gradient_x[channel], sums.gradient_y[channel]);
        let length = (gradient_x * gradient_x + gradient_y * gradient_y).sqrt() + EPSILON;
        let value = sums.colour[channel] / sums.weight + (gradient_x + gradient_y) / length;
        (f64::from(value) + 0.5).round_ties_even() as u8
    })
}

/// Returns the gradient of the arrival time along one axis, from the known neighbours.
fn time_gradient(unknown: [bool; 2], [before, here, after]: [f32; 3]) -> f32 {
    match unknown {
        [false, false] => (after - before) * 0.5,
        [true, false] => after - here,
        [false, true] => here - before,
        [true, true] => 0.0,
    }
}

/// Returns the gradient of a channel along one axis, from the known neighbours; the central difference isn't
/// halved, as in `OpenCV`. `here` holds the pixel's value for the forward and for the backward difference.
fn image_gradient(unknown: [bool; 2], before: i32, here: [i32; 2], after: i32) -> f32 {
    match unknown {
        [false, false] => (after - before) as f32 * 2.0,
        [true, false] => (after - here[0]) as f32,
        [false, true] => (here[1] - before) as f32,
        [true, true] => 0.0,
    }
}
