//! The promises of the selection, with a network whose saliency is a function of the pixels.

use std::ops::ControlFlow;

use image::Rgb;
use iopaint_imaging::{Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor, Stop, Unmonitored};
use proptest::prelude::*;

use super::*;
use crate::{Framing, OutputScale, SampleScale, Tensor};

/// Side of the network's input and output, in pixels.
const SIDE: u32 = 64;
/// Without normalisation: the input is in 0 to 1, and so is the output.
const SPEC: SaliencySpec = SaliencySpec {
    side: SIDE,
    framing: Framing::Lanczos,
    mean: [0.0; 3],
    std: [1.0; 3],
    samples: SampleScale::Full,
    output: OutputScale::Sigmoid,
};

/// Red and blue are salient; counts the passes.
#[derive(Default)]
struct Colourful {
    passes: usize,
}

impl Network for Colourful {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        self.passes += 1;
        let plane = (SIDE * SIDE) as usize;
        let (red, blue) = (&input.values()[..plane], &input.values()[2 * plane..]);
        let logits = red.iter().zip(blue).map(|(r, b)| 30.0 * (r.max(*b) - 0.5));
        let output = Tensor::new(vec![1, 1, SIDE as usize, SIDE as usize], logits.collect());
        output
            .map(|output| vec![output])
            .map_err(|error| ForwardError::Failed(error.to_string()))
    }
}

/// Returns true in the left of two squares of 60 pixels.
fn in_left(x: u32, y: u32) -> bool {
    (40..100).contains(&x) && (70..130).contains(&y)
}

/// Returns true in the right square.
fn in_right(x: u32, y: u32) -> bool {
    (180..240).contains(&x) && (70..130).contains(&y)
}

/// A red and a blue square on dark green, 300 x 200 pixels, with a grey patch, which isn't salient, in the
/// upper left.
fn two_squares() -> RgbImage {
    RgbImage::from_fn(300, 200, |x, y| {
        if in_left(x, y) {
            Rgb([230, 20, 10])
        } else if in_right(x, y) {
            Rgb([10, 20, 230])
        } else if x < 20 && y < 20 {
            Rgb([90, 90, 90])
        } else {
            Rgb([5, 60, 20])
        }
    })
}

fn click(x: u32, y: u32, positive: bool) -> Click {
    Click { x, y, positive }
}

fn clicks(clicks: &[Click]) -> Prompt {
    Prompt {
        clicks: clicks.to_vec(),
        area: None,
    }
}

fn run(image: &RgbImage, prompt: &Prompt) -> Selection {
    let mut maps = SaliencyMaps::default();
    select(
        &mut Colourful::default(),
        &SPEC,
        image,
        prompt,
        &mut maps,
        &Unmonitored,
    )
    .unwrap()
}

/// Returns the intersection over union of the selection and the pixels of `expected`.
fn iou(selection: &Selection, expected: impl Fn(u32, u32) -> bool) -> f32 {
    let gray = selection.coverage.as_gray();
    let (mut both, mut either) = (0.0, 0.0);
    for (x, y, pixel) in gray.enumerate_pixels() {
        let (selected, expected) = (pixel.0[0] > 127, expected(x, y));
        both += f32::from(selected && expected);
        either += f32::from(selected || expected);
    }
    both / either
}

#[test]
fn no_prompt_selects_all_salient_pixels() {
    let selection = run(&two_squares(), &Prompt::default());
    assert!(iou(&selection, |x, y| in_left(x, y) || in_right(x, y)) > 0.95);
    assert!(selection.confidence > 0.9);
}

#[test]
fn click_selects_the_object_under_it() {
    let selection = run(&two_squares(), &clicks(&[click(70, 100, true)]));
    assert!(iou(&selection, in_left) > 0.95);
}

#[test]
fn second_click_adds() {
    let selection = run(
        &two_squares(),
        &clicks(&[click(70, 100, true), click(200, 90, true)]),
    );
    assert!(iou(&selection, |x, y| in_left(x, y) || in_right(x, y)) > 0.95);
}

