//! What the pipeline promises for any image and mask, with made-up models.

use std::{cell::RefCell, ops::ControlFlow};

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{
    Context, ForwardError, HdStrategy, InpaintError, Inpainter, Monitor, Options, Padding, Stop, Unmonitored,
    Window, changed_box, inpaint,
};
use proptest::prelude::*;

/// Turns every pixel into its negative and remembers the sizes that it saw.
struct Negative {
    padding: Padding,
    window: Option<Window>,
    max_forward_pixels: Option<u64>,
    /// The pixels for which its memory is enough.
    memory: u64,
    sizes: Vec<(u32, u32)>,
}

const LAMA: Padding = Padding {
    modulo: 8,
    min_size: 16,
    square: false,
};

impl Negative {
    fn new(padding: Padding) -> Self {
        Self {
            padding,
            window: None,
            max_forward_pixels: None,
            memory: u64::MAX,
            sizes: Vec::new(),
        }
    }
}

impl Inpainter for Negative {
    fn padding(&self) -> Padding {
        self.padding
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn max_forward_pixels(&self) -> Option<u64> {
        self.max_forward_pixels
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        assert_eq!(image.dimensions(), mask.dimensions());
        self.sizes.push(image.dimensions());
        if u64::from(image.width()) * u64::from(image.height()) > self.memory {
            return Err(ForwardError::OutOfMemory("too large".into()));
        }
        let mut out = image.clone();
        out.iter_mut().for_each(|value| *value = 255 - *value);
        Ok(out)
    }
}

fn checked(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        [(x * 7) as u8, (y * 5) as u8, ((x ^ y) * 3) as u8].into()
    })
}

fn hole(width: u32, height: u32, boxes: &[(u32, u32, u32, u32)]) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let inside = |&(left, top, w, h): &(u32, u32, u32, u32)| {
            (left..left + w).contains(&x) && (top..top + h).contains(&y)
        };
        [if boxes.iter().any(inside) { 255 } else { 0 }].into()
    })
}

fn options(strategy: HdStrategy) -> Options {
    Options {
        strategy,
        ..Options::default()
    }
}

/// Stops before the forward with this number and remembers what it was told.
#[derive(Default)]
struct StopAt {
    at: Option<usize>,
    told: RefCell<Vec<(usize, usize)>>,
}

