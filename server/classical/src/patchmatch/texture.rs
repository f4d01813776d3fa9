//! How busy the surroundings of a pixel are, so that coarse levels, which are smooth, still tell grass from sky.

use super::level::Canvas;
use super::pixel::{ACROSS, DOWN, brightness};

/// Pixels to each side that are averaged.
const REACH: usize = 3;
/// What a change of 1 (of 255) between neighbours adds to the byte.
const GAIN: f32 = 2.0;

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
            assert_eq!((pixel[ACROSS], pixel[DOWN]), (80, 0));
        }
    }
}
