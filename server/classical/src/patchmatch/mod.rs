//! Completion by examples: the hole is put together from patches of its surroundings.
//!
//! The method is that of Wexler, Shechtman and Irani ("Space-Time Completion of Video", 2007): from coarse to fine, find
//! for every patch that touches the hole the known patch most like it, and let overlapping patches vote on the hole's
//! colours, in turn until they agree. The search is `PatchMatch` (Barnes, Shechtman, Finkelstein and Goldman 2009);
//! patches are compared by colour, slope and, after Newson et al. ("Video Inpainting of Complex Scenes", 2014),
//! texture, which in the hole is that of its surroundings. The seam is hidden in the gradient domain (Perez, Gangnet and
//! Blake 2003).

mod anchor;
mod detail;
mod distance;
mod field;
mod fill;
mod guide;
mod level;
mod misfit;
mod parallel;
mod pixel;
mod pyramid;
mod random;
mod seam;
mod smooth;
mod texture;
mod vote;

use std::num::NonZeroUsize;

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, Detail, ForwardError, Inpainter, Monitor, Padding, Rect, Stop, changed_box};

use crate::plain::fill_plain_first;
use fill::{Run, fill};
use level::Canvas;
use pixel::{Colours, coloured, to_byte};
use texture::write_texture;

/// The fewest pixels of surroundings on every side of the hole that are searched for patches.
const CONTEXT: u32 = 128;
/// The deepest hole in pixels that is filled at its own size where the size is free. Deeper ones come out plain in the
/// middle and take long; at half the size patches still show what sets the surroundings apart.
const DEEPEST: f32 = 256.0;

/// A model without weights: fills holes with patches of their surroundings.
///
/// The same image, mask and seed give the same pixels, on any number of threads. Memory grows with the hole's
/// rectangle and its surroundings, not with the image.
#[derive(Clone, Copy, Debug)]
pub struct PatchMatch {
    seed: u64,
    threads: NonZeroUsize,
}

impl PatchMatch {
    /// The model on up to `threads` threads. Another `seed` gives another filling.
    #[must_use]
    pub fn new(threads: NonZeroUsize, seed: u64) -> Self {
        Self { seed, threads }
    }

    /// Fills the pixels of `image` that aren't 0 in `mask`; both have one size. `guess`, of that size too, is what the
    /// search begins with in the hole, and is held to near what is known and where patches don't fit; without it that is
    /// a smooth filling. After every turn `monitor` is asked whether to go on.
    ///
    /// # Errors
    /// What the monitor said.
    pub fn fill(
        &self,
        image: &RgbImage,
        mask: &GrayImage,
        guess: Option<&RgbImage>,
        monitor: &dyn Monitor,
    ) -> Result<RgbImage, Stop> {
        let mut out = image.clone();
        let Some(hole) = changed_box(mask) else {
            return Ok(out);
        };
        let region = surroundings(hole, mask.dimensions());
        let canvas = |image: &RgbImage, hole: Vec<bool>| Canvas {
            width: region.width as usize,
            height: region.height as usize,
            pixels: cut(image.as_raw().as_chunks::<3>().0, image.width(), region)
                .map(|pixel| coloured(*pixel))
                .collect(),
            hole,
        };
        let hole = cut(mask.as_raw(), mask.width(), region);
        let mut known = canvas(image, hole.map(|value| *value > 0).collect());
        write_texture(&mut known);
        let guess = guess.map(|guess| canvas(guess, vec![false; known.hole.len()]));
        let run = Run {
            seed: self.seed,
            threads: self.threads.get(),
            monitor,
        };
        write(&mut out, mask, &fill(known, guess, &run)?);
        Ok(out)
    }
}

impl Inpainter for PatchMatch {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 1,
            square: false,
        }
    }

    fn max_hole_depth_px(&self) -> f32 {
        DEEPEST
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        fill_plain_first(image, mask, |image, mask| {
            Ok(self.fill(image, mask, None, context.monitor)?)
        })
    }
}