impl Monitor for StopAt {
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        self.told.borrow_mut().push((done, total));
        if self.at == Some(done) {
            ControlFlow::Break(Stop::Deadline)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn step(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Break(Stop::Cancelled)
    }
}

const TWO_PARTS: HdStrategy = HdStrategy::Crop {
    trigger: 100,
    margin: 8,
};

#[test]
fn a_window_sees_each_part_of_the_hole_whatever_the_strategy_says() {
    let mut model = Negative::new(Padding {
        modulo: 32,
        min_size: 32,
        square: true,
    });
    model.window = Some(Window { side: 32, margin: 8 });
    let (image, mask) = two_parts();
    for strategy in [HdStrategy::Original, TWO_PARTS, HdStrategy::Resize { limit: 10 }] {
        for keep_unmasked in [true, false] {
            let options = Options {
                keep_unmasked,
                ..options(strategy)
            };
            let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
            assert_eq!(std::mem::take(&mut model.sizes), [(32, 32), (32, 32)]);
            for ((before, after), mask) in image.pixels().zip(outcome.image.pixels()).zip(mask.pixels()) {
                let due = if mask.0 == [0] {
                    before.0
                } else {
                    before.0.map(|value| 255 - value)
                };
                assert_eq!(after.0, due);
            }
        }
    }
    let (image, mask) = (checked(32, 32), hole(32, 32, &[(4, 4, 20, 3), (8, 20, 2, 2)]));
    inpaint(&mut model, None, &image, &mask, &options(TWO_PARTS), &Unmonitored).unwrap();
    assert_eq!(model.sizes, [(32, 32)], "an image of its size runs whole");
    model.sizes.clear();
    let (image, mask) = (checked(300, 80), hole(300, 80, &[(20, 20, 200, 30)]));
    inpaint(&mut model, None, &image, &mask, &options(TWO_PARTS), &Unmonitored).unwrap();
    assert_eq!(model.sizes, [(32, 32)], "a large part is scaled down");
}

fn two_parts() -> (RgbImage, GrayImage) {
    let mask = hole(200, 60, &[(20, 20, 6, 6), (150, 30, 6, 6)]);
    (checked(200, 60), mask)
}

#[test]
fn the_monitor_hears_of_every_crop_before_it_runs() {
    let (image, mask) = two_parts();
    let monitor = StopAt::default();
    let mut model = Negative::new(LAMA);
    let outcome = inpaint(&mut model, None, &image, &mask, &options(TWO_PARTS), &monitor).unwrap();
    assert_eq!(*monitor.told.borrow(), [(0, 2), (1, 2)]);
    assert_eq!(outcome.crops, 2);
    assert_eq!(model.sizes, [(24, 24), (24, 24)]);
}

#[test]
fn a_stopped_run_starts_no_further_forward() {
    let (image, mask) = two_parts();
    let monitor = StopAt {
        at: Some(1),
        ..StopAt::default()
    };
    let mut model = Negative::new(LAMA);
    let error = inpaint(&mut model, None, &image, &mask, &options(TWO_PARTS), &monitor).unwrap_err();
    assert_eq!(error, InpaintError::Stopped(Stop::Deadline));
    assert_eq!(model.sizes.len(), 1);
}

#[test]
fn an_empty_mask_needs_no_forward_unless_everything_is_the_models() {
    let (image, mask) = (checked(40, 30), GrayImage::new(40, 30));
    let mut model = Negative::new(LAMA);
    let outcome = inpaint(&mut model, None, &image, &mask, &Options::default(), &Unmonitored).unwrap();
    assert_eq!((outcome.crops, model.sizes.len()), (0, 0));
    assert_eq!(outcome.image, image);
    let all = Options {
        keep_unmasked: false,
        ..Options::default()
    };
    let outcome = inpaint(&mut model, None, &image, &mask, &all, &Unmonitored).unwrap();
    let negative = image
        .iter()
        .zip(outcome.image.iter())
        .all(|(a, b)| *a == 255 - *b);
    assert!(negative);
}

#[test]
fn a_region_over_the_limit_runs_scaled_down_and_says_so() {
    let (image, mask) = (checked(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let limited = Options {
        strategy: HdStrategy::Original,
        max_forward_pixels: 80 * 40,
        ..Options::default()
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
fn a_models_own_limit_counts_as_well() {
    let (image, mask) = (checked(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let mut model = Negative::new(LAMA);
    model.max_forward_pixels = Some(40 * 24);
    let outcome = inpaint(&mut model, None, &image, &mask, &Options::default(), &Unmonitored).unwrap();
    assert!(outcome.scaled);
    assert!(
        model
            .sizes
            .iter()
            .all(|(width, height)| width * height <= 40 * 24)
    );
}

#[test]
fn an_asked_for_scaling_within_the_limit_is_not_reported() {
    let (image, mask) = (checked(160, 80), hole(160, 80, &[(60, 20, 30, 30)]));
    let mut model = Negative::new(LAMA);
    let strategy = HdStrategy::Resize { limit: 64 };
    let outcome = inpaint(&mut model, None, &image, &mask, &options(strategy), &Unmonitored).unwrap();
    assert!(!outcome.scaled);
    assert_eq!(model.sizes, [(64, 32)]);
}

#[test]
fn sizes_that_differ_or_are_empty_are_refused() {
    let mut model = Negative::new(LAMA);
    let mask = GrayImage::new(4, 5);
    let error = inpaint(
        &mut model,
        None,
        &checked(5, 4),
        &mask,
        &Options::default(),
        &Unmonitored,
    );
    let expected = InpaintError::SizeMismatch {
        image: (5, 4),
        mask: (4, 5),
    };
    assert_eq!(error.unwrap_err(), expected);
    let (image, mask) = (RgbImage::new(0, 3), GrayImage::new(0, 3));
    let error = inpaint(&mut model, None, &image, &mask, &Options::default(), &Unmonitored);
    assert_eq!(error.unwrap_err(), InpaintError::Empty);
}

/// A model that works in steps and heeds the monitor.
struct Stepping;

impl Inpainter for Stepping {
    fn padding(&self) -> Padding {
        LAMA
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        _: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        match context.monitor.step(0, 2) {
            ControlFlow::Break(stop) => Err(stop.into()),
            ControlFlow::Continue(()) => Ok(image.clone()),
        }
    }
}

#[test]
fn a_model_that_works_in_steps_is_stopped_within_a_forward() {
    let (image, mask) = two_parts();
    let monitor = StopAt::default();
    let error = inpaint(&mut Stepping, None, &image, &mask, &options(TWO_PARTS), &monitor);
    assert_eq!(error.unwrap_err(), InpaintError::Stopped(Stop::Cancelled));
}

/// A model that answers one pixel.
struct Shrinking;

impl Inpainter for Shrinking {
    fn padding(&self) -> Padding {
        LAMA
    }

    fn forward(&mut self, _: &RgbImage, _: &GrayImage, _: &Context<'_>) -> Result<RgbImage, ForwardError> {
        Ok(RgbImage::new(1, 1))
    }
}

#[test]
fn a_model_that_answers_another_size_is_an_error() {
    let mask = hole(20, 20, &[(2, 2, 3, 3)]);
    let result = inpaint(
        &mut Shrinking,
        None,
        &checked(20, 20),
        &mask,
        &Options::default(),
        &Unmonitored,
    );
    assert!(matches!(result, Err(InpaintError::Forward(_))));
}

/// A picture without edges.
fn smooth(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        [40 + (x / 4) as u8, 90, 60 + (y / 4) as u8].into()
    })
}

/// The largest step between neighbours on both sides of the hole's border, in any channel.
fn step_at_the_border(image: &RgbImage, mask: &GrayImage) -> u8 {
    let mut steps = Vec::new();
    for (x, y, own) in mask.enumerate_pixels() {
        for (u, v) in [(x + 1, y), (x, y + 1)] {
            if mask.get_pixel_checked(u, v).is_some_and(|other| other != own) {
                let (a, b) = (image.get_pixel(x, y).0, image.get_pixel(u, v).0);
                steps.extend(a.iter().zip(b).map(|(a, b)| a.abs_diff(b)));
            }
        }
    }
    steps.into_iter().max().unwrap_or(0)
}

#[test]
fn a_blended_filling_meets_the_picture_at_the_holes_border() {
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
            let options = Options {
                strategy,
                blend,
                ..Options::default()
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

/// Masks of random pixels, mostly empty, mostly full or between, with soft values among them.
fn masks() -> impl Strategy<Value = GrayImage> {
    let value = prop_oneof![Just(0_u8), Just(255), any::<u8>()];
    (1..60_u32, 1..60_u32, 0..100_u32, any::<u64>(), value).prop_map(|(width, height, share, seed, other)| {
        let mut state = seed | 1;
        GrayImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let drawn = (state >> 33) as u32;
            let value = if drawn % 100 < share { 255 } else { 0 };
            [if drawn.is_multiple_of(7) && other != 0 {
                other
            } else {
                value
            }]
            .into()
        })
    })
}

proptest! {
    #[test]
    fn any_mask_and_options_give_an_image_of_the_same_size_with_the_same_pixels_outside_the_hole(
        mask in masks(), strategy in strategies(), padding in paddings(),
        max_forward_pixels in prop_oneof![Just(u64::MAX), 0..3000_u64], blend in any::<bool>(),
    ) {
        let image = checked(mask.width(), mask.height());
        let options = Options { strategy, blend, max_forward_pixels, ..Options::default() };
        let mut model = Negative::new(padding);
        let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored).unwrap();
        prop_assert_eq!(outcome.image.dimensions(), image.dimensions());
        prop_assert_eq!(outcome.crops, model.sizes.len());
        let pixels = image.pixels().zip(outcome.image.pixels()).zip(mask.pixels());
        for ((before, after), mask) in pixels {
            prop_assert!(mask.0 != [0] || before == after);
        }
        for (x, y, after) in outcome.image.enumerate_pixels() {
            let area = changed_box(&mask);
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
    fn a_hole_of_255_is_filled_whole_whatever_runs(
        mask in masks(), margin in 1..80_u32, trigger in 0..50_u32, padding in paddings(),
    ) {
        let image = checked(mask.width(), mask.height());
        let strategy = HdStrategy::Crop { trigger, margin };
        let mut model = Negative::new(padding);
        let outcome = inpaint(&mut model, None, &image, &mask, &options(strategy), &Unmonitored).unwrap();
        let pixels = image.pixels().zip(outcome.image.pixels()).zip(mask.pixels());
        for ((before, after), _) in pixels.filter(|(_, mask)| mask.0 == [255]) {
            prop_assert_eq!(before.0.map(|value| 255 - value), after.0);
        }
    }

    #[test]
    fn nothing_panics_where_the_model_gives_every_pixel(
        mask in masks(), strategy in strategies(), padding in paddings(), max_forward_pixels in 0..3000_u64,
        blend in any::<bool>(),
    ) {
        let image = checked(mask.width(), mask.height());
        let options = Options { strategy, keep_unmasked: false, blend, max_forward_pixels, ..Options::default() };
        let outcome = inpaint(&mut Negative::new(padding), None, &image, &mask, &options, &Unmonitored).unwrap();
        prop_assert_eq!(outcome.image.dimensions(), image.dimensions());
    }
}

#[test]
fn memory_that_runs_out_is_answered_once_with_a_quarter_of_the_pixels() {
    let (image, mask) = (checked(256, 128), hole(256, 128, &[(40, 40, 60, 30)]));
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
