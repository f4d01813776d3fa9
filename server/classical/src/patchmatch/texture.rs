//! The texture feature (Newson et al. 2014): mean absolute luma difference between neighbouring pixels. It
//! separates grass from sky at coarse levels, whose colours are smooth.

use iopaint_imaging::Rect;

use super::feature_image::FeatureImage;
use super::features::{TEXTURE_X, TEXTURE_Y, luma_times_4, round_to_u8};
use super::pull_push::pull_push;

/// Half the side of the averaging window, in pixels: 7x7, the size of a patch.
const WINDOW_RADIUS: usize = 3;
/// Feature value per level of mean absolute luma difference, i.e. the weight of texture in the SSD. Chosen on
/// the test photographs: 2 instead of 3 shows less hatching but plainer lawns (docs/experiments.md).
const TEXTURE_GAIN: f32 = 3.0;

/// Writes the texture features of all pixels:
///
/// ```text
/// texture_x = TEXTURE_GAIN * mean over the window of |luma(x + 1) - luma(x)|
/// ```
///
/// and `texture_y` along y. Differences that involve a hole pixel don't count.
pub(super) fn compute_texture(image: &mut FeatureImage) {
    let (width, height) = (image.width, image.height);
    for (channel, step, last) in [(TEXTURE_X, 1, width), (TEXTURE_Y, width, height)] {
        let mut differences = vec![(0.0, 0.0); image.pixels.len()];
        let neighbours = image.pixels.iter().zip(image.pixels.iter().skip(step));
        let holes = image.hole.iter().zip(image.hole.iter().skip(step));
        for (at, (((pixel, next), (hole, next_hole)), entry)) in
            neighbours.zip(holes).zip(&mut differences).enumerate()
        {
            let coordinate = if channel == TEXTURE_X {
                at % width
            } else {
                at / width
            };
            if coordinate + 1 < last && !hole && !next_hole {
                let difference = (luma_times_4(*next) - luma_times_4(*pixel)).abs();
                *entry = (difference as f32 / 4.0, 1.0);
            }
        }
        let sums = window_sums(differences, width);
        for (pixel, (sum, count)) in image.pixels.iter_mut().zip(sums) {
            pixel[channel] = (TEXTURE_GAIN * sum / f32::max(count, 1.0)) as u8;
        }
    }
}

/// Interpolates the texture features of the hole's pixels from the surrounding known pixels. They aren't
/// voted on: if they were, a region once filled smoothly would match smooth patches only and stay smooth.
pub(super) fn interpolate_texture_in_hole(image: &mut FeatureImage) {
    let Some(region) = hole_with_margin(image) else {
        return;
    };
    let (x, y, width) = (region.x as usize, region.y as usize, image.width);
    let columns = x..x + region.width as usize;
    let rows = y..y + region.height as usize;
    let positions: Vec<usize> = rows
        .flat_map(|y| columns.clone().map(move |x| y * width + x))
        .collect();
    let weighted = |at: &usize| match (image.pixels.get(*at), image.hole.get(*at)) {
        (Some(pixel), Some(false)) => ([pixel[TEXTURE_X], pixel[TEXTURE_Y]].map(f32::from), 1.0),
        _ => ([0.0; 2], 0.0),
    };
    let known: Vec<_> = positions.iter().map(weighted).collect();
    for (at, texture) in positions.iter().zip(pull_push(&known, columns.len())) {
        if let (Some(pixel), Some(true)) = (image.pixels.get_mut(*at), image.hole.get(*at)) {
            [pixel[TEXTURE_X], pixel[TEXTURE_Y]] = texture.map(round_to_u8);
        }
    }
}

