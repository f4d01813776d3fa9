//! How busy the surroundings of a pixel are, so that coarse levels, which are smooth, still tell grass from sky.

use std::ops::Range;

use super::level::Canvas;
use super::pixel::{ACROSS, DOWN, brightness, to_byte};
use super::smooth::pull_push;

/// Pixels to each side that are averaged.
const REACH: usize = 3;
/// What a change of 1 (of 255) between neighbours adds to the byte.
const GAIN: f32 = 3.0;

/// Writes the texture of every known pixel (Newson, Almansa, Fradet, Gousseau and Perez 2014): how much brightness
/// changes from neighbour to neighbour along x and along y, on average over a window.
pub(super) fn write_texture(canvas: &mut Canvas) {
    let (width, height) = (canvas.width, canvas.height);
    for (channel, step, last) in [(ACROSS, 1, width), (DOWN, width, height)] {
        let mut changes = vec![(0.0, 0.0); canvas.pixels.len()];
        let neighbours = canvas.pixels.iter().zip(canvas.pixels.iter().skip(step));
        let known = canvas.hole.iter().zip(canvas.hole.iter().skip(step));
        for (at, (((pixel, next), (hole, next_hole)), change)) in
            neighbours.zip(known).zip(&mut changes).enumerate()
        {
            let place = if channel == ACROSS { at % width } else { at / width };
            if place + 1 < last && !hole && !next_hole {
                let difference = (brightness(*next) - brightness(*pixel)).abs();
                *change = (difference as f32 / 4.0, 1.0);
            }
        }
        let sums = window_sums(changes, width);
        for (pixel, (sum, count)) in canvas.pixels.iter_mut().zip(sums) {
            pixel[channel] = (GAIN * sum / f32::max(count, 1.0)) as u8;
        }
    }
}

/// Writes the texture of the hole's pixels, between those of the known ones around it. What a hole shows can't be known,
/// but how busy it is can be told: if patches voted on that too, a place that has once come out smooth would stay smooth.
pub(super) fn spread_texture(canvas: &mut Canvas) {
    let Some((columns, rows)) = surroundings(canvas) else {
        return;
    };
    let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let places: Vec<usize> = places.map(|(x, y)| y * canvas.width + x).collect();
    let texture = |at: &usize| match (canvas.pixels.get(*at), canvas.hole.get(*at)) {
        (Some(pixel), Some(false)) => ([pixel[ACROSS], pixel[DOWN]].map(f32::from), 1.0),
        _ => ([0.0; 2], 0.0),
    };
    let known: Vec<_> = places.iter().map(texture).collect();
    for (at, texture) in places.iter().zip(pull_push(&known, columns.len())) {
        if let (Some(pixel), Some(true)) = (canvas.pixels.get_mut(*at), canvas.hole.get(*at)) {
            [pixel[ACROSS], pixel[DOWN]] = texture.map(to_byte);
        }
    }
}

/// The columns and rows of the hole, and some around it; `None` without a hole.
fn surroundings(canvas: &Canvas) -> Option<(Range<usize>, Range<usize>)> {
    let holes = canvas.hole.iter().enumerate().filter(|(_, hole)| **hole);
    let columns = holes.clone().map(|(at, _)| at % canvas.width);
    let rows = holes.map(|(at, _)| at / canvas.width);
    let (left, right) = (columns.clone().min()?, columns.max()?);
    let (top, bottom) = (rows.clone().next()?, rows.max()?);
    let around = |first: usize, last: usize, end: usize| {
        first.saturating_sub(2 * REACH)..(last + 1 + 2 * REACH).min(end)
    };
    Some((
        around(left, right, canvas.width),
        around(top, bottom, canvas.height),
    ))
}

type Sum = (f32, f32);

fn add((sum, count): Sum, (value, one): Sum) -> Sum {
    (sum + value, count + one)
}

/// Sums over square windows, along rows and then over rows.
fn window_sums(values: Vec<Sum>, width: usize) -> Vec<Sum> {
    let along_rows: Vec<Sum> = values
        .chunks_exact(width)
        .flat_map(|row| {
            (0..width).map(|x| {
                let window = row.iter().take(x + REACH + 1).skip(x.saturating_sub(REACH));
                window.fold((0.0, 0.0), |sum, value| add(sum, *value))
            })
        })
        .collect();
    let mut sums = values;
    for (y, out) in sums.chunks_exact_mut(width).enumerate() {
        out.fill((0.0, 0.0));
        let window = along_rows
            .chunks_exact(width)
            .take(y + REACH + 1)
            .skip(y.saturating_sub(REACH));
        for row in window {
            for (sum, value) in out.iter_mut().zip(row) {
                *sum = add(*sum, *value);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::pixel::coloured;

    #[test]
    fn stripes_have_texture_across_them_only() {
        let (width, height) = (16, 12);
        let mut canvas = Canvas {
            width,
            height,
            pixels: (0..width * height)
                .map(|at| coloured([if at % width % 2 == 0 { 0 } else { 40 }; 3]))
                .collect(),
            hole: vec![false; width * height],
        };
        write_texture(&mut canvas);
        for pixel in &canvas.pixels {
            assert_eq!((pixel[ACROSS], pixel[DOWN]), (120, 0));
        }
    }

    #[test]
    fn a_hole_is_as_busy_as_what_is_around_it() {
        let (width, height) = (40, 30);
        let places = (0..width * height).map(|at| (at % width, at / width));
        let mut canvas = Canvas {
            width,
            height,
            pixels: places
                .clone()
                .map(|(x, _)| [9, 9, 9, if x < 20 { 80 } else { 20 }, 30, 7, 7, 0])
                .collect(),
            hole: places
                .clone()
                .map(|(x, y)| (10..30).contains(&x) && (8..20).contains(&y))
                .collect(),
        };
        for (pixel, _) in canvas
            .pixels
            .iter_mut()
            .zip(&canvas.hole)
            .filter(|(_, hole)| **hole)
        {
            (pixel[ACROSS], pixel[DOWN]) = (0, 0);
        }
        spread_texture(&mut canvas);
        let row: Vec<u8> = canvas.pixels[14 * width..][..width]
            .iter()
            .map(|pixel| pixel[ACROSS])
            .collect();
        assert!(row.is_sorted_by(|a, b| a >= b), "{row:?}");
        assert_eq!((row[9], row[30]), (80, 20));
        assert!((40..60).contains(&row[20]), "{row:?}");
        assert!(
            canvas
                .pixels
                .iter()
                .all(|pixel| pixel[DOWN] == 30 && pixel[..3] == [9; 3])
        );
    }

    #[test]
    fn where_nothing_is_known_there_is_no_texture() {
        let mut canvas = Canvas {
            width: 4,
            height: 3,
            pixels: vec![[50; 8]; 12],
            hole: vec![true; 12],
        };
        spread_texture(&mut canvas);
        assert!(
            canvas
                .pixels
                .iter()
                .all(|pixel| (pixel[ACROSS], pixel[DOWN]) == (0, 0))
        );
    }
}
