//! Refinement of a coarse mask to an alpha matte at the image's resolution.

use iopaint_imaging::{Coverage, GrayImage, Rect, RgbImage};

use crate::guided_filter::{self, Target, Window};
use crate::parallel::for_each_band;

/// Radius of the filter's window in pixels of the coarse mask: the uncertainty of its edges.
const RADIUS_MAP_PX: f32 = 1.5;
/// Smallest radius in image pixels, for masks of the image's resolution.
const MIN_RADIUS_PX: f32 = 4.0;
/// Radius in reduced pixels at which the filter's models are computed; smaller ones degrade visibly.
const REDUCED_RADIUS_PX: f32 = 4.0;
/// Variance of colours that counts as flat (the range is 0 to 1).
const EPSILON: f32 = 1e-4;
/// Values of the coarse mask that count as certain background and certain foreground, 0 to 255.
const CERTAIN: (f32, f32) = (10.0, 245.0);
/// Values of the filter's result that become 0 and 255. Across an edge of the image, the linear model of a
/// window regresses a blurred mask on a sharp guide, and so reaches about 7 % and 93 % only.
const LEVELS: (f32, f32) = (25.0, 230.0);

/// Refines a coarse mask, usually of a network's resolution, to an alpha matte of the image's size whose
/// edges follow the edges of the image. Regions of certain background and foreground, farther from an edge of
/// the mask than two windows, become exactly 0 and 255.
///
/// Memory beside the result: at most 4 bytes per image pixel, less for masks much smaller than the image.
#[must_use]
pub fn refine_alpha(threads: usize, image: &RgbImage, coarse: &Coverage) -> Coverage {
    let (width, height) = image.dimensions();
    let empty = coarse.values().is_empty() || image.is_empty();
    if empty {
        return Coverage::new(GrayImage::new(width, height));
    }
    let ratio = |full: u32, map: u32| full as f32 / map as f32;
    let scale = ratio(width, coarse.width()).max(ratio(height, coarse.height()));
    let radius = (RADIUS_MAP_PX * scale).max(MIN_RADIUS_PX);
    let reduction = ((radius / REDUCED_RADIUS_PX) as u32).max(1);
    let window = Window {
        radius: (radius / reduction as f32).round() as u32,
        epsilon: EPSILON,
    };
    let small_guide;
    let guide = if reduction == 1 {
        image
    } else {
        small_guide = reduced(threads, image, reduction);
        &small_guide
    };
    let small_mask = resampled(coarse, image.dimensions(), reduction);
    let target = Target {
        image,
        rect: Rect::whole(image.dimensions()),
        cell: (reduction as f32, reduction as f32),
    };
    let mut values = guided_filter::filter(threads, target, guide, &small_mask, window);
    let stretched = stretched_levels();
    for_each_band(threads, &mut values, width as usize, |_, row| {
        for value in row {
            *value = stretched[usize::from(*value)];
        }
    });
    Coverage::new(GrayImage::from_raw(width, height, values).unwrap_or_else(|| GrayImage::new(width, height)))
}

/// Returns the table that maps [`LEVELS`] to 0 and 255.
fn stretched_levels() -> [u8; 256] {
    let (low, high) = LEVELS;
    std::array::from_fn(|value| ((value as f32 - low) / (high - low) * 255.0).round() as u8)
}

/// Returns the means of blocks of `reduction` x `reduction` pixels; the blocks at the right and lower borders
/// may be smaller.
fn reduced(threads: usize, image: &RgbImage, reduction: u32) -> RgbImage {
    let mut small = RgbImage::new(
        image.width().div_ceil(reduction),
        image.height().div_ceil(reduction),
    );
    let stride = image.width() as usize * 3;
    let small_stride = small.width() as usize * 3;
    let reduction = reduction as usize;
    for_each_band(threads, &mut small, small_stride, |y, row| {
        let block_rows = image.as_raw()[y * reduction * stride..]
            .chunks_exact(stride)
            .take(reduction);
        let mut sums = vec![[0_u32; 4]; row.len() / 3];
        for source in block_rows {
            for (block, [red, green, blue, count]) in source.chunks(reduction * 3).zip(&mut sums) {
                for pixel in block.chunks_exact(3) {
                    *red += u32::from(pixel[0]);
                    *green += u32::from(pixel[1]);
                    *blue += u32::from(pixel[2]);
                }
                *count += (block.len() / 3) as u32;
            }
        }
        for (pixel, [red, green, blue, count]) in row.chunks_exact_mut(3).zip(sums) {
            for (sample, sum) in pixel.iter_mut().zip([red, green, blue]) {
                *sample = ((sum + count / 2) / count) as u8;
            }
        }
    });
    small
}

