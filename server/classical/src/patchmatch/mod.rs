//! Image completion with patches of the surroundings, without network weights.
//!
//! # Energy
//! A *target* patch is a 7x7 patch that overlaps the hole, a *source* patch one of known pixels only. The
//! completion minimises the energy of Wexler, Shechtman and Irani ("Space-Time Completion of Video", 2007)
//! over the hole's colours x and the nearest-neighbour field f, which maps each target t to a source:
//!
//! ```text
//! E(x, f) = sum_t alpha_t * SSD(target t, source f(t))
//! alpha_t = exp(-DEPTH_FALLOFF * distance of t's centre to the nearest known pixel)
//! ```
//!
//! The SSD (`patch_ssd.rs`) compares feature vectors (`features.rs`): colour, gradient as in Darabi et al.
//! ("Image Melding", 2012), and texture as in Newson et al. ("Video Inpainting of Complex Scenes", 2014;
//! `texture.rs`). The texture of the hole is interpolated from its surroundings and stays fixed.
//!
//! # Algorithm
//! `completion.rs` runs EM iterations on every level of a pyramid (`pyramid.rs`, `level.rs`), coarse to fine.
//! The coarsest level starts from a random field and from the initial guess (`initial_guess.rs`), or without
//! one from a smooth interpolation of the known pixels (`pull_push.rs`). Each finer level starts from the
//! coarser field with its offsets doubled (`nearest_neighbour_field.rs`) and from the vote by that field. An
//! EM iteration
//!
//! 1. minimises E over f by `PatchMatch` iterations (Barnes, Shechtman, Finkelstein and Goldman,
//!    "`PatchMatch`", 2009; `patchmatch_iteration.rs`): in scan order each target tries the offsets of its
//!    two visited neighbours (propagation), then random sources within a radius that starts at the image's
//!    longer side and halves down to one pixel (random search);
//! 2. minimises E over x by voting (`vote.rs`): a hole pixel p takes the weighted mean of the source pixels
//!    that the targets covering it map it to,
//!
//!    ```text
//!    x(p) = sum_t w_t * source pixel of p by t / sum_t w_t
//!    w_t = alpha_t * exp(-sharpness * (SSD_t - min SSD) / mean SSD)
//!    ```
//!
//! 3. with an initial guess g, constrains the low frequencies of x (`low_frequency.rs`):
//!
//!    ```text
//!    x += up(share * strength * (g - down(x)))
//!    ```
//!
//!    where `down` averages blocks of 4x4 pixels and `up` interpolates bilinearly. The strength falls with
//!    the depth in the hole, the share from 1 to 0 over the level's EM iterations. The finest level is left
//!    unconstrained.
//!
//! With an initial guess, the match confidence is measured after level 3, at 1/8 of the size
//! (`confidence.rs`):
//!
//! ```text
//! confidence = 1 / (1 + (SSD per patch pixel around the hole / half)^4)
//! ```
//!
//! After level 2, at 1/4 of the size, its colours mixed with the guess become a second low-frequency
//! constraint, of strength 1 - confidence, for all finer levels.
//!
//! A mean of patches is smoother than the surroundings. With an initial guess, in the last EM iterations of
//! the two finest levels, the detail of each hole pixel is therefore that of one source pixel, the one with
//! the most votes (`source_detail.rs`).
//!
//! A deep hole (24 pixels) whose mean confidence is at least 1/2 is filled with copies instead of the votes
//! of the two finest levels. At 1/4 of the size (`offset_labels.rs`; He and Sun, "Statistics of Patch Offsets
//! for Image Completion", 2012) every hole pixel gets one of some 60 offsets (`offset_candidates.rs`) by
//! alpha-expansion with minimum cuts (`iopaint_imaging::max_flow`; Boykov and Kolmogorov 2004). At full size
//! (`offset_copy.rs`) the offsets are refined to the pixel, the pieces are copied, and small or uniform
//! colour steps between them are removed (`piece_blending.rs`).
//!
//! The last vote or copy is followed by gradient-domain blending of the seam (`seam_blending.rs`; Pérez,
//! Gangnet and Blake, "Poisson Image Editing", 2003).
//!
//! `detail_transfer.rs` uses the same parts to complete the hole at full size from a fill made at a smaller
//! size.
//!
//! # Relation to `iopaint-inpaint`
//! Pyramids are built with its 2x2 blocks, and regions are its `Rect`. Its harmonic fill isn't used, since it
//! would change pixels: in `seam_blending.rs` by 0.3 levels of 255 on average and 5 at most, in 1.6 times the
//! time of pull-push and sweeps; in place of `pull_push.rs` everywhere by 14 levels, as a different initial
//! state leads the random search to other patches. So does `Rect::grown`, which moves the margin that the
//! image's edge cuts off to the opposite side: 13 levels. (`patchmatch`, six holes in three of the test
//! photographs.)