#[test]
fn negative_click_removes_an_object() {
    let area = Some(Area::Box(Rect::whole((300, 200))));
    for area in [area, None] {
        let prompt = Prompt {
            clicks: vec![click(210, 100, false)],
            area,
        };
        assert!(iou(&run(&two_squares(), &prompt), in_left) > 0.95);
    }
}

#[test]
fn box_restricts() {
    let area = Rect {
        x: 30,
        y: 60,
        width: 80,
        height: 80,
    };
    let prompt = Prompt {
        clicks: vec![],
        area: Some(Area::Box(area)),
    };
    let selection = run(&two_squares(), &prompt);
    assert!(iou(&selection, in_left) > 0.95);
    assert!(selection.coverage.bounding_box().unwrap().x > 25);
}

#[test]
fn lasso_restricts() {
    let corners = vec![(160.0, 100.0), (210.0, 50.0), (260.0, 100.0), (210.0, 150.0)];
    let prompt = Prompt {
        clicks: vec![],
        area: Some(Area::Lasso(corners)),
    };
    let selection = run(&two_squares(), &prompt);
    assert!(selection.coverage.get(210, 100) > 127);
    assert_eq!(selection.coverage.get(70, 100), 0);
}

#[test]
fn empty_background_falls_back_to_colour() {
    let selection = run(&two_squares(), &clicks(&[click(10, 10, true)]));
    assert!(iou(&selection, |x, y| x < 20 && y < 20) > 0.8);
    assert!(selection.confidence.abs() < f32::EPSILON);
}

#[test]
fn box_without_object_is_selected_whole() {
    let area = Rect {
        x: 120,
        y: 10,
        width: 40,
        height: 30,
    };
    let prompt = Prompt {
        clicks: vec![],
        area: Some(Area::Box(area)),
    };
    let selection = run(&two_squares(), &prompt);
    assert!(selection.coverage.get(140, 25) > 127);
}

#[test]
fn clicks_beyond_the_image_are_moved_into_it() {
    let image = two_squares();
    let selection = run(&image, &clicks(&[click(u32::MAX, u32::MAX, true)]));
    assert_eq!(selection.coverage.get(299, 199), 255);
}

#[test]
fn latest_click_on_a_pixel_counts() {
    let image = two_squares();
    for positive in [false, true] {
        let both = [click(70, 100, !positive), click(70, 100, positive)];
        assert_eq!(run(&image, &clicks(&both)).coverage.get(70, 100) > 127, positive);
    }
}

#[test]
fn area_outside_the_image_is_an_error() {
    let area = Area::Box(Rect {
        x: 300,
        y: 0,
        width: 5,
        height: 5,
    });
    let prompt = Prompt {
        clicks: vec![],
        area: Some(area),
    };
    let mut maps = SaliencyMaps::default();
    let result = select(
        &mut Colourful::default(),
        &SPEC,
        &two_squares(),
        &prompt,
        &mut maps,
        &Unmonitored,
    );
    assert!(matches!(result, Err(SelectionError::EmptyArea)));
}

#[test]
fn kept_maps_save_passes() {
    let (image, mut network, mut maps) = (two_squares(), Colourful::default(), SaliencyMaps::default());
    let prompt = clicks(&[click(70, 100, true)]);
    let first = select(&mut network, &SPEC, &image, &prompt, &mut maps, &Unmonitored).unwrap();
    let passes = network.passes;
    assert!((1..=PASSES_PER_CLICK).contains(&passes));
    let second = select(&mut network, &SPEC, &image, &prompt, &mut maps, &Unmonitored).unwrap();
    assert_eq!(first, second);
    assert_eq!((network.passes, maps.passes()), (passes, passes));
}

