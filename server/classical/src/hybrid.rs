//! The model `lama-patches`: a network for scratches, patches that start from the network's fill elsewhere.

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold, distance_to_known};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, downsampled_hole, downsampled_rgb};

use crate::patchmatch::PatchMatch;
use crate::planar_fill::fill_planar_components;

/// The largest distance to the nearest known pixel in thin parts, in pixels: scratches and hairs. In wires
/// and letters patches are closer to the original than the network (docs/experiments.md).
const MAX_THIN_DEPTH_PX: f32 = 2.0;

/// Distance from deep pixels within which thin parts count as deep, in pixels: corners, and the beginning of
/// a wire.
const DEEP_MARGIN_PX: f32 = 24.0;

/// Depth in pixels from which the network's guess is computed at half the size. In shallower holes, e.g.
/// letters, too few pixels remain at that size (docs/experiments.md).
const MIN_HALVED_DEPTH_PX: f32 = 16.0;

/// A network for thin parts of a hole, [`PatchMatch`] for deep ones.
///
/// A small network continues both sides of a scratch, but a few pixels from known ones its output is blurred;
/// there [`PatchMatch`] provides texture. It starts from the network's output as the initial guess and is
/// constrained to its low frequencies near known pixels and where the match confidence is low.
pub struct HybridInpainter {
    network: Box<dyn Inpainter>,
    patches: PatchMatch,
}

impl HybridInpainter {
    /// Combines the two models. Padding and the maximum size of a forward are those of `network`.
    #[must_use]
    pub fn new(network: Box<dyn Inpainter>, patches: PatchMatch) -> Self {
        Self { network, patches }
    }

    /// Returns the network's fill at half the size, enlarged by pixel replication, or at full size if the
    /// hole is shallow or the network's padding doesn't accept half. Half the size is enough in deep holes,
    /// since [`PatchMatch`] doesn't read the guess at full size.
    fn initial_guess(
        &mut self,
        image: &RgbImage,
        mask: &Mask,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let (half, hole) = (
            downsampled_rgb(image.clone(), 1),
            downsampled_hole(mask.clone(), 1),
        );
        let is_shallow = max_depth_px(mask) < MIN_HALVED_DEPTH_PX;
        if is_shallow || !self.network.padding().accepts(half.width(), half.height()) {
            return self.network.forward(image, mask.as_coverage(), context);
        }
        let guess = self.network.forward(&half, hole.as_coverage(), context)?;
        Ok(RgbImage::from_fn(image.width(), image.height(), |x, y| {
            *guess.get_pixel(x / 2, y / 2)
        }))
    }

    /// Fills a hole without planar components.
    fn fill(
        &mut self,
        image: &RgbImage,
        mask: &Mask,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let Some(deep) = deep_part(mask) else {
            return self.network.forward(image, mask.as_coverage(), context);
        };
        if mask == &deep {
            let guess = self.initial_guess(image, mask, context)?;
            return Ok(self.patches.fill(image, &deep, Some(&guess), context.monitor)?);
        }
        let guess = self.network.forward(image, mask.as_coverage(), context)?;
        let mut thin_filled = image.clone();
        let masks = mask.flags().zip(deep.flags());
        let pixels = thin_filled.as_mut().as_chunks_mut::<3>().0.iter_mut();
        for ((pixel, guess), (hole, deep)) in pixels.zip(guess.as_raw().as_chunks::<3>().0).zip(masks) {
            if hole && !deep {
                *pixel = *guess;
            }
        }
        Ok(self
            .patches
            .fill(&thin_filled, &deep, Some(&guess), context.monitor)?)
    }
}

impl Inpainter for HybridInpainter {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        let network = self.network.share()?;
        Some(Box::new(Self::new(network, self.patches)))
    }

    /// Returns the network's padding with twice the modulo, so that half the size is accepted too.
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

    /// Returns the limit of [`PatchMatch`], which fills the deep parts.
    fn max_hole_depth_px(&self) -> f32 {
        self.patches.max_hole_depth_px()
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let mask = mask.clone().binarized(Threshold::ANY);
        fill_planar_components(image, &mask, |image, mask| self.fill(image, mask, context))
    }
}

/// Returns the largest distance of a hole pixel to the nearest known pixel.
fn max_depth_px(mask: &Mask) -> f32 {
    let hole: Vec<bool> = mask.flags().collect();
    let depths = distance_to_known(&hole, mask.width() as usize);
    depths.into_iter().fold(0.0, f32::max)
}

