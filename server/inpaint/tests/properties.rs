//! Properties of the pipeline for random masks and options.

mod common;

use common::{Negative, options, pattern};
use iopaint_imaging::{Coverage, GrayImage};
use iopaint_inpaint::{HdStrategy, InpaintOptions, Padding, Unmonitored, inpaint};
use proptest::prelude::*;

fn strategies() -> impl Strategy<Value = HdStrategy> {
    let margin = prop_oneof![0..6_u32, 6..80_u32, Just(u32::MAX)];
    prop_oneof![
        Just(HdStrategy::Original),
        (0..50_u32).prop_map(|limit| HdStrategy::Resize { limit }),
        (0..50_u32, margin).prop_map(|(trigger, margin)| HdStrategy::Crop { trigger, margin }),
    ]
}

fn paddings() -> impl Strategy<Value = Padding> {
    (0..17_u32, 0..33_u32, any::<bool>()).prop_map(|(modulo, min_size, square)| Padding {
        modulo,
        min_size,
        square,
    })
}

/// Masks of random pixels, `share` percent of them hole, with soft values among them.
fn masks() -> impl Strategy<Value = Coverage> {
    let value = prop_oneof![Just(0_u8), Just(255), any::<u8>()];
    (1..60_u32, 1..60_u32, 0..100_u32, any::<u64>(), value).prop_map(|(width, height, share, seed, other)| {
        let mut state = seed | 1;
        Coverage::new(GrayImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let drawn = (state >> 33) as u32;
            let value = if drawn % 100 < share { 255 } else { 0 };
            [if drawn.is_multiple_of(7) && other != 0 {
                other
            } else {
                value
            }]
            .into()
        }))
    })
}

proptest! {
    #[test]
    fn pixels_outside_the_hole_are_kept(
        mask in masks(), strategy in strategies(), padding in paddings(),
        max_forward_pixels in prop_oneof![Just(u64::MAX), 0..3000_u64], blend in any::<bool>(),
    ) {
        let image = pattern(mask.width(), mask.height());
        let options = InpaintOptions { strategy, blend, max_forward_pixels, ..InpaintOptions::default() };
        let mut model = Negative::new(padding);
        let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
        prop_assert_eq!(outcome.image.dimensions(), image.dimensions());
        prop_assert_eq!(outcome.crops, model.sizes.len());
        let pixels = image.pixels().zip(outcome.image.pixels()).zip(mask.values());
        for ((before, after), mask) in pixels {
            prop_assert!(*mask != 0 || before == after);
        }
        for (x, y, after) in outcome.image.enumerate_pixels() {
            let area = mask.bounding_box();
            let inside = area.is_some_and(|area| {
                (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y)
            });
            prop_assert!(inside || after == image.get_pixel(x, y));
        }
        let smallest = model.padding.modulo.max(1);
        for &(width, height) in &model.sizes {
            prop_assert!(width % smallest == 0 && height % smallest == 0);
            prop_assert!(width >= padding.min_size && height >= padding.min_size);
            prop_assert!(!padding.square || width == height);
        }
    }

    #[test]
    fn hole_of_255_is_filled_completely(
        mask in masks(), margin in 1..80_u32, trigger in 0..50_u32, padding in paddings(),
    ) {
        let image = pattern(mask.width(), mask.height());
        let strategy = HdStrategy::Crop { trigger, margin };
        let mut model = Negative::new(padding);
        let outcome = inpaint(&mut model, None, &image, &mask, &options(strategy), &Unmonitored).unwrap();
        let pixels = image.pixels().zip(outcome.image.pixels()).zip(mask.values());
        for ((before, after), _) in pixels.filter(|(_, mask)| **mask == 255) {
            prop_assert_eq!(before.0.map(|value| 255 - value), after.0);
        }
    }

    #[test]
    fn unmasked_pixels_of_the_model_do_not_panic(
        mask in masks(), strategy in strategies(), padding in paddings(), max_forward_pixels in 0..3000_u64,
        blend in any::<bool>(),
    ) {
        let image = pattern(mask.width(), mask.height());
        let options = InpaintOptions { strategy, keep_unmasked: false, blend, max_forward_pixels, ..InpaintOptions::default() };
        let outcome = inpaint(&mut Negative::new(padding), None, &image, &mask, &options, &Unmonitored).unwrap();
        prop_assert_eq!(outcome.image.dimensions(), image.dimensions());
    }
}
