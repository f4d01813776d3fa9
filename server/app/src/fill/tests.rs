//! Masks and encoded forms.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use image::{DynamicImage, GrayImage};
use iopaint_imaging::{DecodeLimits, EncodeOptions, Mask, RgbImage, Threshold};

use super::input::decode_pair;
use super::{FillError, FillInput, FilledImage, MaskRule, ModelRun, OutputForm};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 1 << 10,
};

fn png(pixels: impl Into<DynamicImage>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let pixels: DynamicImage = pixels.into();
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Decodes an image of 4 x 2 pixels with a uniform mask.
fn decode_with((width, height): (u32, u32), grey: u8, rule: MaskRule) -> Result<FillInput, FillError> {
    let image = png(RgbImage::from_pixel(4, 2, [10, 20, 30].into()));
    let mask = png(GrayImage::from_pixel(width, height, [grey].into()));
    decode_pair(image.into(), &mask, rule, &LIMITS)
}

fn filled(mask: impl Fn(u32, u32) -> bool, keep_unmasked: bool) -> FilledImage {
    let rule = MaskRule {
        threshold: Threshold::INPAINT_REQUEST,
        fit: false,
    };
    let (pixels, preserved) = decode_with((4, 2), 0, rule).unwrap().picture.into_parts();
    FilledImage {
        pixels,
        preserved,
        mask: Arc::new(Mask::from_fn(4, 2, mask)),
        keep_unmasked,
        original: None,
        file: None,
        run: ModelRun {
            model: "test".to_owned(),
            scaled: false,
            queued: Duration::ZERO,
            forward: Duration::ZERO,
        },
    }
}

#[test]
fn mask_must_have_image_size_unless_fitted() {
    let rule = |fit| MaskRule {
        threshold: Threshold::INPAINT_REQUEST,
        fit,
    };
    assert!(matches!(
        decode_with((2, 2), 255, rule(false)),
        Err(FillError::SizeMismatch {
            image: (4, 2),
            mask: (2, 2)
        })
    ));
    assert_eq!(
        decode_with((2, 2), 255, rule(true)).unwrap().mask.dimensions(),
        (4, 2)
    );
}

#[test]
fn threshold_is_lowest_filled_value() {
    let rule = MaskRule {
        threshold: Threshold::BATCH,
        fit: false,
    };
    for (grey, expected) in [(126, false), (127, true)] {
        let mask = decode_with((4, 2), grey, rule).unwrap().mask;
        assert!(mask.flags().all(|hole| hole == expected));
    }
}

#[test]
fn patch_is_bounding_box_of_changes() {
    let pixel = |x: u32, y: u32| (x, y) == (2, 1);
    for (image, expected) in [
        (filled(pixel, true), (2, 1, 1, 1)),
        (filled(pixel, false), (0, 0, 4, 2)),
        (filled(|_, _| false, true), (0, 0, 1, 1)),
    ] {
        let result = image
            .encode(OutputForm::Patch, &EncodeOptions::default())
            .unwrap();
        let patch = result.patch.unwrap();
        assert_eq!((patch.x, patch.y, patch.width, patch.height), expected);
    }
}

#[test]
fn side_by_side_has_three_images() {
    let result = filled(|_, _| true, true)
        .encode(OutputForm::SideBySide, &EncodeOptions::default())
        .unwrap();
    let decoded = iopaint_imaging::decode(&result.bytes, &LIMITS).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (12, 2));
}