/// Samples a coarse mask bilinearly at the centres of blocks of `reduction` x `reduction` pixels of an image
/// of size `full`, and maps the certain values to 0 and 255.
fn resampled(coarse: &Coverage, full: (u32, u32), reduction: u32) -> Coverage {
    let positions = |full: u32, map: u32| -> Vec<(u32, u32, f32)> {
        (0..full.div_ceil(reduction))
            .map(|at| {
                let centre = (at as f32 + 0.5) * reduction as f32 * map as f32 / full as f32 - 0.5;
                let centre = centre.clamp(0.0, (map - 1) as f32);
                (centre as u32, (centre as u32 + 1).min(map - 1), centre.fract())
            })
            .collect()
    };
    let columns = positions(full.0, coarse.width());
    let rows = positions(full.1, coarse.height());
    let values = rows.iter().flat_map(|&(above, below, down)| {
        let mix = |a: f32, b: f32, weight: f32| a + (b - a) * weight;
        columns.iter().map(move |&(left, right, across)| {
            let value = |x, y| f32::from(coarse.get(x, y));
            let upper = mix(value(left, above), value(right, above), across);
            let lower = mix(value(left, below), value(right, below), across);
            let (low, high) = CERTAIN;
            ((mix(upper, lower, down) - low) / (high - low) * 255.0).round() as u8
        })
    });
    let size = (columns.len() as u32, rows.len() as u32);
    let gray = GrayImage::from_raw(size.0, size.1, values.collect());
    Coverage::new(gray.unwrap_or_else(|| GrayImage::new(size.0, size.1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn disc(width: u32, height: u32, radius: f32) -> Vec<bool> {
        let distance = |x: u32, y: u32| {
            (x as f32 + 0.5 - width as f32 / 2.0).hypot(y as f32 + 0.5 - height as f32 / 2.0)
        };
        (0..height)
            .flat_map(|y| (0..width).map(move |x| distance(x, y) < radius))
            .collect()
    }

    #[test]
    fn coarse_disc_follows_the_image() {
        let (width, height) = (400, 300);
        let inside = disc(width, height, 90.0);
        let image = RgbImage::from_fn(width, height, |x, y| {
            let texture = ((x * 7 + y * 13) % 11) as u8;
            if inside[(y * width + x) as usize] {
                [190, 120 + texture, 60]
            } else {
                [40, 70 + texture, 110]
            }
            .into()
        });
        let truth = Coverage::new(
            GrayImage::from_raw(
                width,
                height,
                inside.iter().map(|&inside| u8::from(inside) * 255).collect(),
            )
            .unwrap(),
        );
        let coarse = iopaint_imaging::lanczos::resize_coverage(&truth, 40, 30);
        let error = |mask: &Coverage| {
            let differences = mask
                .values()
                .iter()
                .zip(truth.values())
                .map(|(a, b)| u64::from(a.abs_diff(*b)));
            differences.sum::<u64>() as f64 / f64::from(width * height)
        };
        let enlarged = iopaint_imaging::lanczos::resize_coverage(&coarse, width, height);
        let refined = refine_alpha(2, &image, &coarse);
        assert!(
            error(&refined) < error(&enlarged) / 3.0,
            "{} of {}",
            error(&refined),
            error(&enlarged)
        );
    }

    #[test]
    fn empty_masks_and_images_give_empty_mattes() {
        let none = Coverage::new(GrayImage::new(0, 0));
        assert_eq!(refine_alpha(1, &RgbImage::new(3, 2), &none).values(), &[0; 6]);
        assert!(refine_alpha(1, &RgbImage::new(0, 2), &none).values().is_empty());
    }

    #[test]
    fn reduction_averages_blocks() {
        let image = RgbImage::from_raw(3, 1, vec![0, 10, 20, 4, 20, 40, 7, 8, 9]).unwrap();
        assert_eq!(reduced(1, &image, 2).as_raw(), &[2, 15, 30, 7, 8, 9]);
    }

    proptest! {
        #[test]
        fn certain_masks_stay(
            size in (1_u32..60, 1_u32..60), map in (1_u32..20, 1_u32..20), seed: u32, opaque: bool
        ) {
            let image = RgbImage::from_fn(size.0, size.1, |x, y| {
                let value = (x * 31 + y * 17).wrapping_mul(seed);
                [value as u8, (value >> 8) as u8, (value >> 16) as u8].into()
            });
            let (value, expected) = if opaque { (250, 255) } else { (5, 0) };
            let coarse = Coverage::new(GrayImage::from_pixel(map.0, map.1, [value].into()));
            let refined = refine_alpha(2, &image, &coarse);
            prop_assert_eq!(refined.dimensions(), size);
            prop_assert!(refined.values().iter().all(|&alpha| alpha == expected));
        }

        #[test]
        fn far_from_edges_the_matte_is_certain(edge in 8_u32..12, seed: u32) {
            let image = RgbImage::from_fn(160, 24, |x, y| {
                let value = (x * 31 + y * 17).wrapping_mul(seed);
                [value as u8, (value >> 8) as u8, (value >> 16) as u8].into()
            });
            let coarse = Coverage::new(GrayImage::from_fn(20, 3, |x, _| [if x < edge { 0 } else { 255 }].into()));
            let refined = refine_alpha(1, &image, &coarse);
            for (x, &alpha) in refined.values().iter().enumerate() {
                // Two windows of 12 pixels, the interpolation of the mask, and one reduced pixel of 3.
                let distance = (x as u32 % 160).abs_diff(edge * 8);
                if distance > 2 * 12 + 4 + 2 * 3 {
                    prop_assert_eq!(alpha, if x as u32 % 160 < edge * 8 { 0 } else { 255 });
                }
            }
        }
    }
}
