//! The colour of a pixel after Telea, "An Image Inpainting Technique Based on the Fast Marching Method" (2004).

use super::canvas::Canvas;
use super::disc::{Around, Disc};
use super::march::Field;

/// Directions whose cosine is below this count as level; the weight that they get instead.
const LEVEL: (f64, f32) = (0.01, 1.0e-6);
/// Keeps divisions by sums of weights finite.
const TINY: f32 = 1.0e-20;

/// The sums over the known pixels of a disc, per channel.
struct Sums {
    colour: [f32; 3],
    slope_x: [f32; 3],
    slope_y: [f32; 3],
    weight: f32,
}

/// The colour of the pixel at (x, y), which is `at` in the field and unknown there, while its time is known.
///
/// Each known pixel of the disc counts by its distance, by how far its arrival time differs and by how far it lies
/// along the front's normal; to its colour comes the slope of the known pixels.
pub(super) fn colour(
    field: &Field,
    canvas: &Canvas,
    disc: &Disc,
    (x, y): (usize, usize),
    at: usize,
) -> [u8; 3] {
    let around = Around::of(field, at);
    let time = |index: usize| field.time[index];
    let normal_x = slope(around.horizontal, [time(at - 1), time(at), time(at + 1)]);
    let (above, below) = (time(at - field.stride), time(at + field.stride));
    let normal_y = slope(around.vertical, [above, time(at), below]);
    let mut sums = Sums {
        colour: [0.0; 3],
        slope_x: [0.0; 3],
        slope_y: [0.0; 3],
        weight: TINY,
    };
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
            let away_x = x as f32 - column as f32;
            let away_y = y as f32 - row.y as f32;
            let square = away_x * away_x + away_y * away_y;
            let near = (1.0 / (f64::from(square) * f64::from(square).sqrt())) as f32;
            let level = (1.0 / (1.0 + f64::from((field.time[index] - field.time[at]).abs()))) as f32;
            let along = away_x * normal_x + away_y * normal_y;
            let along = if f64::from(along.abs()) <= LEVEL.0 {
                LEVEL.1
            } else {
                along
            };
            let weight = (near * level * along).abs();
            let around = Around::of(field, index);
            let columns = canvas.columns[column];
            for channel in 0..3 {
                let value = |line: &[[u8; 3]], column: usize| i32::from(line[column][channel]);
                let slope_x = image_slope(
                    around.horizontal,
                    value(here, columns.before),
                    [value(here, columns.at), value(here, columns.last)],
                    value(here, columns.after),
                );
                let slope_y = image_slope(
                    around.vertical,
                    value(before, columns.at),
                    [value(here, columns.at), value(last, columns.at)],
                    value(after, columns.at),
                );
                sums.colour[channel] += weight * f32::from(known[column][channel]);
                sums.slope_x[channel] -= weight * (slope_x * away_x);
                sums.slope_y[channel] -= weight * (slope_y * away_y);
            }
            sums.weight += weight;
        }
    }
    std::array::from_fn(|channel| {
        let (slope_x, slope_y) = (sums.slope_x[channel], sums.slope_y[channel]);
        let length = (slope_x * slope_x + slope_y * slope_y).sqrt() + TINY;
        let value = sums.colour[channel] / sums.weight + (slope_x + slope_y) / length;
        (f64::from(value) + 0.5).round_ties_even() as u8
    })
}

/// The slope of the arrival time along one direction, from the neighbours that are known.
fn slope(unknown: [bool; 2], [before, here, after]: [f32; 3]) -> f32 {
    match unknown {
        [false, false] => (after - before) * 0.5,
        [true, false] => after - here,
        [false, true] => here - before,
        [true, true] => 0.0,
    }
}

/// The slope of a channel along one direction, from the neighbours that are known. `here` is seen from the pixel
/// after and from the one before.
fn image_slope(unknown: [bool; 2], before: i32, here: [i32; 2], after: i32) -> f32 {
    match unknown {
        [false, false] => (after - before) as f32 * 2.0,
        [true, false] => (after - here[0]) as f32,
        [false, true] => (here[1] - before) as f32,
        [true, true] => 0.0,
    }
}
