//! Code paths with instruction counts. `scripts/check_instructions.py` runs them under callgrind.
//!
//! With the name of a path as argument it runs that path once, otherwise it lists all paths. Only
//! instructions inside [`measured`] count; inputs are prepared before. Paths use one thread, since callgrind
//! counts threads separately.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::{hint::black_box, io::Cursor, num::NonZero, process::ExitCode};

use iopaint_classical::{Cv2, PatchMatch};
use iopaint_imaging::{
    Coverage, DecodeLimits, EncodeOptions, ImageFormat, Mask, Picture, RgbImage, Threshold, decode,
    morphology,
};
use iopaint_inpaint::{
    Context, Cv2Algorithm, Cv2Options, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding,
    Unmonitored, inpaint,
};

type Work = Box<dyn Fn()>;
type Prepare = fn() -> Work;

const SIZE: (u32, u32) = (320, 240);
/// Larger than images that the strategy `Auto` runs as one region.
const WIDE: (u32, u32) = (960, 240);
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 1 << 10,
};

const PATHS: [(&str, Prepare); 10] = [
    ("decode_png", || decoding(ImageFormat::Png)),
    ("decode_jpeg", || decoding(ImageFormat::Jpeg)),
    ("encode_png", || encoding(ImageFormat::Png)),
    ("encode_jpeg", || encoding(ImageFormat::Jpeg)),
    ("grow_mask", growing),
    ("crop_strategy", || {
        let strategy = HdStrategy::Crop {
            trigger: 160,
            margin: 32,
        };
        filling(Identity, SIZE, 20, InpaintOptions { strategy, ..plain() })
    }),
    ("auto_strategy", || {
        let strategy = HdStrategy::Auto;
        filling(Identity, WIDE, 20, InpaintOptions { strategy, ..plain() })
    }),
    ("blended_seam", || {
        filling(
            Identity,
            SIZE,
            20,
            InpaintOptions {
                blend: true,
                ..plain()
            },
        )
    }),
    ("telea", || {
        let cv2 = Cv2Options {
            algorithm: Cv2Algorithm::Telea,
            ..Cv2Options::default()
        };
        filling(Cv2, SIZE, 8, InpaintOptions { cv2, ..plain() })
    }),
    ("patch_match", || {
        filling(PatchMatch::new(NonZero::<usize>::MIN, 1), (96, 64), 8, plain())
    }),
];

fn main() -> ExitCode {
    // Skips cargo's flags, such as `--bench`.
    let Some(name) = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
    else {
        for (name, _) in PATHS {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let Some((_, prepare)) = PATHS.iter().find(|(path, _)| *path == name) else {
        eprintln!("Unknown path: {name}");
        return ExitCode::FAILURE;
    };
    measured(&prepare());
    ExitCode::SUCCESS
}

/// Runs `work`. Callgrind counts the instructions between entry and return of this function.
#[inline(never)]
fn measured(work: &Work) {
    work();
    // Prevents a tail call, after which callgrind would not see the return.
    black_box(work);
}

#[derive(Clone, Copy)]
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

fn plain() -> InpaintOptions {
    InpaintOptions {
        strategy: HdStrategy::Original,
        ..InpaintOptions::default()
    }
}

/// Returns gradients with grain, which compress about as well as a photo.
fn photo((width, height): (u32, u32)) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (state >> 30) as u8;
        [
            (x / 4) as u8 + grain,
            (y / 3) as u8 + grain,
            ((x + y) / 6) as u8 + grain,
        ]
        .into()
    })
}

/// Returns a mask with a disc in the middle of every 160 columns.
fn discs((width, height): (u32, u32), radius: u32) -> Mask {
    Mask::from_fn(width, height, |x, y| {
        let (right, down) = ((x % 160).abs_diff(width.min(160) / 2), y.abs_diff(height / 2));
        right.pow(2) + down.pow(2) < radius.pow(2)
    })
}

fn picture() -> Picture {
    let mut bytes = Cursor::new(Vec::new());
    photo(SIZE).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    decode(bytes.get_ref(), &LIMITS).unwrap()
}

fn encoding(format: ImageFormat) -> Work {
    let (picture, result, hole) = (picture(), photo(SIZE), discs(SIZE, 20));
    Box::new(move || {
        let options = EncodeOptions::default();
        let preserved = &picture.preserved;
        black_box(preserved.encode_as(format, &result, &hole, &options).unwrap());
    })
}

fn decoding(format: ImageFormat) -> Work {
    let file = picture()
        .preserved
        .encode_as(format, &photo(SIZE), &discs(SIZE, 20), &EncodeOptions::default())
        .unwrap();
    Box::new(move || {
        black_box(decode(&file.bytes, &LIMITS).unwrap());
    })
}

fn growing() -> Work {
    let mask = discs(SIZE, 20).into_coverage();
    Box::new(move || {
        let mask = mask.clone().binarized(Threshold::INPAINT_REQUEST);
        black_box(morphology::dilate(&mask, 12));
    })
}

fn filling<M: Inpainter + Copy + 'static>(
    model: M,
    size: (u32, u32),
    radius: u32,
    options: InpaintOptions,
) -> Work {
    let (image, mask) = (photo(size), discs(size, radius).into_coverage());
    Box::new(move || {
        let mut model = model;
        black_box(inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap());
    })
}