mod completion;
mod confidence;
mod detail_transfer;
mod feature_image;
mod features;
mod initial_guess;
mod level;
mod low_frequency;
mod nearest_neighbour_field;
mod offset_candidates;
mod offset_copy;
mod offset_labels;
mod parallel;
mod patch_ssd;
mod patchmatch_iteration;
mod piece_blending;
mod piece_choice;
mod pull_push;
mod pyramid;
mod random;
mod seam_blending;
mod source_detail;
mod texture;
mod vote;
#[cfg(target_arch = "x86_64")]
mod vote_block;
mod vote_weight;

use std::num::NonZeroUsize;

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold};
use iopaint_inpaint::{Context, Detail, ForwardError, Inpainter, Monitor, Padding, Rect, Stop};

use crate::planar_fill::fill_planar_components;
use completion::{CompletionContext, complete};
use feature_image::FeatureImage;
use features::{Colour, Features, features_from_rgb, round_to_u8};
use texture::compute_texture;

/// The minimum margin around the hole's bounding box in which source patches are searched, in pixels.
const MIN_MARGIN_PX: u32 = 128;
/// The hole depth in pixels up to which [`iopaint_inpaint::HdStrategy::Auto`] runs this model at full size.
/// Deeper holes come out flat in the middle and take long. Chosen on thirty holes in fifteen photographs
/// (docs/experiments.md).
const MAX_HOLE_DEPTH_PX: f32 = 256.0;

/// The model `patchmatch`: completes holes with patches of their surroundings, without network weights.
///
/// Equal images, masks and seeds give equal pixels, on any number of threads. Memory grows with the hole's
/// bounding box and its margin, not with the image.
#[derive(Clone, Copy, Debug)]
pub struct PatchMatch {
    seed: u64,
    threads: NonZeroUsize,
}

impl PatchMatch {
    /// Creates the model, which uses up to `threads` threads. `seed` selects the random numbers of the
    /// search.
    #[must_use]
    pub fn new(threads: NonZeroUsize, seed: u64) -> Self {
        Self { seed, threads }
    }

    /// Fills the hole `mask` of `image`. `guess` is an initial guess of the hole (see the
    /// module's documentation). All images have the same size. `monitor` receives a step after every EM
    /// iteration.
    ///
    /// # Errors
    /// Returns the monitor's [`Stop`].
    pub fn fill(
        &self,
        image: &RgbImage,
        mask: &Mask,
        guess: Option<&RgbImage>,
        monitor: &dyn Monitor,
    ) -> Result<RgbImage, Stop> {
        let mut out = image.clone();
        let Some(hole) = mask.bounding_box() else {
            return Ok(out);
        };
        let width = image.width() as usize;
        let region = search_region(hole, image.dimensions());
        let cropped = |image: &RgbImage, hole: Vec<bool>| FeatureImage {
            width: region.width as usize,
            height: region.height as usize,
            pixels: region
                .crop(image.as_raw().as_chunks::<3>().0, width)
                .map(|pixel| features_from_rgb(*pixel))
                .collect(),
            hole,
        };
        let hole = region.crop(mask.values(), width);
        let mut known = cropped(image, hole.map(|value| *value > 0).collect());
        compute_texture(&mut known);
        let guess = guess.map(|guess| cropped(guess, vec![false; known.hole.len()]));
        write_hole(&mut out, mask, &complete(known, guess, &self.context(monitor))?);
        Ok(out)
    }

    fn context<'a>(&self, monitor: &'a dyn Monitor) -> CompletionContext<'a> {
        CompletionContext {
            seed: self.seed,
            threads: self.threads.get(),
            monitor,
        }
    }
}

impl Inpainter for PatchMatch {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(*self))
    }

    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 1,
            square: false,
        }
    }

    fn max_hole_depth_px(&self) -> f32 {
        MAX_HOLE_DEPTH_PX
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let mask = mask.clone().binarized(Threshold::ANY);
        fill_planar_components(image, &mask, |image, mask| {
            Ok(self.fill(image, mask, None, context.monitor)?)
        })
    }
}