impl Detail for PatchMatch {
    fn restore(
        &self,
        image: &RgbImage,
        hole: &GrayImage,
        small: &RgbImage,
        halvings: u32,
        monitor: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop> {
        let colours = |image: &RgbImage| {
            let pixels = image.as_raw().as_chunks::<3>().0;
            pixels.iter().map(|pixel| coloured(*pixel)).collect::<Vec<_>>()
        };
        let mut canvas = Canvas {
            width: image.width() as usize,
            height: image.height() as usize,
            pixels: colours(image),
            hole: hole.as_raw().iter().map(|value| *value > 0).collect(),
        };
        write_texture(&mut canvas);
        let small = colours(small);
        let run = Run {
            seed: self.seed,
            threads: self.threads.get(),
            monitor,
        };
        let filled = detail::restore(canvas, &small, halvings, &run)?;
        Ok(filled.map(|filled| {
            let mut out = image.clone();
            write(&mut out, hole, &filled);
            out
        }))
    }
}

/// Writes the colours of the hole's pixels, in order.
fn write(image: &mut RgbImage, hole: &GrayImage, filled: &[Colours]) {
    let pixels = image.as_mut().as_chunks_mut::<3>().0.iter_mut();
    let pixels = pixels.zip(hole.as_raw()).filter(|(_, value)| **value > 0);
    for ((pixel, _), colours) in pixels.zip(filled) {
        *pixel = colours.map(to_byte);
    }
}

/// The hole's rectangle with as much around it as it is long, and [`CONTEXT`] at least, within the image.
fn surroundings(hole: Rect, (width, height): (u32, u32)) -> Rect {
    let margin = hole.width.max(hole.height).max(CONTEXT);
    let (x, y) = (hole.x.saturating_sub(margin), hole.y.saturating_sub(margin));
    Rect {
        x,
        y,
        width: (hole.x + hole.width).saturating_add(margin).min(width) - x,
        height: (hole.y + hole.height).saturating_add(margin).min(height) - y,
    }
}

/// The values of `region`, row by row, of an image of `width` columns.
fn cut<T>(values: &[T], width: u32, region: Rect) -> impl Iterator<Item = &T> {
    let rows = values.chunks_exact(width.max(1) as usize).skip(region.y as usize);
    rows.take(region.height as usize)
        .flat_map(move |row| row.iter().skip(region.x as usize).take(region.width as usize))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use iopaint_inpaint::{Options, Unmonitored};

    fn model(threads: usize) -> PatchMatch {
        PatchMatch::new(NonZeroUsize::new(threads).unwrap(), 5)
    }

    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let wave = f64::from(x * 7 + y * 3).sin() * 40.0 + 128.0;
            [wave as u8, (x * 2 % 256) as u8, (y * 3 % 256) as u8].into()
        })
    }

    fn with_hole(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| [if hole(x, y) { 255 } else { 0 }].into())
    }

    fn disc(x: u32, y: u32) -> bool {
        x.abs_diff(70).pow(2) + y.abs_diff(60).pow(2) < 900
    }

    #[test]
    fn the_result_does_not_depend_on_the_number_of_threads() {
        let (image, mask) = (picture(150, 130), with_hole(150, 130, disc));
        let fill = |threads| model(threads).fill(&image, &mask, None, &Unmonitored).unwrap();
        let one = fill(1);
        assert_eq!(one, fill(2));
        assert_eq!(one, fill(7));
    }

    #[test]
    fn only_the_hole_changes() {
        let (image, mask) = (picture(150, 130), with_hole(150, 130, disc));
        let options = Options::default();
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        let out = model(2).forward(&image, &mask, &context).unwrap();
        let mut changed = 0;
        for ((before, after), mask) in image.pixels().zip(out.pixels()).zip(mask.pixels()) {
            assert!(before == after || mask.0[0] > 0);
            changed += u32::from(before != after);
        }
        assert!(changed > 2000, "{changed}");
    }

    #[test]
    fn what_is_far_from_the_hole_has_no_influence() {
        let mask = with_hole(600, 40, |x, y| (10..20).contains(&x) && (10..20).contains(&y));
        let (near, mut far) = (picture(600, 40), picture(600, 40));
        far.enumerate_pixels_mut()
            .filter(|(x, _, _)| *x > 300)
            .for_each(|(_, _, pixel)| *pixel = [0; 3].into());
        let fill = |image| model(1).fill(image, &mask, None, &Unmonitored).unwrap();
        let (near, far) = (fill(&near), fill(&far));
        assert!((0..40).all(|y| (0..300).all(|x| near.get_pixel(x, y) == far.get_pixel(x, y))));
    }

    /// Stops after so many steps, and counts them.
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
    fn it_stops_when_told_between_two_turns() {
        let (image, mask) = (picture(150, 130), with_hole(150, 130, disc));
        let monitor = StopAfter(3, AtomicUsize::new(0));
        let result = model(2).fill(&image, &mask, None, &monitor);
        assert_eq!((result, monitor.1.into_inner()), (Err(Stop::Cancelled), 3));
    }

    #[test]
    fn images_of_any_size_and_holes_of_any_shape_are_filled() {
        for (width, height) in [(1, 1), (1, 40), (6, 6), (7, 7), (8, 31), (33, 16)] {
            let image = picture(width, height);
            for mask in [
                with_hole(width, height, |_, _| true),
                with_hole(width, height, |x, y| (x + y) % 5 == 0),
                with_hole(width, height, |x, _| x == 0),
            ] {
                let out = model(2).fill(&image, &mask, None, &Unmonitored).unwrap();
                assert_eq!(out.dimensions(), (width, height));
            }
        }
    }
}
