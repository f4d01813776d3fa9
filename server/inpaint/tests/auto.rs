//! The strategy `Auto`, with a model and a detail restorer without weights.

use iopaint_imaging::{Coverage, Mask, RgbImage};
use iopaint_inpaint::{
    Context, Detail, ForwardError, HdStrategy, InpaintError, InpaintOptions, InpaintOutput, Inpainter,
    Monitor, Padding, Stop, Unmonitored, Window, inpaint,
};
use proptest::prelude::*;

/// A model that fills the hole with one colour and records its inputs.
#[derive(Default)]
struct Painter {
    window: Option<Window>,
    /// The largest input in pixels that doesn't run out of memory; 0 means unlimited.
    memory: u32,
    inputs: Vec<ForwardInput>,
}

/// A recorded input of a forward pass.
struct ForwardInput {
    size: (u32, u32),
    hole_pixels: usize,
    /// Pixels outside the hole that an earlier forward pass painted.
    painted_pixels: usize,
}

const PAINT: [u8; 3] = [200, 10, 10];

impl Inpainter for Painter {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 8,
            min_size: 16,
            square: false,
        }
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let known = image.pixels().zip(mask.values()).filter(|(_, mask)| **mask == 0);
        self.inputs.push(ForwardInput {
            size: image.dimensions(),
            hole_pixels: mask.values().iter().filter(|value| **value > 0).count(),
            painted_pixels: known.filter(|(pixel, _)| pixel.0 == PAINT).count(),
        });
        if self.memory > 0 && image.width() * image.height() > self.memory {
            return Err(ForwardError::OutOfMemory("simulated".into()));
        }
        let mut out = image.clone();
        for (pixel, _) in out.pixels_mut().zip(mask.values()).filter(|(_, mask)| **mask > 0) {
            *pixel = PAINT.into();
        }
        Ok(out)
    }
}

/// Enlarges by repeating pixels, one level brighter, so that restored pixels can be distinguished.
struct NearestNeighbour;

impl Detail for NearestNeighbour {
    fn restore(
        &self,
        image: &RgbImage,
        hole: &Mask,
        small: &RgbImage,
        halvings: u32,
        _: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop> {
        assert_eq!(small.width(), image.width().div_ceil(1 << halvings));
        assert_eq!(small.height(), image.height().div_ceil(1 << halvings));
        let mut out = image.clone();
        for (x, y, pixel) in out.enumerate_pixels_mut() {
            if hole.is_hole(x, y) {
                *pixel = small
                    .get_pixel(x >> halvings, y >> halvings)
                    .0
                    .map(|value| value + 1)
                    .into();
            }
        }
        Ok(Some(out))
    }
}

fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        [(x % 100) as u8, (y % 100) as u8, 90].into()
    })
}

