//! Detail transfer: completes the hole at full size from a fill made at a smaller size.
//!
//! A network's fill at half or a quarter of the size has the right low frequencies and no detail. The
//! nearest-neighbour field is found at the small size and upsampled level by level; the source patches
//! provide the detail. At every level the low frequencies are constrained to the small fill, so that the
//! result, downsampled, equals it.

use std::ops::ControlFlow;

use iopaint_inpaint::Stop;

use super::completion::{CompletionContext, FINAL_SHARPNESS, SHARPNESS, interpolate_hole, vote_by_depth};
use super::feature_image::FeatureImage;
use super::features::{Colour, Features, colour_of};
use super::level::PyramidLevel;
use super::low_frequency::LowFrequencyConstraint;
use super::nearest_neighbour_field::{NearestNeighbourField, UNLIMITED_RADIUS};
use super::pyramid::downsampled;
use super::vote::vote;

/// EM iterations at the small size. With twice as many of these and of the `PatchMatch` iterations in each,
/// fills are as close to the truth and `Auto` takes 1.3 times as long: docs/experiments.md, "Large images".
const EM_ITERATIONS: u64 = 2;
/// `PatchMatch` iterations per EM iteration at the small size.
const PATCHMATCH_ITERATIONS: u64 = 2;
/// `PatchMatch` iterations at every larger size, which only refine the upsampled field.
const REFINING_ITERATIONS: u64 = 1;
/// Their largest search radius, in pixels of the level.
const REFINING_RADIUS: usize = 16;