/// Returns the part of the hole within [`DEEP_MARGIN_PX`] of pixels deeper than [`MAX_THIN_DEPTH_PX`]; `None`
/// if no pixel is that deep.
fn deep_part(mask: &Mask) -> Option<Mask> {
    let width = mask.width() as usize;
    let hole: Vec<bool> = mask.flags().collect();
    let shallow: Vec<bool> = distance_to_known(&hole, width)
        .iter()
        .map(|depth| *depth <= MAX_THIN_DEPTH_PX)
        .collect();
    if shallow.iter().all(|shallow| *shallow) {
        return None;
    }
    let distance_to_deep = distance_to_known(&shallow, width);
    let deep = hole
        .iter()
        .zip(distance_to_deep)
        .map(|(hole, distance)| *hole && distance <= DEEP_MARGIN_PX);
    Mask::from_flags(mask.width(), mask.height(), deep)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use iopaint_inpaint::{InpaintOptions, Unmonitored};

    /// Between the image's colours, which are 20 and 60.
    const PAINT: [u8; 3] = [40; 3];

    /// Fills holes with [`PAINT`] and records the width of every image.
    struct PaintModel(Sender<u32>);

    impl Inpainter for PaintModel {
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
            mask: &Coverage,
            _: &Context<'_>,
        ) -> Result<RgbImage, ForwardError> {
            self.0.send(image.width()).unwrap();
            let mut out = image.clone();
            for (pixel, _) in out
                .pixels_mut()
                .zip(mask.values())
                .filter(|(_, coverage)| **coverage > 0)
            {
                *pixel = PAINT.into();
            }
            Ok(out)
        }
    }

    /// Returns the result and the widths of the images that the network received.
    fn forward(hole: impl Fn(u32, u32) -> bool) -> (RgbImage, Vec<u32>) {
        let image = RgbImage::from_fn(128, 128, |x, y| {
            [if (x / 3 + y / 3) % 2 == 0 { 20 } else { 60 }; 3].into()
        });
        let mask = Mask::from_fn(128, 128, hole);
        let (sender, widths) = channel();
        let mut model = HybridInpainter::new(
            Box::new(PaintModel(sender)),
            PatchMatch::new(NonZeroUsize::MIN, 0),
        );
        let options = InpaintOptions::default();
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        let out = model.forward(&image, mask.as_coverage(), &context).unwrap();
        (out, widths.try_iter().collect())
    }

    /// Returns the share of a hole's pixels that differ clearly from [`PAINT`].
    fn patched_share(out: &RgbImage, hole: impl Fn(u32, u32) -> bool) -> f64 {
        let pixels = out.enumerate_pixels().filter(|(x, y, _)| hole(*x, *y));
        let differs: Vec<_> = pixels
            .map(|(_, _, pixel)| pixel.0[0].abs_diff(PAINT[0]) > 10)
            .collect();
        differs.iter().filter(|differs| **differs).count() as f64 / differs.len() as f64
    }

    #[test]
    fn network_fills_thin_and_patches_fill_deep_parts() {
        let wire = |x: u32, _| (100..104).contains(&x);
        let blob = |x: u32, y: u32| x.abs_diff(30).pow(2) + y.abs_diff(64).pow(2) < 400;
        let (out, widths) = forward(|x, y| wire(x, y) || blob(x, y));
        assert_eq!(widths, [128]);
        assert!((0..128).all(|y| out.get_pixel(102, y).0 == PAINT));
        assert!(patched_share(&out, blob) > 0.8);
    }

    #[test]
    fn thin_holes_use_the_network_only() {
        let (out, widths) = forward(|x, y| x == y);
        assert_eq!(widths, [128]);
        assert!((0..128).all(|at| out.get_pixel(at, at).0 == PAINT));
    }

    #[test]
    fn guess_of_deep_holes_is_at_half_size() {
        let square = |x: u32, y: u32| (40..80).contains(&x) && (40..80).contains(&y);
        let (out, widths) = forward(square);
        assert_eq!(widths, [64]);
        assert!(patched_share(&out, square) > 0.8);
    }

    #[test]
    fn guess_of_shallow_holes_is_at_full_size() {
        let letter = |x: u32, y: u32| (60..76).contains(&x) && (40..80).contains(&y);
        let (out, widths) = forward(letter);
        assert_eq!(widths, [128]);
        assert!(patched_share(&out, letter) > 0.8);
    }

    #[test]
    fn wires_that_leave_a_blob_are_thin() {
        let mask = Mask::from_fn(128, 64, |x, y| {
            let blob = x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) < 400;
            blob || y.abs_diff(32) < 2
        });
        let deep = deep_part(&mask).unwrap();
        assert!(deep.is_hole(32, 32));
        assert!(!deep.is_hole(100, 32));
    }
}
