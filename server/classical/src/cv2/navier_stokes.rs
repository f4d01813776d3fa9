//! The colour of a pixel by `OpenCV`'s variant of Bertalmio, Bertozzi and Sapiro, "Navier-Stokes, Fluid
//! Dynamics, and Image and Video Inpainting" (2001): known pixels whose isophotes point to the pixel have the
//! most weight.

use super::border_image::BorderImage;
use super::disc::{Disc, UnknownNeighbours};
use super::fast_marching::ArrivalTimes;

/// Alignments of at most this magnitude count as perpendicular. Value of `OpenCV`.
const MIN_ALIGNMENT: f64 = 0.01;
/// The alignment that perpendicular isophotes get instead. Value of `OpenCV`.
const PERPENDICULAR_ALIGNMENT: f32 = 1.0e-6;
/// Initial value of the sums of weights, which are divisors. Value of `OpenCV`.
const EPSILON: f32 = 1.0e-20;

/// Returns the colour of the unknown pixel p at (x, y): per channel, the weighted mean of the known pixels q
/// of the disc
///
/// ```text
/// w(q) = 1 / (|q - p|^4 + 1) * |cos(q - p, isophote(q))|
/// ```
///
/// where the isophote is the gradient at q, turned by a right angle.
pub(super) fn colour(
    times: &ArrivalTimes,
    image: &BorderImage,
    disc: &Disc,
    (x, y): (usize, usize),
) -> [u8; 3] {
    let mut sums = [0.0_f32; 3];
    let mut weights = [EPSILON; 3];
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
            let to_x = column as f32 - x as f32;
            let to_y = row.y as f32 - y as f32;
            let squared_distance = to_x * to_x + to_y * to_y;
            let distance_weight = 1.0 / (squared_distance * squared_distance + 1.0);
            let neighbours = UnknownNeighbours::of(times, index);
            let columns = image.columns[column];
            for channel in 0..3 {
                let value = |line: &[[u8; 3]], column: usize| i32::from(line[column][channel]);
                let change_y = absolute_change(
                    neighbours.vertical,
                    value(last, columns.at) - value(before, columns.at),
                    value(after, columns.at) - value(last, columns.at),
                );
                let change_x = absolute_change(
                    neighbours.horizontal,
                    value(here, columns.at) - value(here, columns.before),
                    value(here, columns.after) - value(here, columns.at),
                );
                let (isophote_x, isophote_y) = (-change_y, change_x);
                let product = to_x * isophote_x + to_y * isophote_y;
                let alignment = if f64::from(product.abs()) <= MIN_ALIGNMENT {
                    PERPENDICULAR_ALIGNMENT
                } else {
                    let squared_length = isophote_x * isophote_x + isophote_y * isophote_y;
                    (product / (squared_distance * squared_length).sqrt()).abs()
                };
                let weight = distance_weight * alignment;
                sums[channel] += weight * f32::from(known[column][channel]);
                weights[channel] += weight;
            }
        }
    }
    std::array::from_fn(|channel| {
        let value = f64::from(sums[channel]) / f64::from(weights[channel]);
        value.round_ties_even() as u8
    })
}

/// Returns the absolute change of a channel along one axis, over two pixels, from its known neighbours.
fn absolute_change(unknown: [bool; 2], from_before: i32, to_after: i32) -> f32 {
    match unknown {
        [false, false] => (to_after.abs() + from_before.abs()) as f32,
        [true, false] => to_after.abs() as f32 * 2.0,
        [false, true] => from_before.abs() as f32 * 2.0,
        [true, true] => 0.0,
    }
}
