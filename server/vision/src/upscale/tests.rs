//! Tests with networks that are functions of single pixels or small neighbourhoods.

use std::cell::RefCell;
use std::ops::ControlFlow;

use iopaint_inpaint::{Stop, Unmonitored};
use proptest::prelude::*;

use super::*;
use crate::Tensor;

/// Repeats each pixel, and adds the mean of a (2 `radius` + 1)-pixel square; outside the input are zeros, as
/// for convolutions.
struct Local {
    scale: usize,
    radius: i64,
    largest: usize,
}

impl Local {
    fn new(scale: usize, radius: i64) -> Self {
        Self {
            scale,
            radius,
            largest: 0,
        }
    }
}

impl Network for Local {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        let &[_, _, height, width] = input.shape() else {
            panic!("{:?}", input.shape());
        };
        self.largest = self.largest.max(height * width);
        let values = input.values();
        let pixel = |channel: usize, y: i64, x: i64| {
            let inside = (0..height as i64).contains(&y) && (0..width as i64).contains(&x);
            if inside {
                values[(channel * height + y as usize) * width + x as usize]
            } else {
                0.0
            }
        };
        let count = (2 * self.radius + 1).pow(2) as f32;
        let mut output = Vec::new();
        for channel in 0..3 {
            for y in 0..height * self.scale {
                for x in 0..width * self.scale {
                    let (y, x) = ((y / self.scale) as i64, (x / self.scale) as i64);
                    let mut sum = 0.0;
                    for dy in -self.radius..=self.radius {
                        for dx in -self.radius..=self.radius {
                            sum += pixel(channel, y + dy, x + dx);
                        }
                    }
                    output.push(f32::midpoint(pixel(channel, y, x), sum / count));
                }
            }
        }
        let shape = vec![1, 3, height * self.scale, width * self.scale];
        Ok(vec![Tensor::new(shape, output).unwrap()])
    }
}

fn image(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        [(x * 37 + y * 11) as u8, (x * y) as u8, (x ^ y) as u8].into()
    })
}

fn enlarged(network: &mut Local, image: &RgbImage, scale: f64, options: UpscaleOptions) -> RgbImage {
    let network_scale = network.scale as u32;
    upscale(network, network_scale, image, scale, options, &Unmonitored).unwrap()
}

fn tiled(tile: u32) -> UpscaleOptions {
    UpscaleOptions {
        tile,
        ..UpscaleOptions::default()
    }
}

fn largest_difference(left: &RgbImage, right: &RgbImage) -> u8 {
    assert_eq!(left.dimensions(), right.dimensions());
    let pairs = left.as_raw().iter().zip(right.as_raw());
    pairs.map(|(left, right)| left.abs_diff(*right)).max().unwrap()
}

#[test]
fn pixels_are_repeated() {
    let image = image(5, 3);
    let result = enlarged(&mut Local::new(4, 0), &image, 4.0, UpscaleOptions::default());
    assert_eq!(result.dimensions(), (20, 12));
    for (x, y, pixel) in result.enumerate_pixels() {
        assert_eq!(pixel, image.get_pixel(x / 4, y / 4));
    }
}

#[test]
fn tiles_have_no_seams() {
    let image = image(61, 43);
    let whole = enlarged(&mut Local::new(2, 5), &image, 2.0, UpscaleOptions::default());
    for tile in [16, 20, 44] {
        let result = enlarged(&mut Local::new(2, 5), &image, 2.0, tiled(tile));
        assert!(largest_difference(&whole, &result) <= 1, "{tile}");
    }
}

#[test]
fn values_are_clamped_and_rounded() {
    struct Constant(f32);
    impl Network for Constant {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            let (shape, values) = input.into_parts();
            Ok(vec![Tensor::new(shape, vec![self.0; values.len()]).unwrap()])
        }
    }
    for (value, expected) in [
        (-0.5, 0),
        (1.5, 255),
        (0.5, 128),
        (100.4 / 255.0, 100),
        (f32::NAN, 0),
    ] {
        let options = UpscaleOptions::default();
        let result = upscale(&mut Constant(value), 1, &image(3, 3), 1.0, options, &Unmonitored).unwrap();
        assert!(result.as_raw().iter().all(|pixel| *pixel == expected), "{value}");
    }
}