/// Returns the hole's bounding box grown by two window radii within the image; `None` if there is no hole.
fn hole_with_margin(image: &FeatureImage) -> Option<Rect> {
    let holes = image.hole.iter().enumerate().filter(|(_, hole)| **hole);
    let columns = holes.clone().map(|(at, _)| (at % image.width) as u32);
    let rows = holes.map(|(at, _)| (at / image.width) as u32);
    let (x, y) = (columns.clone().min()?, rows.clone().next()?);
    let bounding_box = Rect {
        x,
        y,
        width: columns.max()? + 1 - x,
        height: rows.max()? + 1 - y,
    };
    let size = (image.width as u32, image.height as u32);
    Some(bounding_box.grown_and_clipped(2 * WINDOW_RADIUS as u32, size))
}

/// A sum and the number of its terms.
type CountedSum = (f32, f32);

fn add((sum, count): CountedSum, (value, one): CountedSum) -> CountedSum {
    (sum + value, count + one)
}

/// Returns sums over square windows, clipped at the image's edge: along rows, then along columns.
fn window_sums(values: Vec<CountedSum>, width: usize) -> Vec<CountedSum> {
    let along_rows: Vec<CountedSum> = values
        .chunks_exact(width)
        .flat_map(|row| {
            (0..width).map(|x| {
                let window = row
                    .iter()
                    .take(x + WINDOW_RADIUS + 1)
                    .skip(x.saturating_sub(WINDOW_RADIUS));
                window.fold((0.0, 0.0), |sum, value| add(sum, *value))
            })
        })
        .collect();
    let mut sums = values;
    for (y, out) in sums.chunks_exact_mut(width).enumerate() {
        out.fill((0.0, 0.0));
        let window = along_rows
            .chunks_exact(width)
            .take(y + WINDOW_RADIUS + 1)
            .skip(y.saturating_sub(WINDOW_RADIUS));
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
    use crate::patchmatch::features::features_from_rgb;

    #[test]
    fn stripes_have_texture_across_them() {
        let (width, height) = (16, 12);
        let mut image = FeatureImage {
            width,
            height,
            pixels: (0..width * height)
                .map(|at| features_from_rgb([if at % width % 2 == 0 { 0 } else { 40 }; 3]))
                .collect(),
            hole: vec![false; width * height],
        };
        compute_texture(&mut image);
        for pixel in &image.pixels {
            assert_eq!((pixel[TEXTURE_X], pixel[TEXTURE_Y]), (120, 0));
        }
    }

    #[test]
    fn hole_texture_is_interpolated() {
        let (width, height) = (40, 30);
        let positions = (0..width * height).map(|at| (at % width, at / width));
        let mut image = FeatureImage {
            width,
            height,
            pixels: positions
                .clone()
                .map(|(x, _)| [9, 9, 9, if x < 20 { 80 } else { 20 }, 30, 7, 7, 0])
                .collect(),
            hole: positions
                .clone()
                .map(|(x, y)| (10..30).contains(&x) && (8..20).contains(&y))
                .collect(),
        };
        for (pixel, _) in image
            .pixels
            .iter_mut()
            .zip(&image.hole)
            .filter(|(_, hole)| **hole)
        {
            (pixel[TEXTURE_X], pixel[TEXTURE_Y]) = (0, 0);
        }
        interpolate_texture_in_hole(&mut image);
        let row: Vec<u8> = image.pixels[14 * width..][..width]
            .iter()
            .map(|pixel| pixel[TEXTURE_X])
            .collect();
        assert!(row.is_sorted_by(|a, b| a >= b), "{row:?}");
        assert_eq!((row[9], row[30]), (80, 20));
        assert!((40..60).contains(&row[20]), "{row:?}");
        assert!(
            image
                .pixels
                .iter()
                .all(|pixel| pixel[TEXTURE_Y] == 30 && pixel[..3] == [9; 3])
        );
    }

    #[test]
    fn no_texture_without_known_pixels() {
        let mut image = FeatureImage {
            width: 4,
            height: 3,
            pixels: vec![[50; 8]; 12],
            hole: vec![true; 12],
        };
        interpolate_texture_in_hole(&mut image);
        assert!(
            image
                .pixels
                .iter()
                .all(|pixel| (pixel[TEXTURE_X], pixel[TEXTURE_Y]) == (0, 0))
        );
    }
}