#[test]
fn box_takes_one_pass() {
    let (mut network, mut maps) = (Colourful::default(), SaliencyMaps::default());
    let area = Area::Box(Rect {
        x: 30,
        y: 60,
        width: 80,
        height: 80,
    });
    let prompt = Prompt {
        clicks: vec![],
        area: Some(area),
    };
    select(
        &mut network,
        &SPEC,
        &two_squares(),
        &prompt,
        &mut maps,
        &Unmonitored,
    )
    .unwrap();
    assert_eq!(network.passes, 1);
}

/// Stops before the pass with index `after`.
struct StopsAt(usize);

impl Monitor for StopsAt {
    fn crop(&self, done: usize, _: usize) -> ControlFlow<Stop> {
        if done >= self.0 {
            ControlFlow::Break(Stop::Cancelled)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn step(&self, _: usize, _: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}

#[test]
fn monitor_stops_between_passes() {
    for after in [0, 1] {
        let (mut network, mut maps) = (Colourful::default(), SaliencyMaps::default());
        let prompt = clicks(&[click(70, 100, true)]);
        let result = select(
            &mut network,
            &SPEC,
            &two_squares(),
            &prompt,
            &mut maps,
            &StopsAt(after),
        );
        let stopped = ForwardError::Stopped(Stop::Cancelled);
        assert_eq!(result.unwrap_err().to_string(), stopped.to_string());
        assert_eq!(network.passes, after);
    }
}

/// The network marks two thirds of the object; the colours complete it.
#[test]
fn box_includes_the_part_that_the_network_misses() {
    let in_object = |x: u32, y: u32| (100..200).contains(&x) && (60..140).contains(&y);
    let image = RgbImage::from_fn(300, 200, |x, y| match (in_object(x, y), x < 165) {
        (true, true) => Rgb([230, 20, 10]),
        (true, false) => Rgb([90, 250, 40]),
        (false, _) => Rgb([5, 60, 20]),
    });
    let prompt = Prompt {
        clicks: Vec::new(),
        area: Some(Area::Box(Rect {
            x: 97,
            y: 57,
            width: 106,
            height: 86,
        })),
    };
    assert!(iou(&run(&image, &prompt), in_object) > 0.95);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn clicks_act_and_sizes_match(
        (width, height) in (1_u32..70, 1_u32..70),
        seed in 0_u32..1000,
        points in prop::collection::vec((0_u32..80, 0_u32..80, any::<bool>()), 0..4),
        area in prop::option::of((0_u32..60, 0_u32..60, 0_u32..60, 0_u32..60)),
        is_lasso: bool,
    ) {
        let cell = |x: u32, y: u32| x / 5 * 7919 + y / 5 * 104_729 + seed;
        let noise = |x, y| cell(x, y).wrapping_mul(2_654_435_761) >> 24;
        let image = RgbImage::from_fn(width, height, |x, y| Rgb([noise(x, y) as u8, 90, noise(y, x) as u8]));
        let points: Vec<Click> = points.iter().map(|&(x, y, positive)| click(x, y, positive)).collect();
        let area = area.map(|(x, y, width, height)| if is_lasso {
            Area::Lasso(vec![(x as f32, y as f32), (width as f32, y as f32), (20.0, height as f32)])
        } else {
            Area::Box(Rect { x, y, width, height })
        });
        let prompt = Prompt { clicks: points.clone(), area };
        let mut maps = SaliencyMaps::default();
        let result = select(&mut Colourful::default(), &SPEC, &image, &prompt, &mut maps, &Unmonitored);
        if let Ok(selection) = result {
            prop_assert_eq!(selection.coverage.dimensions(), (width, height));
            prop_assert!((0.0..=1.0).contains(&selection.confidence));
            for (index, point) in points.iter().enumerate() {
                let point = point.clamped(width, height);
                let same = |other: &Click| (other.x, other.y) == (point.x, point.y);
                if !points[index + 1..].iter().any(|other| same(&other.clamped(width, height))) {
                    prop_assert_eq!(selection.coverage.get(point.x, point.y) > 127, point.positive);
                }
            }
        } else {
            prop_assert!(prompt.area.is_some());
        }
    }
}
