//! The pipeline around a forward pass, with a model that returns its input.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use divan::{Bencher, black_box};
use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{
    Context, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding, Unmonitored, changed_box, inpaint,
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

    fn forward(
        &mut self,
        image: &RgbImage,
        _: &GrayImage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        Ok(image.clone())
    }
}

fn photo() -> RgbImage {
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| [x as u8, y as u8, (x ^ y) as u8].into())
}

/// Returns a mask with discs of `radius` pixels, spread over the picture.
fn holes(radius: u32) -> GrayImage {
    GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (x, y) = (x % 1000, y % 1000);
        [
            if x.abs_diff(500).pow(2) + y.abs_diff(500).pow(2) < radius * radius {
                255
            } else {
                0
            },
        ]
        .into()
    })
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
fn changed_box_of_mask(bencher: Bencher<'_, '_>) {
    let mask = holes(60);
    bencher.bench(|| changed_box(black_box(&mask)));
}
