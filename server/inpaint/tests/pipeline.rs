//! Selection of regions, validation of inputs and seam blending, with models without weights.

mod common;

use common::{CROP, LAMA, Negative, hole, options, pattern, two_components};
use iopaint_imaging::{Coverage, Mask, RgbImage};
use iopaint_inpaint::{
    Context, ForwardError, HdStrategy, InpaintError, InpaintOptions, Inpainter, Padding, Unmonitored, Window,
    inpaint, inpaint_in_place,
};

#[test]
fn window_overrides_the_strategy() {
    let mut model = Negative::new(Padding {
        modulo: 32,
        min_size: 32,
        square: true,
    });
    model.window = Some(Window { side: 32, margin: 8 });
    let (image, mask) = two_components();
    for strategy in [HdStrategy::Original, CROP, HdStrategy::Resize { limit: 10 }] {
        for keep_unmasked in [true, false] {
            let options = InpaintOptions {
                keep_unmasked,
                ..options(strategy)
            };
            let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
            assert_eq!(std::mem::take(&mut model.sizes), [(32, 32), (32, 32)]);
            for ((before, after), mask) in image.pixels().zip(outcome.image.pixels()).zip(mask.values()) {
                let expected = if *mask == 0 {
                    before.0
                } else {
                    before.0.map(|value| 255 - value)
                };
                assert_eq!(after.0, expected);
            }
        }
    }
    let (image, mask) = (pattern(32, 32), hole(32, 32, &[(4, 4, 20, 3), (8, 20, 2, 2)]));
    inpaint(&mut model, None, &image, &mask, &options(CROP), &Unmonitored).unwrap();
    assert_eq!(
        model.sizes,
        [(32, 32)],
        "an image of the window's size runs whole"
    );
    model.sizes.clear();
    let (image, mask) = (pattern(300, 80), hole(300, 80, &[(20, 20, 200, 30)]));
    inpaint(&mut model, None, &image, &mask, &options(CROP), &Unmonitored).unwrap();
    assert_eq!(model.sizes, [(32, 32)], "a large component is scaled down");
}

#[test]
fn empty_mask_needs_no_forward() {
    let (image, mask) = (pattern(40, 30), Mask::empty(40, 30).into_coverage());
    let mut model = Negative::new(LAMA);
    let outcome = inpaint(
        &mut model,
        None,
        &image,
        &mask,
        &InpaintOptions::default(),
        &Unmonitored,
    )
    .unwrap();
    assert_eq!((outcome.crops, model.sizes.len()), (0, 0));
    assert_eq!(outcome.image, image);
    let all = InpaintOptions {
        keep_unmasked: false,
        ..InpaintOptions::default()
    };
    let outcome = inpaint(&mut model, None, &image, &mask, &all, &Unmonitored).unwrap();
    let negative = image
        .iter()
        .zip(outcome.image.iter())
        .all(|(a, b)| *a == 255 - *b);
    assert!(negative);
}

#[test]
fn mismatched_or_empty_sizes_are_rejected() {
    let mut model = Negative::new(LAMA);
    let mask = Mask::empty(4, 5).into_coverage();
    let error = inpaint(
        &mut model,
        None,
        &pattern(5, 4),
        &mask,
        &InpaintOptions::default(),
        &Unmonitored,
    );
    let expected = InpaintError::SizeMismatch {
        image: (5, 4),
        mask: (4, 5),
    };
    assert_eq!(error.unwrap_err(), expected);
    let (image, mask) = (RgbImage::new(0, 3), Mask::empty(0, 3).into_coverage());
    let error = inpaint(
        &mut model,
        None,
        &image,
        &mask,
        &InpaintOptions::default(),
        &Unmonitored,
    );
    assert_eq!(error.unwrap_err(), InpaintError::Empty);
}

/// A model that returns one pixel.
struct Shrinking;

impl Inpainter for Shrinking {
    fn padding(&self) -> Padding {
        LAMA
    }

    fn forward(&mut self, _: &RgbImage, _: &Coverage, _: &Context<'_>) -> Result<RgbImage, ForwardError> {
        Ok(RgbImage::new(1, 1))
    }
}

#[test]
fn result_of_another_size_is_an_error() {
    let mask = hole(20, 20, &[(2, 2, 3, 3)]);
    let result = inpaint(
        &mut Shrinking,
        None,
        &pattern(20, 20),
        &mask,
        &InpaintOptions::default(),
        &Unmonitored,
    );
    assert!(matches!(result, Err(InpaintError::Forward(_))));
}

#[test]
fn feathering_reads_pixels_beyond_the_region() {
    let mut model = Negative::new(LAMA);
    let image = RgbImage::from_pixel(100, 80, [50; 3].into());
    let mask = hole(100, 80, &[(40, 30, 20, 10)]);
    // The region is the hole.
    let strategy = HdStrategy::Crop {
        trigger: 10,
        margin: 0,
    };
    let options = InpaintOptions {
        feather_px: 3,
        ..options(strategy)
    };
    let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
    let reds: Vec<u8> = (38..46).map(|x| outcome.image.get_pixel(x, 35).0[0]).collect();
    assert_eq!(reds, [50, 50, 89, 128, 166, 205, 205, 205]);
    assert_eq!(image.dimensions(), outcome.image.dimensions());
}

#[test]
fn in_place_equals_a_copy() {
    let (image, mask) = two_components();
    for strategy in [HdStrategy::Auto, HdStrategy::Original, CROP] {
        let options = options(strategy);
        let mut model = Negative::new(LAMA);
        let copy = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
        let mut filled = image.clone();
        let run = inpaint_in_place(&mut model, None, &mut filled, &mask, &options, &Unmonitored).unwrap();
        assert_eq!((run.crops, run.scaled), (copy.crops, copy.scaled));
        assert!(filled == copy.image && filled != image);
    }
}

/// Returns an image without edges.
fn smooth(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        [40 + (x / 4) as u8, 90, 60 + (y / 4) as u8].into()
    })
}

/// Returns the largest difference of adjacent pixels across the hole's border, in any channel.
fn step_at_the_border(image: &RgbImage, mask: &Coverage) -> u8 {
    let mut steps = Vec::new();
    for (x, y, own) in mask.as_gray().enumerate_pixels() {
        for (u, v) in [(x + 1, y), (x, y + 1)] {
            if mask
                .as_gray()
                .get_pixel_checked(u, v)
                .is_some_and(|other| other != own)
            {
                let (a, b) = (image.get_pixel(x, y).0, image.get_pixel(u, v).0);
                steps.extend(a.iter().zip(b).map(|(a, b)| a.abs_diff(b)));
            }
        }
    }
    steps.into_iter().max().unwrap_or(0)
}

#[test]
fn blending_removes_the_seam() {
    let (image, mask) = (
        smooth(160),
        hole(160, 160, &[(50, 40, 60, 70), (130, 100, 30, 30)]),
    );
    let strategies = [
        HdStrategy::Original,
        HdStrategy::Resize { limit: 80 },
        HdStrategy::Crop {
            trigger: 100,
            margin: 20,
        },
    ];
    for strategy in strategies {
        let step = |blend| {
            let options = InpaintOptions {
                strategy,
                blend,
                ..InpaintOptions::default()
            };
            let outcome = inpaint(
                &mut Negative::new(LAMA),
                None,
                &image,
                &mask,
                &options,
                &Unmonitored,
            )
            .unwrap();
            step_at_the_border(&outcome.image, &mask)
        };
        assert!(step(false) > 50, "{strategy:?}");
        assert!(step(true) <= 3, "{strategy:?}: {}", step(true));
    }
}
