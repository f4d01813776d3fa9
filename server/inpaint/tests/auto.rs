//! What the strategy `Auto` promises for any image and mask, with made-up models.

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{
    Context, Detail, ForwardError, HdStrategy, InpaintError, InpaintOutput, Inpainter, Monitor, Options,
    Padding, Stop, Unmonitored, Window, inpaint,
};
use proptest::prelude::*;

/// Paints the hole in one colour, and remembers what it saw.
#[derive(Default)]
struct Painter {
    window: Option<Window>,
    /// Pixels of the largest forward that there is memory for; 0: any.
    memory: u32,
    seen: Vec<Seen>,
}

struct Seen {
    size: (u32, u32),
    hole: usize,
    /// Pixels outside the hole that this model painted before.
    own: usize,
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
        mask: &GrayImage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let known = image
            .pixels()
            .zip(mask.pixels())
            .filter(|(_, mask)| mask.0[0] == 0);
        self.seen.push(Seen {
            size: image.dimensions(),
            hole: mask.as_raw().iter().filter(|value| **value > 0).count(),
            own: known.filter(|(pixel, _)| pixel.0 == PAINT).count(),
        });
        if self.memory > 0 && image.width() * image.height() > self.memory {
            return Err(ForwardError::OutOfMemory("made up".into()));
        }
        let mut out = image.clone();
        for (pixel, _) in out
            .pixels_mut()
            .zip(mask.pixels())
            .filter(|(_, mask)| mask.0[0] > 0)
        {
            *pixel = PAINT.into();
        }
        Ok(out)
    }
}

/// Enlarges by repeating pixels, a shade brighter, so that it can be told.
struct Repeat;

impl Detail for Repeat {
    fn restore(
        &self,
        image: &RgbImage,
        hole: &GrayImage,
        small: &RgbImage,
        halvings: u32,
        _: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop> {
        assert_eq!(small.width(), image.width().div_ceil(1 << halvings));
        assert_eq!(small.height(), image.height().div_ceil(1 << halvings));
        let mut out = image.clone();
        for (x, y, pixel) in out.enumerate_pixels_mut() {
            if hole.get_pixel(x, y).0[0] > 0 {
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

fn mask(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| [if hole(x, y) { 255 } else { 0 }].into())
}

fn disc(centre: (u32, u32), radius: u32) -> impl Fn(u32, u32) -> bool {
    move |x, y| x.abs_diff(centre.0).pow(2) + y.abs_diff(centre.1).pow(2) < radius.pow(2)
}

fn auto() -> Options {
    Options {
        strategy: HdStrategy::Auto,
        ..Options::default()
    }
}

fn run(model: &mut Painter, mask: &GrayImage, options: &Options) -> InpaintOutput {
    let image = photo(mask.width(), mask.height());
    let outcome = inpaint(model, Some(&Repeat), &image, mask, options, &Unmonitored);
    outcome.unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn a_deep_hole_runs_scaled_down_and_gets_its_detail_back() {
    let mut model = Painter::default();
    let out = run(&mut model, &mask(2000, 1600, disc((1000, 800), 300)), &auto());
    let [seen] = &model.seen[..] else {
        panic!("{} forwards", model.seen.len())
    };
    assert!(seen.size.0 <= 640 && seen.size.1 <= 640, "{:?}", seen.size);
    assert!(seen.hole * 2 < (seen.size.0 * seen.size.1) as usize);
    assert_eq!(out.image.get_pixel(1000, 800).0, PAINT.map(|value| value + 1));
    assert!(!out.scaled);
}

#[test]
fn a_wire_runs_at_its_own_size_and_each_piece_sees_what_was_filled_before() {
    let mut model = Painter::default();
    let out = run(
        &mut model,
        &mask(2000, 900, |_, y| (450..456).contains(&y)),
        &auto(),
    );
    assert!(model.seen.len() > 3 && !out.scaled);
    assert!(model.seen.iter().skip(1).all(|seen| seen.own > 0));
    assert!((0..2000).all(|x| out.image.get_pixel(x, 452).0 == PAINT));
}

#[test]
fn memory_that_runs_out_is_answered_once_with_a_quarter_of_the_pixels() {
    let mask = mask(2000, 1600, disc((1000, 800), 100));
    let image = photo(2000, 1600);
    let run = |memory| {
        let mut model = Painter {
            memory,
            ..Painter::default()
        };
        let result = inpaint(&mut model, Some(&Repeat), &image, &mask, &auto(), &Unmonitored);
        (result, model.seen.len())
    };
    let (filled, forwards) = run(256 * 256);
    assert!(filled.unwrap().scaled && forwards == 2);
    let (failed, forwards) = run(64 * 64);
    assert!(matches!(failed, Err(InpaintError::Forward(ForwardError::OutOfMemory(_)))) && forwards == 2);
}

#[test]
fn without_detail_a_deep_hole_is_filled_smoothly() {
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
fn a_model_with_a_window_of_its_own_picks_its_regions_itself() {
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
            &Options {
                strategy,
                ..Options::default()
            },
        );
        model.seen.iter().map(|seen| seen.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(HdStrategy::Auto), sizes(HdStrategy::default()));
}

#[test]
fn where_pixels_outside_the_hole_are_not_kept_it_is_the_default_strategy() {
    let mask = mask(1500, 1000, disc((700, 500), 200));
    let run = |strategy| {
        let options = Options {
            strategy,
            keep_unmasked: false,
            ..Options::default()
        };
        run(&mut Painter::default(), &mask, &options).image
    };
    assert_eq!(run(HdStrategy::Auto), run(HdStrategy::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_whole_hole_changes_and_nothing_else(
        (width, height) in (1_u32..1300, 1_u32..1300),
        dots in prop::collection::vec((0_u32..1300, 0_u32..1300, 1_u32..260), 0..5),
        blend in any::<bool>(),
    ) {
        let mask = mask(width, height, |x, y| dots.iter().any(|(u, v, radius)| disc((*u, *v), *radius)(x, y)));
        let out = run(&mut Painter::default(), &mask, &Options { blend, ..auto() });
        let before = photo(width, height);
        for ((before, after), mask) in before.pixels().zip(out.image.pixels()).zip(mask.pixels()) {
            if mask.0[0] == 0 {
                prop_assert_eq!(before, after);
            } else if !blend {
                prop_assert!(after.0[0] >= PAINT[0]);
            }
        }
    }
}
