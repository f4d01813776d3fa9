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
    for (channel, steps) in [(TEXTURE_X, (1, 0)), (TEXTURE_Y, (0, 1))] {
        let sums = window_sums(&luma_differences(image, steps), image.width);
        for (pixel, sum) in image.pixels.iter_mut().zip(sums) {
            let (luma, count) = (sum % COUNT_UNIT, sum / COUNT_UNIT);
            pixel[channel] = (TEXTURE_GAIN * (luma as f32 / 4.0) / f32::max(count as f32, 1.0)) as u8;
        }
    }
}

/// Sums of differences are below, their numbers of terms above this unit of one number: a window's sum of 49
/// differences of [`luma_times_4`] is less.
const COUNT_UNIT: u32 = 1 << 16;

/// Returns the absolute difference of [`luma_times_4`] between each pixel and that at some columns and rows
/// from it, plus [`COUNT_UNIT`]; 0 where a pixel lies in the hole or outside the image.
fn luma_differences(image: &FeatureImage, (columns, rows): (usize, usize)) -> Vec<u32> {
    let mut differences = vec![0; image.pixels.len()];
    let width = image.width;
    let pixels = image.pixels.chunks_exact(width);
    let pixels = pixels.clone().zip(pixels.skip(rows));
    let holes = image.hole.chunks_exact(width);
    let holes = holes.clone().zip(holes.skip(rows));
    for (((row, next_row), (holes, next_holes)), out) in
        pixels.zip(holes).zip(differences.chunks_exact_mut(width))
    {
        let pixels = row.iter().zip(next_row.iter().skip(columns));
        let holes = holes.iter().zip(next_holes.iter().skip(columns));
        for (((pixel, next), (hole, next_hole)), out) in pixels.zip(holes).zip(out) {
            if !hole && !next_hole {
                *out = luma_times_4(*next).abs_diff(luma_times_4(*pixel)) + COUNT_UNIT;
            }
        }
    }
    differences
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

/// Returns sums over square windows, clipped at the image's edge: along rows, then along columns.
fn window_sums(values: &[u32], width: usize) -> Vec<u32> {
    let mut along_rows = vec![0; values.len()];
    for (row, out) in values.chunks_exact(width).zip(along_rows.chunks_exact_mut(width)) {
        let mut sum: u32 = row.iter().take(WINDOW_RADIUS).sum();
        for (x, out) in out.iter_mut().enumerate() {
            sum += row.get(x + WINDOW_RADIUS).unwrap_or(&0);
            *out = sum;
            sum -= x
                .checked_sub(WINDOW_RADIUS)
                .and_then(|x| row.get(x))
                .unwrap_or(&0);
        }
    }
    let mut sums = vec![0; values.len()];
    for (y, out) in sums.chunks_exact_mut(width).enumerate() {
        let window = along_rows
            .chunks_exact(width)
            .take(y + WINDOW_RADIUS + 1)
            .skip(y.saturating_sub(WINDOW_RADIUS));
        for row in window {
            for (sum, value) in out.iter_mut().zip(row) {
                *sum += value;
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
