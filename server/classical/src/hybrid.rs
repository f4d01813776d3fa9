//! Which of two models fills which part of a hole.

use iopaint_imaging::{GrayImage, RgbImage, distance_to_known};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, halved_hole, halved_rgb};

use crate::patchmatch::PatchMatch;
use crate::plain::fill_plain_first;

/// The deepest part of a hole that is thin, in pixels from the nearest known one: wires, scratches and text are.
const THIN: f32 = 8.0;

/// What is thin and this near to a deep part, in pixels, is filled along with it: corners, and where a wire begins.
const REACH: f32 = 3.0 * THIN;

/// A network for what is thin, patches of the surroundings for what is deep.
///
/// A small network continues what it sees on both sides of a wire, but far from anything known it only knows a fog;
/// there [`PatchMatch`] has texture. It begins with the network's guess, and is held to its colours near what is known and
/// where patches don't fit what is beside the hole.
pub struct HybridInpainter {
    network: Box<dyn Inpainter>,
    patches: PatchMatch,
}

impl HybridInpainter {
    /// The two models together; sides and sizes are those that `network` takes.
    #[must_use]
    pub fn new(network: Box<dyn Inpainter>, patches: PatchMatch) -> Self {
        Self { network, patches }
    }

    /// The network's filling at half the size, where it takes that, and as large as the picture again. A search that begins
    /// far coarser needs no more.
    fn first_guess(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let (half, hole) = (halved_rgb(image.clone(), 1), halved_hole(mask.clone(), 1));
        if !self.network.padding().accepts(half.width(), half.height()) {
            return self.network.forward(image, mask, context);
        }
        let guess = self.network.forward(&half, &hole, context)?;
        Ok(RgbImage::from_fn(image.width(), image.height(), |x, y| {
            *guess.get_pixel(x / 2, y / 2)
        }))
    }

    /// Fills a hole whose surroundings aren't plain.
    fn fill(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let Some(deep) = deep_part(mask) else {
            return self.network.forward(image, mask, context);
        };
        if mask
            .as_raw()
            .iter()
            .zip(deep.as_raw())
            .all(|(hole, deep)| *hole == 0 || *deep > 0)
        {
            let guess = self.first_guess(image, mask, context)?;
            return Ok(self.patches.fill(image, &deep, Some(&guess), context.monitor)?);
        }
        let guess = self.network.forward(image, mask, context)?;
        let mut known = image.clone();
        let thin = mask.as_raw().iter().zip(deep.as_raw());
        let pixels = known.as_mut().as_chunks_mut::<3>().0.iter_mut();
        for ((known, guess), (hole, deep)) in pixels.zip(guess.as_raw().as_chunks::<3>().0).zip(thin) {
            if *hole > 0 && *deep == 0 {
                *known = *guess;
            }
        }
        Ok(self.patches.fill(&known, &deep, Some(&guess), context.monitor)?)
    }
}

impl Inpainter for HybridInpainter {
    /// The network's, at half the size too.
    fn padding(&self) -> Padding {
        let padding = self.network.padding();
        Padding {
            modulo: padding.modulo.max(1) * 2,
            ..padding
        }
    }

    fn max_forward_pixels(&self) -> Option<u64> {
        self.network.max_forward_pixels()
    }

    /// The patches', since the network only fills what is thin.
    fn max_hole_depth_px(&self) -> f32 {
        self.patches.max_hole_depth_px()
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        fill_plain_first(image, mask, |image, mask| self.fill(image, mask, context))
    }
}

