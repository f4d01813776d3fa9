//! The pipeline around a forward pass, with a model that returns its input.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use divan::{Bencher, black_box};
use iopaint_imaging::{Coverage, Mask, RgbImage};
use iopaint_inpaint::{
    Context, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding, Unmonitored, inpaint,
};

const SIZE: (u32, u32) = (4000, 3000);

fn main() {
    divan::main();
}

struct Identity;

impl Inpainter for Identity {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 8,
            min_size: 16,
            square: false,
        }
    }

    fn forward(&mut self, image: &RgbImage, _: &Coverage, _: &Context<'_>) -> Result<RgbImage, ForwardError> {
        Ok(image.clone())
    }
}

fn photo() -> RgbImage {
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| [x as u8, y as u8, (x ^ y) as u8].into())
}

/// Returns a mask with discs of `radius` pixels, spread over the picture.
fn holes(radius: u32) -> Coverage {
    let is_hole = |x: u32, y: u32| {
        let (x, y) = (x % 1000, y % 1000);
        x.abs_diff(500).pow(2) + y.abs_diff(500).pow(2) < radius * radius
    };
    Mask::from_fn(SIZE.0, SIZE.1, is_hole).into_coverage()
}

#[divan::bench(args = [InpaintOptions::default().strategy, HdStrategy::Resize { limit: 1280 }, HdStrategy::Original])]
fn strategies(bencher: Bencher<'_, '_>, strategy: HdStrategy) {
    let (image, mask) = (photo(), holes(60));
    let options = InpaintOptions {
        strategy,
        max_forward_pixels: u64::MAX,
        ..InpaintOptions::default()
    };
    bencher.bench(|| {
        inpaint(
            &mut Identity,
            None,
            black_box(&image),
            &mask,
            &options,
            &Unmonitored,
        )
        .unwrap()
    });
}

#[divan::bench]
fn bounding_box(bencher: Bencher<'_, '_>) {
    let mask = holes(60);
    bencher.bench(|| black_box(&mask).bounding_box());
}