fn mask(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> Coverage {
    Mask::from_fn(width, height, hole).into_coverage()
}

fn disc(centre: (u32, u32), radius: u32) -> impl Fn(u32, u32) -> bool {
    move |x, y| x.abs_diff(centre.0).pow(2) + y.abs_diff(centre.1).pow(2) < radius.pow(2)
}

fn auto() -> InpaintOptions {
    InpaintOptions {
        strategy: HdStrategy::Auto,
        ..InpaintOptions::default()
    }
}

fn run(model: &mut Painter, mask: &Coverage, options: &InpaintOptions) -> InpaintOutput {
    let image = photo(mask.width(), mask.height());
    let outcome = inpaint(
        model,
        Some(&NearestNeighbour),
        &image,
        mask,
        options,
        &Unmonitored,
    );
    outcome.unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn deep_hole_runs_scaled_with_detail_restored() {
    let mut model = Painter::default();
    let out = run(&mut model, &mask(2000, 1600, disc((1000, 800), 300)), &auto());
    let [input] = &model.inputs[..] else {
        panic!("{} forwards", model.inputs.len())
    };
    assert!(input.size.0 <= 640 && input.size.1 <= 640, "{:?}", input.size);
    assert!(input.hole_pixels * 2 < (input.size.0 * input.size.1) as usize);
    assert_eq!(out.image.get_pixel(1000, 800).0, PAINT.map(|value| value + 1));
    assert!(!out.scaled);
}

#[test]
fn diagonal_wire_runs_in_pieces_that_see_earlier_ones() {
    let mut model = Painter::default();
    let out = run(
        &mut model,
        &mask(2400, 1800, |x, y| (3 * x).abs_diff(4 * y) < 24),
        &auto(),
    );
    assert!(model.inputs.len() > 2 && !out.scaled);
    assert!(model.inputs.iter().skip(1).all(|input| input.painted_pixels > 0));
    assert!((0..1800).all(|y| out.image.get_pixel(4 * y / 3, y).0 == PAINT));
}

#[test]
fn out_of_memory_retries_at_a_quarter() {
    let mask = mask(2000, 1600, disc((1000, 800), 100));
    let image = photo(2000, 1600);
    let run = |memory| {
        let mut model = Painter {
            memory,
            ..Painter::default()
        };
        let result = inpaint(
            &mut model,
            Some(&NearestNeighbour),
            &image,
            &mask,
            &auto(),
            &Unmonitored,
        );
        (result, model.inputs.len())
    };
    let (filled, forwards) = run(256 * 256);
    assert!(filled.unwrap().scaled && forwards == 2);
    let (failed, forwards) = run(64 * 64);
    assert!(matches!(failed, Err(InpaintError::Forward(ForwardError::OutOfMemory(_)))) && forwards == 2);
}

#[test]
fn deep_hole_without_detail_stays_soft() {
    let mask = mask(1200, 1200, disc((600, 600), 200));
    let image = photo(1200, 1200);
    let out = inpaint(
        &mut Painter::default(),
        None,
        &image,
        &mask,
        &auto(),
        &Unmonitored,
    )
    .unwrap();
    assert_eq!(out.image.get_pixel(600, 600).0, PAINT);
}

#[test]
fn window_overrides_auto() {
    let window = Some(Window {
        side: 512,
        margin: 128,
    });
    let mask = mask(2000, 1600, disc((1000, 800), 300));
    let sizes = |strategy| {
        let mut model = Painter {
            window,
            ..Painter::default()
        };
        run(
            &mut model,
            &mask,
            &InpaintOptions {
                strategy,
                ..InpaintOptions::default()
            },
        );
        model.inputs.iter().map(|input| input.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(HdStrategy::Auto), sizes(HdStrategy::default()));
}

#[test]
fn unmasked_pixels_of_the_model_use_the_default() {
    let mask = mask(1500, 1000, disc((700, 500), 200));
    let run = |strategy| {
        let options = InpaintOptions {
            strategy,
            keep_unmasked: false,
            ..InpaintOptions::default()
        };
        run(&mut Painter::default(), &mask, &options).image
    };
    assert_eq!(run(HdStrategy::Auto), run(HdStrategy::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hole_changes_and_nothing_else(
        (width, height) in (1_u32..1300, 1_u32..1300),
        dots in prop::collection::vec((0_u32..1300, 0_u32..1300, 1_u32..260), 0..5),
        blend in any::<bool>(),
    ) {
        let mask = mask(width, height, |x, y| dots.iter().any(|(u, v, radius)| disc((*u, *v), *radius)(x, y)));
        let out = run(&mut Painter::default(), &mask, &InpaintOptions { blend, ..auto() });
        let before = photo(width, height);
        for ((before, after), mask) in before.pixels().zip(out.image.pixels()).zip(mask.values()) {
            if *mask == 0 {
                prop_assert_eq!(before, after);
            } else if !blend {
                prop_assert!(after.0[0] >= PAINT[0]);
            }
        }
    }
}
