//! Which of two models fills which part of a hole.

use iopaint_imaging::{GrayImage, RgbImage, depth};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};

use crate::patchmatch::PatchMatch;

/// The deepest part of a hole that is thin, in pixels from the nearest known one: wires, scratches and text are.
const THIN: f32 = 8.0;

/// A network for what is thin, patches of the surroundings for what is deep.
///
/// A small network continues what it sees on both sides of a wire, but far from anything known it only knows a fog;
/// there [`PatchMatch`] has texture, and takes the network's fog for a first guess.
pub struct ByDepth {
    network: Box<dyn Inpainter>,
    patches: PatchMatch,
}

impl ByDepth {
    /// The two models together; sides and sizes are those that `network` takes.
    #[must_use]
    pub fn new(network: Box<dyn Inpainter>, patches: PatchMatch) -> Self {
        Self { network, patches }
    }
}

impl Inpainter for ByDepth {
    fn padding(&self) -> Padding {
        self.network.padding()
    }

    fn max_forward_pixels(&self) -> Option<u64> {
        self.network.max_forward_pixels()
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let guess = self.network.forward(image, mask, context)?;
        let Some(deep) = deep_part(mask) else {
            return Ok(guess);
        };
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

/// The part of the hole that a disc of more than [`THIN`] pixels' radius fits in (its opening), 255; `None` where there
/// is none.
fn deep_part(mask: &GrayImage) -> Option<GrayImage> {
    let width = mask.width() as usize;
    let hole: Vec<bool> = mask.as_raw().iter().map(|value| *value > 0).collect();
    let shallow: Vec<bool> = depth(&hole, width).iter().map(|depth| *depth <= THIN).collect();
    if shallow.iter().all(|shallow| *shallow) {
        return None;
    }
    let from_core = depth(&shallow, width);
    let deep = hole.iter().zip(from_core).map(|(hole, apart)| match hole {
        true if apart <= THIN + 1.0 => 255,
        _ => 0,
    });
    GrayImage::from_raw(mask.width(), mask.height(), deep.collect())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use iopaint_inpaint::{Options, Unmonitored};

    /// Fills holes with one colour.
    struct Paint([u8; 3]);

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
            let mut out = image.clone();
            for (pixel, _) in out
                .pixels_mut()
                .zip(mask.pixels())
                .filter(|(_, mask)| mask.0[0] > 0)
            {
                *pixel = self.0.into();
            }
            Ok(out)
        }
    }

    fn forward(hole: impl Fn(u32, u32) -> bool) -> RgbImage {
        let image = RgbImage::from_fn(128, 128, |x, y| {
            [if (x / 3 + y / 3) % 2 == 0 { 20 } else { 60 }; 3].into()
        });
        let mask = GrayImage::from_fn(128, 128, |x, y| [if hole(x, y) { 255 } else { 0 }].into());
        let mut model = ByDepth::new(
            Box::new(Paint([250, 0, 0])),
            PatchMatch::new(NonZeroUsize::MIN, 0),
        );
        let options = Options::default();
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        model.forward(&image, &mask, &context).unwrap()
    }

    #[test]
    fn what_is_thin_is_the_networks_and_what_is_deep_comes_from_the_surroundings() {
        let wire = |x: u32, _| (60..66).contains(&x);
        let blob = |x: u32, y: u32| x.abs_diff(30).pow(2) + y.abs_diff(64).pow(2) < 400;
        let out = forward(|x, y| wire(x, y) || blob(x, y));
        assert!((0..128).all(|y| out.get_pixel(63, y).0 == [250, 0, 0]));
        assert!(
            out.enumerate_pixels()
                .all(|(x, y, pixel)| !blob(x, y) || pixel.0[0] < 100)
        );
    }

    #[test]
    fn a_thin_hole_is_the_networks_alone() {
        let out = forward(|x, y| x == y);
        assert!((0..128).all(|at| out.get_pixel(at, at).0 == [250, 0, 0]));
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
