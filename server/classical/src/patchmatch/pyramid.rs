//! The image pyramid.

use iopaint_inpaint::pooled;

use super::feature_image::FeatureImage;
use super::features::{DOWNSAMPLED_CHANNELS, Features};
use super::level::PyramidLevel;
use super::patch_ssd::PATCH_SIDE;

/// Hole depth in pixels down to which levels are added: about [`PATCH_SIDE`], so that at the coarsest level
/// patches in the middle of the hole overlap known pixels on both sides.
const MAX_COARSEST_DEPTH_PX: f32 = 6.0;
/// A coarser level must have more source patches than this.
const MIN_SOURCES: usize = 64;
/// Images whose shorter side is less than this many pixels aren't downsampled.
const MIN_SIDE: usize = 3 * PATCH_SIDE;

/// Returns the levels from fine to coarse, each half the size of the one before. The finest is always
/// present. Levels are added while the hole is deeper than [`MAX_COARSEST_DEPTH_PX`], the image is large
/// enough and source patches remain.
pub(super) fn build_pyramid(image: FeatureImage) -> Vec<PyramidLevel> {
    let mut levels = Vec::new();
    let mut next = Some(image);
    while let Some(image) = next.take() {
        let level = PyramidLevel::new(image);
        if !levels.is_empty() && level.sources().nth(MIN_SOURCES).is_none() {
            break;
        }
        let large = level.image.width.min(level.image.height) >= MIN_SIDE;
        if level.max_depth_px > MAX_COARSEST_DEPTH_PX && large {
            next = Some(downsampled(&level.image));
        }
        levels.push(level);
    }
    levels
}

/// Returns the image at half the size, sides rounded up: the mean of the known pixels of each 2x2 block. A
/// block with a hole pixel becomes a hole pixel. Unlike in [`iopaint_inpaint::downsampled_rgb`], erased
/// colours don't enter a mean.
pub(super) fn downsampled(image: &FeatureImage) -> FeatureImage {
    let pixels = image.pixels.iter().copied().zip(image.hole.iter().copied());
    let half = pooled(&pixels.collect::<Vec<_>>(), image.width, |four| {
        let known = four.iter().filter(|(_, hole)| !hole);
        (
            mean(known.map(|(pixel, _)| *pixel)),
            four.iter().any(|(_, hole)| *hole),
        )
    });
    let (pixels, hole) = half.into_iter().unzip();
    FeatureImage {
        width: image.width.div_ceil(2),
        height: image.height.div_ceil(2),
        pixels,
        hole,
    }
}

/// Returns the rounded mean of colour and texture, or zeros for no pixels.
fn mean(pixels: impl Iterator<Item = Features>) -> Features {
    let (mut sums, mut count) = ([0_u32; DOWNSAMPLED_CHANNELS], 0);
    for pixel in pixels {
        count += 1;
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += u32::from(value);
        }
    }
    let mut mean = Features::default();
    for (value, sum) in mean.iter_mut().zip(sums) {
        *value = ((sum + count / 2) / count.max(1)) as u8;
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, height: usize, hole: impl Fn(usize, usize) -> bool) -> FeatureImage {
        let positions = (0..width * height).map(|at| (at % width, at / width));
        FeatureImage {
            width,
            height,
            pixels: positions
                .clone()
                .map(|(x, y)| [x as u8 * 2, y as u8 * 2, 7, 0, 0, 0, 0, 0])
                .collect(),
            hole: positions.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    #[test]
    fn downsampling_averages_known_pixels() {
        let half = downsampled(&image(5, 4, |x, y| (x, y) == (0, 1)));
        assert_eq!((half.width, half.height), (3, 2));
        assert_eq!(half.hole, [true, false, false, false, false, false]);
        assert_eq!(half.pixels[0][..3], [1, 1, 7]);
        assert_eq!(half.pixels[1][..3], [5, 1, 7]);
        assert_eq!(half.pixels[5][..3], [8, 5, 7]);
    }

    #[test]
    fn deeper_holes_get_more_levels() {
        let disc = |radius: f32| {
            build_pyramid(image(128, 128, move |x, y| {
                (x as f32 - 64.0).hypot(y as f32 - 64.0) < radius
            }))
            .len()
        };
        assert_eq!((disc(3.0), disc(10.0), disc(20.0)), (1, 2, 3));
    }

    #[test]
    fn levels_without_sources_are_left_out() {
        let levels = build_pyramid(image(64, 64, |x, _| x >= 8));
        assert_eq!(levels.len(), 1);
    }
}