/// The part of the hole that lies within [`REACH`] of pixels deeper than [`THIN`], 255; `None` where there are none.
fn deep_part(mask: &GrayImage) -> Option<GrayImage> {
    let width = mask.width() as usize;
    let hole: Vec<bool> = mask.as_raw().iter().map(|value| *value > 0).collect();
    let shallow: Vec<bool> = distance_to_known(&hole, width)
        .iter()
        .map(|depth| *depth <= THIN)
        .collect();
    if shallow.iter().all(|shallow| *shallow) {
        return None;
    }
    let from_core = distance_to_known(&shallow, width);
    let deep = hole.iter().zip(from_core).map(|(hole, apart)| match hole {
        true if apart <= REACH => 255,
        _ => 0,
    });
    GrayImage::from_raw(mask.width(), mask.height(), deep.collect())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use iopaint_inpaint::{Options, Unmonitored};

    /// Between the picture's colours, which are 20 and 60.
    const PLAIN: [u8; 3] = [40; 3];

    /// Fills holes with one colour, and tells the widths at which it is asked to.
    struct Paint(Sender<u32>);

    impl Inpainter for Paint {
        fn padding(&self) -> Padding {
            Padding {
                modulo: 8,
                min_size: 16,
                square: false,
            }
        }

        fn forward(
            &mut self,
            image: &RgbImage,
            mask: &GrayImage,
            _: &Context<'_>,
        ) -> Result<RgbImage, ForwardError> {
            self.0.send(image.width()).unwrap();
            let mut out = image.clone();
            for (pixel, _) in out
                .pixels_mut()
                .zip(mask.pixels())
                .filter(|(_, mask)| mask.0[0] > 0)
            {
                *pixel = PLAIN.into();
            }
            Ok(out)
        }
    }

    /// What comes out, and the widths at which the network ran.
    fn forward(hole: impl Fn(u32, u32) -> bool) -> (RgbImage, Vec<u32>) {
        let image = RgbImage::from_fn(128, 128, |x, y| {
            [if (x / 3 + y / 3) % 2 == 0 { 20 } else { 60 }; 3].into()
        });
        let mask = GrayImage::from_fn(128, 128, |x, y| [if hole(x, y) { 255 } else { 0 }].into());
        let (asked, widths) = channel();
        let mut model = HybridInpainter::new(Box::new(Paint(asked)), PatchMatch::new(NonZeroUsize::MIN, 0));
        let options = Options::default();
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        let out = model.forward(&image, &mask, &context).unwrap();
        (out, widths.try_iter().collect())
    }

    /// The part of a hole's pixels that are far from the network's colour.
    fn textured(out: &RgbImage, hole: impl Fn(u32, u32) -> bool) -> f64 {
        let pixels = out.enumerate_pixels().filter(|(x, y, _)| hole(*x, *y));
        let apart: Vec<_> = pixels
            .map(|(_, _, pixel)| pixel.0[0].abs_diff(PLAIN[0]) > 10)
            .collect();
        apart.iter().filter(|apart| **apart).count() as f64 / apart.len() as f64
    }

    #[test]
    fn what_is_thin_is_the_networks_and_what_is_deep_comes_from_the_surroundings() {
        let wire = |x: u32, _| (100..106).contains(&x);
        let blob = |x: u32, y: u32| x.abs_diff(30).pow(2) + y.abs_diff(64).pow(2) < 400;
        let (out, widths) = forward(|x, y| wire(x, y) || blob(x, y));
        assert_eq!(widths, [128]);
        assert!((0..128).all(|y| out.get_pixel(103, y).0 == PLAIN));
        assert!(textured(&out, blob) > 0.8);
    }

    #[test]
    fn a_thin_hole_is_the_networks_alone() {
        let (out, widths) = forward(|x, y| x == y);
        assert_eq!(widths, [128]);
        assert!((0..128).all(|at| out.get_pixel(at, at).0 == PLAIN));
    }

    #[test]
    fn where_nothing_is_thin_half_the_size_does_for_a_first_guess() {
        let square = |x: u32, y: u32| (40..80).contains(&x) && (40..80).contains(&y);
        let (out, widths) = forward(square);
        assert_eq!(widths, [64]);
        assert!(textured(&out, square) > 0.8);
    }

    #[test]
    fn a_wire_that_leaves_a_blob_is_thin() {
        let mask = GrayImage::from_fn(128, 64, |x, y| {
            let blob = x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) < 400;
            [if blob || y.abs_diff(32) < 3 { 255 } else { 0 }].into()
        });
        let deep = deep_part(&mask).unwrap();
        assert_eq!(deep.get_pixel(32, 32).0, [255]);
        assert_eq!(deep.get_pixel(100, 32).0, [0]);
    }
}
