//! The image at several scales.

use iopaint_imaging::distance_to_known;

use super::distance::SIDE;
use super::level::{Canvas, Level};
use super::pixel::{Pixel, SCALED};

/// The deepest hole, in pixels, that the coarsest level may have: about as deep as a patch, so that its middle sees
/// both sides.
const DEEPEST: f32 = 6.0;
/// The fewest patches to choose from that are of use.
const FEWEST_SOURCES: usize = 64;
/// The shortest side in pixels that is halved.
const SHORTEST: usize = 3 * SIDE;

/// The levels from fine to coarse; the first is there in any case, coarser ones as long as the hole is too deep to be
/// seen across and there are patches to choose from.
pub(super) fn pyramid(canvas: Canvas) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut next = Some(canvas);
    while let Some(canvas) = next.take() {
        let deep = distance_to_known(&canvas.hole, canvas.width)
            .into_iter()
            .any(|depth| depth > DEEPEST);
        let large = canvas.width.min(canvas.height) >= SHORTEST;
        if deep && large {
            next = Some(halved(&canvas));
        }
        let level = Level::new(canvas);
        if !levels.is_empty() && level.sources().nth(FEWEST_SOURCES).is_none() {
            break;
        }
        levels.push(level);
    }
    levels
}

/// The canvas halved so many times.
pub(super) fn shrunk(canvas: Canvas, times: usize) -> Canvas {
    (0..times).fold(canvas, |canvas, _| halved(&canvas))
}

/// Half the size. Known pixels are averaged; where one of four is to be filled, so is the coarse one.
pub(super) fn halved(canvas: &Canvas) -> Canvas {
    let (width, height) = (canvas.width.div_ceil(2), canvas.height.div_ceil(2));
    let mut half = Canvas {
        width,
        height,
        pixels: Vec::with_capacity(width * height),
        hole: Vec::with_capacity(width * height),
    };
    let mut rows = canvas
        .pixels
        .chunks_exact(canvas.width)
        .zip(canvas.hole.chunks_exact(canvas.width));
    while let Some(upper) = rows.next() {
        let lower = rows.next().unwrap_or(upper);
        let upper = upper.0.chunks(2).zip(upper.1.chunks(2));
        let lower = lower.0.chunks(2).zip(lower.1.chunks(2));
        for ((upper, upper_hole), (lower, lower_hole)) in upper.zip(lower) {
            let holes = upper_hole.iter().chain(lower_hole);
            half.hole.push(holes.clone().any(|hole| *hole));
            let known = upper.iter().chain(lower).zip(holes).filter(|(_, hole)| !**hole);
            half.pixels.push(average(known.map(|(pixel, _)| *pixel)));
        }
    }
    half
}

/// The average of colours and textures, rounded; black where there are none.
fn average(pixels: impl Iterator<Item = Pixel>) -> Pixel {
    let (mut sums, mut count) = ([0_u32; SCALED], 0);
    for pixel in pixels {
        count += 1;
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += u32::from(value);
        }
    }
    let mut pixel = Pixel::default();
    for (value, sum) in pixel.iter_mut().zip(sums) {
        *value = ((sum + count / 2) / count.max(1)) as u8;
    }
    pixel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas(width: usize, height: usize, hole: impl Fn(usize, usize) -> bool) -> Canvas {
        let places = (0..width * height).map(|at| (at % width, at / width));
        Canvas {
            width,
            height,
            pixels: places
                .clone()
                .map(|(x, y)| [x as u8 * 2, y as u8 * 2, 7, 0, 0, 0, 0, 0])
                .collect(),
            hole: places.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    #[test]
    fn half_the_size_averages_what_is_known_and_keeps_every_part_of_the_hole() {
        let half = halved(&canvas(5, 4, |x, y| (x, y) == (0, 1)));
        assert_eq!((half.width, half.height), (3, 2));
        assert_eq!(half.hole, [true, false, false, false, false, false]);
        assert_eq!(half.pixels[0][..3], [1, 1, 7]);
        assert_eq!(half.pixels[1][..3], [5, 1, 7]);
        assert_eq!(half.pixels[5][..3], [8, 5, 7]);
    }

    #[test]
    fn the_deeper_the_hole_the_more_levels() {
        let disc = |radius: f32| {
            pyramid(canvas(128, 128, move |x, y| {
                (x as f32 - 64.0).hypot(y as f32 - 64.0) < radius
            }))
            .len()
        };
        assert_eq!((disc(3.0), disc(10.0), disc(20.0)), (1, 2, 3));
    }

    #[test]
    fn levels_without_patches_to_choose_from_are_left_out() {
        let levels = pyramid(canvas(64, 64, |x, _| x >= 8));
        assert_eq!(levels.len(), 1);
    }
}