/// Returns the colours of the hole pixels of `image` in row-major order; `None` if there are no source
/// patches.
///
/// `small` is `image` downsampled `halvings` times with its hole filled, row by row.
///
/// # Errors
/// Returns the monitor's [`Stop`].
pub(super) fn transfer_detail(
    image: FeatureImage,
    small: &[Features],
    halvings: u32,
    context: &CompletionContext<'_>,
) -> Result<Option<Vec<Colour>>, Stop> {
    let threads = context.threads;
    let mut levels = vec![PyramidLevel::new(image)];
    for _ in 0..halvings {
        let half = levels
            .last()
            .map(|level| PyramidLevel::new(downsampled(&level.image)));
        levels.extend(half);
    }
    let total = levels.len();
    let width = levels.last().map_or(0, |level| level.image.width);
    let small_colours = small.iter().map(|pixel| (colour_of(pixel), 1.0));
    let constraint = LowFrequencyConstraint::new(small_colours.collect(), width);
    let mut coarser: Option<(PyramidLevel, NearestNeighbourField)> = None;
    while let Some(mut level) = levels.pop() {
        let number = levels.len();
        let seed = context.seed.wrapping_add(number as u64);
        let halvings = halvings as usize - number;
        let initial_field = match &coarser {
            Some((coarse, field)) => field.upsampled(coarse, &level, seed),
            None => NearestNeighbourField::random(&level, seed),
        };
        let Some(mut field) = initial_field else {
            return Ok(None);
        };
        let (em_iterations, patchmatch_iterations, max_radius) = if coarser.is_none() {
            (EM_ITERATIONS, PATCHMATCH_ITERATIONS, UNLIMITED_RADIUS)
        } else {
            (1, REFINING_ITERATIONS, REFINING_RADIUS)
        };
        let mut estimates = match coarser {
            Some(_) => vote_by_depth(&level, &field, threads),
            None => interpolate_hole(&level),
        };
        for em_iteration in 0..em_iterations {
            constraint.apply(&level, halvings, 1.0, threads, &mut estimates);
            level.write_colours(&estimates);
            let first = em_iteration * patchmatch_iterations;
            let iterations = first..first + patchmatch_iterations;
            field.run_patchmatch_iterations(&level, max_radius, iterations, seed, threads);
            let sharpness = if number == 0 { FINAL_SHARPNESS } else { SHARPNESS };
            let hole_pixels = &level.hole_pixels;
            vote(&level, &field, sharpness, threads, hole_pixels, &mut estimates);
        }
        constraint.apply(&level, halvings, 1.0, threads, &mut estimates);
        if let ControlFlow::Break(stop) = context.monitor.step(total - number, total) {
            return Err(stop);
        }
        if number == 0 {
            return Ok(Some(estimates));
        }
        coarser = Some((level, field));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use iopaint_imaging::{Mask, RgbImage};
    use iopaint_inpaint::{Detail, Unmonitored};

    use crate::PatchMatch;

    const IMAGE_SIDE: u32 = 160;

    /// A gradient from bright to dark with fine stripes, which halving averages away.
    fn striped_gradient(x: u32, y: u32) -> u8 {
        (180 - x / 2) as u8 + if (x + y).is_multiple_of(2) { 24 } else { 0 }
    }

    fn image(value: impl Fn(u32, u32) -> u8) -> RgbImage {
        RgbImage::from_fn(IMAGE_SIDE, IMAGE_SIDE, |x, y| [value(x, y); 3].into())
    }

    fn hole() -> Mask {
        Mask::from_fn(IMAGE_SIDE, IMAGE_SIDE, |x, y| {
            x.abs_diff(80).pow(2) + y.abs_diff(80).pow(2) < 900
        })
    }

    /// Returns [`striped_gradient`] halved twice.
    fn small() -> RgbImage {
        RgbImage::from_fn(IMAGE_SIDE / 4, IMAGE_SIDE / 4, |x, _| {
            [(191 - 2 * x) as u8; 3].into()
        })
    }

    fn restored(image: &RgbImage, threads: usize) -> Option<RgbImage> {
        let patches = PatchMatch::new(NonZeroUsize::new(threads).unwrap(), 0);
        patches
            .restore(image, &hole(), &small(), 2, &Unmonitored)
            .unwrap()
    }

    #[test]
    fn detail_is_transferred() {
        let out = restored(&image(striped_gradient), 2).unwrap();
        let (mut with_detail, mut pixels) = (0, 0);
        let hole = hole();
        for (x, y, pixel) in out.enumerate_pixels() {
            if hole.is_hole(x, y) {
                let difference = pixel.0[0].abs_diff(out.get_pixel(x + 1, y).0[0]);
                with_detail += u32::from((12..40).contains(&difference));
                pixels += 1;
            }
        }
        assert!(with_detail * 10 > pixels * 8, "{with_detail} of {pixels}");
    }

    #[test]
    fn downsampled_result_equals_small_fill() {
        let out = restored(&image(striped_gradient), 2).unwrap();
        let hole = hole();
        for (x, y, expected) in small().enumerate_pixels() {
            let pixels = (0..16).map(|at| (4 * x + at % 4, 4 * y + at / 4));
            if pixels.clone().all(|(x, y)| hole.is_hole(x, y)) {
                let sum: u32 = pixels.map(|(x, y)| u32::from(out.get_pixel(x, y).0[0])).sum();
                assert!(
                    (sum / 16).abs_diff(u32::from(expected.0[0])) <= 4,
                    "{x},{y}: {}",
                    sum / 16
                );
            }
        }
    }

    #[test]
    fn only_the_hole_changes() {
        let before = image(striped_gradient);
        let mut erased = before.clone();
        let hole = hole();
        for (pixel, _) in erased.pixels_mut().zip(hole.flags()).filter(|(_, hole)| *hole) {
            *pixel = [255, 0, 0].into();
        }
        let out = restored(&before, 2).unwrap();
        assert_eq!(restored(&erased, 2).unwrap(), out);
        let known = before.pixels().zip(out.pixels()).zip(hole.flags());
        assert!(
            known
                .filter(|(_, hole)| !*hole)
                .all(|((before, after), _)| before == after)
        );
    }

    #[test]
    fn result_is_independent_of_threads() {
        assert_eq!(
            restored(&image(striped_gradient), 1),
            restored(&image(striped_gradient), 3)
        );
    }

    #[test]
    fn no_detail_without_known_pixels() {
        let patches = PatchMatch::new(NonZeroUsize::MIN, 0);
        let all = Mask::full(IMAGE_SIDE, IMAGE_SIDE);
        let out = patches.restore(&image(striped_gradient), &all, &small(), 2, &Unmonitored);
        assert_eq!(out, Ok(None));
    }
}