#[test]
fn limits_are_respected() {
    let image = image(100, 80);
    let mut network = Local::new(4, 1);
    let options = UpscaleOptions {
        max_forward_pixels: 40 * 40,
        ..UpscaleOptions::default()
    };
    let result = enlarged(&mut network, &image, 4.0, options);
    assert_eq!(result.dimensions(), (400, 320));
    assert!(network.largest <= 1600, "{}", network.largest);
    for options in [
        UpscaleOptions {
            max_forward_pixels: 400,
            ..UpscaleOptions::default()
        },
        UpscaleOptions {
            max_output_pixels: 400 * 320 - 1,
            ..UpscaleOptions::default()
        },
    ] {
        let result = upscale(&mut network, 4, &image, 4.0, options, &Unmonitored);
        assert!(matches!(result, Err(ForwardError::OutOfMemory(_))), "{result:?}");
    }
}

#[test]
fn invalid_input_is_an_error() {
    let options = UpscaleOptions::default();
    for scale in [0.0, -1.0, 4.1, f64::NAN, f64::INFINITY] {
        let result = upscale(
            &mut Local::new(4, 0),
            4,
            &image(3, 3),
            scale,
            options,
            &Unmonitored,
        );
        assert!(matches!(result, Err(ForwardError::Failed(_))), "{scale}");
    }
    let empty = upscale(
        &mut Local::new(4, 0),
        4,
        &RgbImage::new(0, 3),
        2.0,
        options,
        &Unmonitored,
    );
    assert!(matches!(empty, Err(ForwardError::Failed(_))));
    // A network of another scale.
    let result = upscale(&mut Local::new(2, 0), 4, &image(3, 3), 4.0, options, &Unmonitored);
    assert!(matches!(result, Err(ForwardError::Failed(_))));
}

/// Records progress and stops after a number of tiles.
struct Recorder {
    calls: RefCell<Vec<(usize, usize)>>,
    stop_after: usize,
}

impl Monitor for Recorder {
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        self.calls.borrow_mut().push((done, total));
        if done >= self.stop_after {
            return ControlFlow::Break(Stop::Cancelled);
        }
        ControlFlow::Continue(())
    }

    fn step(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}

#[test]
fn progress_is_reported_per_tile() {
    let mut recorder = Recorder {
        calls: RefCell::default(),
        stop_after: usize::MAX,
    };
    let run = |recorder: &Recorder| {
        upscale(&mut Local::new(4, 0), 4, &image(50, 30), 2.0, tiled(20), recorder).map(|_| ())
    };
    run(&recorder).unwrap();
    assert_eq!(
        *recorder.calls.borrow(),
        (0..=6).map(|done| (done, 6)).collect::<Vec<_>>()
    );
    recorder.stop_after = 2;
    recorder.calls.borrow_mut().clear();
    let stopped = run(&recorder).unwrap_err();
    assert!(matches!(stopped, ForwardError::Stopped(Stop::Cancelled)));
    assert_eq!(recorder.calls.borrow().len(), 3);
}

#[test]
fn alpha_keeps_extremes() {
    let alpha = GrayImage::from_fn(9, 9, |x, _| [if x < 4 { 0 } else { 255 }].into());
    let large = upscale_alpha(&alpha, 36, 27);
    assert_eq!(large.dimensions(), (36, 27));
    assert_eq!(
        (large.get_pixel(0, 13).0, large.get_pixel(35, 13).0),
        ([0], [255])
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_and_scale(width in 1_u32..40, height in 1_u32..40, scale in 0.01_f64..=4.0,
            tile in 1_u32..50, network_scale in 1_usize..5) {
        let mut network = Local::new(network_scale, 1);
        let result = enlarged(&mut network, &image(width, height), scale, tiled(tile));
        let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
        prop_assert_eq!(result.dimensions(), (side(width), side(height)));
    }

    #[test]
    fn tiles_equal_whole(width in 1_u32..60, height in 1_u32..60, tile in 4_u32..50,
            network_scale in 1_usize..5) {
        let image = image(width, height);
        let scale = network_scale as f64;
        let whole = enlarged(&mut Local::new(network_scale, 3), &image, scale, UpscaleOptions::default());
        let result = enlarged(&mut Local::new(network_scale, 3), &image, scale, tiled(tile));
        prop_assert!(largest_difference(&whole, &result) <= 1);
    }
}
