//! Limits on the size of a forward pass: regions that exceed them run scaled down.

mod common;

use common::{LAMA, Negative, hole, options, pattern};
use iopaint_inpaint::{ForwardError, HdStrategy, InpaintError, InpaintOptions, Unmonitored, inpaint};

#[test]
fn region_over_the_limit_is_scaled() {
    let (image, mask) = (pattern(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let limited = InpaintOptions {
        strategy: HdStrategy::Original,
        max_forward_pixels: 80 * 40,
        ..InpaintOptions::default()
    };
    let mut model = Negative::new(LAMA);
    let outcome = inpaint(&mut model, None, &image, &mask, &limited, &Unmonitored).unwrap();
    assert!(outcome.scaled);
    assert_eq!(model.sizes, [(80, 40)]);
    let changed = |x, y| image.get_pixel(x, y) != outcome.image.get_pixel(x, y);
    assert!(changed(75, 35));
    assert!((0..160).all(|x| !changed(x, 19) && !changed(x, 50)));
}

#[test]
fn models_limit_applies() {
    let (image, mask) = (pattern(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let mut model = Negative::new(LAMA);
    model.max_forward_pixels = Some(40 * 24);
    let outcome = inpaint(
        &mut model,
        None,
        &image,
        &mask,
        &InpaintOptions::default(),
        &Unmonitored,
    )
    .unwrap();
    assert!(outcome.scaled);
    assert!(
        model
            .sizes
            .iter()
            .all(|(width, height)| width * height <= 40 * 24)
    );
}

#[test]
fn requested_scaling_is_not_reported() {
    let (image, mask) = (pattern(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let mut model = Negative::new(LAMA);
    let strategy = HdStrategy::Resize { limit: 64 };
    let outcome = inpaint(&mut model, None, &image, &mask, &options(strategy), &Unmonitored).unwrap();
    assert!(!outcome.scaled);
    assert_eq!(model.sizes, [(64, 32)]);
}

#[test]
fn out_of_memory_retries_at_a_quarter() {
    let (image, mask) = (pattern(256, 128), hole(256, 128, &[(40, 40, 60, 30)]));
    let mut model = Negative {
        memory: 128 * 64,
        ..Negative::new(LAMA)
    };
    let options = options(HdStrategy::Original);
    let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
    assert_eq!(model.sizes, [(256, 128), (128, 64)]);
    assert!(outcome.scaled);
    assert_eq!(outcome.image.dimensions(), (256, 128));
    assert_eq!(outcome.image.get_pixel(0, 0), image.get_pixel(0, 0));

    model.memory = 100;
    model.sizes.clear();
    let error = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap_err();
    assert!(
        matches!(error, InpaintError::Forward(ForwardError::OutOfMemory(_))),
        "{error}"
    );
    assert_eq!(model.sizes, [(256, 128), (128, 64)]);
}
