//! The colour of a pixel after `OpenCV`'s reading of Bertalmio, Bertozzi and Sapiro, "Navier-Stokes, Fluid Dynamics,
//! and Image and Video Inpainting" (2001): known pixels count where the lines of equal brightness run through them
//! towards the pixel.

use super::canvas::Canvas;
use super::disc::{Around, Disc};
use super::march::Field;

/// Directions below this count as level; the weight that they get instead.
const LEVEL: (f64, f32) = (0.01, 1.0e-6);
/// Keeps divisions by sums of weights finite.
const TINY: f32 = 1.0e-20;

/// The colour of the pixel at (x, y), which is unknown in the field.
pub(super) fn colour(field: &Field, canvas: &Canvas, disc: &Disc, (x, y): (usize, usize)) -> [u8; 3] {
    let mut sums = [0.0_f32; 3];
    let mut weights = [TINY; 3];
    for row in disc.rows((x, y), (canvas.columns.len(), canvas.rows.len())) {
        let known = canvas.row(row.y);
        let lines = canvas.rows[row.y];
        let [here, before, last, after] =
            [lines.at, lines.before, lines.last, lines.after].map(|line| canvas.row(line));
        for column in row.columns {
            let index = (row.y + 1) * field.stride + column + 1;
            if field.unknown[index] {
                continue;
            }
            let to_x = column as f32 - x as f32;
            let to_y = row.y as f32 - y as f32;
            let square = to_x * to_x + to_y * to_y;
            let near = 1.0 / (square * square + 1.0);
            let around = Around::of(field, index);
            let columns = canvas.columns[column];
            for channel in 0..3 {
                let value = |line: &[[u8; 3]], column: usize| i32::from(line[column][channel]);
                let rise = change(
                    around.vertical,
                    value(last, columns.at) - value(before, columns.at),
                    value(after, columns.at) - value(last, columns.at),
                );
                let run = change(
                    around.horizontal,
                    value(here, columns.at) - value(here, columns.before),
                    value(here, columns.after) - value(here, columns.at),
                );
                // Along the line of equal brightness: the gradient turned by a right angle.
                let (flow_x, flow_y) = (-rise, run);
                let along = to_x * flow_x + to_y * flow_y;
                let along = if f64::from(along.abs()) <= LEVEL.0 {
                    LEVEL.1
                } else {
                    (along / (square * (flow_x * flow_x + flow_y * flow_y)).sqrt()).abs()
                };
                let weight = near * along;
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

/// How much a channel changes along one direction, from the neighbours that are known.
fn change(unknown: [bool; 2], from_before: i32, to_after: i32) -> f32 {
    match unknown {
        [false, false] => (to_after.abs() + from_before.abs()) as f32,
        [true, false] => to_after.abs() as f32 * 2.0,
        [false, true] => from_before.abs() as f32 * 2.0,
        [true, true] => 0.0,
    }
}
