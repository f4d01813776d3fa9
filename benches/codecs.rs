//! Decoding, encoding and mask operations at 3 megapixels.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use divan::{Bencher, black_box, counter::BytesCount};
use iopaint_imaging::{
    Coverage, DecodeLimits, EncodeOptions, ImageFormat, Mask, Picture, RgbImage, Threshold, decode,
    morphology,
};

const WIDTH: u32 = 2000;
const HEIGHT: u32 = 1500;
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 27,
    max_side: 1 << 15,
};

fn main() {
    divan::main();
}

/// Returns gradients with grain, which compress about as well as a photo.
fn photo() -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (state >> 30) as u8;
        [
            (x / 9) as u8 + grain,
            (y / 7) as u8 + grain,
            ((x + y) / 14) as u8 + grain,
        ]
        .into()
    })
}

fn hole() -> Mask {
    Mask::from_fn(WIDTH, HEIGHT, |x, y| {
        x.abs_diff(900).pow(2) + y.abs_diff(700).pow(2) < 10_000
    })
}

fn file(format: ImageFormat) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let photo = photo();
    photo.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let picture = decode(png.get_ref(), &LIMITS).unwrap();
    let options = EncodeOptions::default();
    picture
        .preserved
        .encode_as(format, &photo, &hole(), &options)
        .unwrap()
        .bytes
}

fn picture(format: ImageFormat) -> Picture {
    decode(&file(format), &LIMITS).unwrap()
}

#[divan::bench(args = [ImageFormat::Png, ImageFormat::Jpeg])]
fn decoding(bencher: Bencher<'_, '_>, format: ImageFormat) {
    let bytes = file(format);
    bencher
        .counter(BytesCount::new(WIDTH * HEIGHT * 3))
        .bench(|| decode(black_box(&bytes), &LIMITS).unwrap());
}

#[divan::bench(args = [ImageFormat::Png, ImageFormat::Jpeg])]
fn encoding(bencher: Bencher<'_, '_>, format: ImageFormat) {
    let picture = picture(format);
    let (result, hole) = (photo(), hole());
    bencher.counter(BytesCount::new(WIDTH * HEIGHT * 3)).bench(|| {
        picture
            .preserved
            .encode(black_box(&result), &hole, &EncodeOptions::default())
            .unwrap()
    });
}

#[divan::bench]
fn mask_threshold(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| hole().into_coverage())
        .bench_values(|mask: Coverage| black_box(mask).binarized(Threshold::INPAINT_REQUEST));
}

#[divan::bench(args = [5, 40])]
fn mask_dilation(bencher: Bencher<'_, '_>, radius: u8) {
    let hole = hole();
    bencher.bench(|| morphology::dilate(black_box(&hole), radius));
}