impl Detail for PatchMatch {
    fn restore(
        &self,
        image: &RgbImage,
        hole: &Mask,
        small: &RgbImage,
        halvings: u32,
        monitor: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop> {
        let features = |image: &RgbImage| -> Vec<Features> {
            let pixels = image.as_raw().as_chunks::<3>().0;
            pixels.iter().map(|pixel| features_from_rgb(*pixel)).collect()
        };
        let mut full = FeatureImage {
            width: image.width() as usize,
            height: image.height() as usize,
            pixels: features(image),
            hole: hole.flags().collect(),
        };
        compute_texture(&mut full);
        let context = self.context(monitor);
        let colours = detail_transfer::transfer_detail(full, &features(small), halvings, &context)?;
        Ok(colours.map(|colours| {
            let mut out = image.clone();
            write_hole(&mut out, hole, &colours);
            out
        }))
    }
}

/// Writes the colours of the hole's pixels, given in row-major order.
fn write_hole(image: &mut RgbImage, hole: &Mask, colours: &[Colour]) {
    let pixels = image.as_mut().as_chunks_mut::<3>().0.iter_mut();
    let pixels = pixels.zip(hole.flags()).filter(|(_, hole)| *hole);
    for ((pixel, _), colour) in pixels.zip(colours) {
        *pixel = colour.map(round_to_u8);
    }
}

/// Returns the hole's bounding box grown on every side by its longer side, by [`MIN_MARGIN_PX`] at least,
/// clipped to the image.
fn search_region(hole: Rect, size: (u32, u32)) -> Rect {
    hole.grown_and_clipped(hole.width.max(hole.height).max(MIN_MARGIN_PX), size)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use iopaint_inpaint::{InpaintOptions, Unmonitored};

    fn model(threads: usize) -> PatchMatch {
        PatchMatch::new(NonZeroUsize::new(threads).unwrap(), 5)
    }

    fn image(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let wave = f64::from(x * 7 + y * 3).sin() * 40.0 + 128.0;
            [wave as u8, (x * 2 % 256) as u8, (y * 3 % 256) as u8].into()
        })
    }

    fn mask(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> Mask {
        Mask::from_fn(width, height, hole)
    }

    fn disc(x: u32, y: u32) -> bool {
        x.abs_diff(70).pow(2) + y.abs_diff(60).pow(2) < 900
    }

    #[test]
    fn result_is_independent_of_threads() {
        let (image, mask) = (image(150, 130), mask(150, 130, disc));
        let fill = |threads| model(threads).fill(&image, &mask, None, &Unmonitored).unwrap();
        let one = fill(1);
        assert_eq!(one, fill(2));
        assert_eq!(one, fill(7));
    }

    #[test]
    fn only_the_hole_changes() {
        let (image, mask) = (image(150, 130), mask(150, 130, disc));
        let options = InpaintOptions::default();
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        let out = model(2).forward(&image, mask.as_coverage(), &context).unwrap();
        let mut changed = 0;
        for ((before, after), mask) in image.pixels().zip(out.pixels()).zip(mask.flags()) {
            assert!(before == after || mask);
            changed += u32::from(before != after);
        }
        assert!(changed > 2000, "{changed}");
    }

    #[test]
    fn far_pixels_have_no_influence() {
        let mask = mask(600, 40, |x, y| (10..20).contains(&x) && (10..20).contains(&y));
        let (near, mut far) = (image(600, 40), image(600, 40));
        far.enumerate_pixels_mut()
            .filter(|(x, _, _)| *x > 300)
            .for_each(|(_, _, pixel)| *pixel = [0; 3].into());
        let fill = |image| model(1).fill(image, &mask, None, &Unmonitored).unwrap();
        let (near, far) = (fill(&near), fill(&far));
        assert!((0..40).all(|y| (0..300).all(|x| near.get_pixel(x, y) == far.get_pixel(x, y))));
    }

    /// Counts steps and stops after the given number of them.
    struct StopAfter(usize, AtomicUsize);

    impl Monitor for StopAfter {
        fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }

        fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
            assert!(0 < done && done <= total, "{done} of {total}");
            if self.1.fetch_add(1, Relaxed) + 1 == self.0 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
    }

    #[test]
    fn stops_between_em_iterations() {
        let (image, mask) = (image(150, 130), mask(150, 130, disc));
        let monitor = StopAfter(3, AtomicUsize::new(0));
        let result = model(2).fill(&image, &mask, None, &monitor);
        assert_eq!((result, monitor.1.into_inner()), (Err(Stop::Cancelled), 3));
    }

    #[test]
    fn any_size_and_hole_shape_is_filled() {
        for (width, height) in [(1, 1), (1, 40), (6, 6), (7, 7), (8, 31), (33, 16)] {
            let image = image(width, height);
            for mask in [
                mask(width, height, |_, _| true),
                mask(width, height, |x, y| (x + y) % 5 == 0),
                mask(width, height, |x, _| x == 0),
            ] {
                let out = model(2).fill(&image, &mask, None, &Unmonitored).unwrap();
                assert_eq!(out.dimensions(), (width, height));
            }
        }
    }
}
