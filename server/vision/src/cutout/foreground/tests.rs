use super::*;
use iopaint_imaging::GrayImage;
use iopaint_inpaint::{Stop, Unmonitored};
use proptest::prelude::*;
use std::ops::ControlFlow;

/// A composite of a reddish object with a soft edge of `softness` pixels over a greenish background.
struct Composite {
    image: RgbImage,
    foreground: RgbImage,
    alpha: Coverage,
}

fn composite(width: u32, height: u32, softness: f32) -> Composite {
    let alpha = GrayImage::from_fn(width, height, |x, y| {
        let distance = (x as f32 - width as f32 / 2.0).hypot(y as f32 - height as f32 / 2.0);
        let value = 0.5 - (distance - height as f32 / 3.0) / softness;
        [(value.clamp(0.0, 1.0) * 255.0).round() as u8].into()
    });
    let foreground = RgbImage::from_fn(width, height, |x, y| {
        [200 + (x * 40 / width) as u8, 40 + (y * 60 / height) as u8, 70].into()
    });
    let background = |x: u32, y: u32| {
        [
            20.0,
            150.0 + 60.0 * (x as f32 / width as f32),
            40.0 + y as f32 / 4.0,
        ]
    };
    let image = RgbImage::from_fn(width, height, |x, y| {
        let share = f32::from(alpha.get_pixel(x, y).0[0]) / 255.0;
        let (front, back) = (foreground.get_pixel(x, y).0, background(x, y));
        let mixed = |at: usize| share * f32::from(front[at]) + (1.0 - share) * back[at];
        [0, 1, 2].map(|at| mixed(at).round() as u8).into()
    });
    Composite {
        image,
        foreground,
        alpha: Coverage::new(alpha),
    }
}

/// Returns the mean absolute difference from the true foreground over the pixels of partial opacity.
fn error(colours: &RgbImage, composite: &Composite) -> f64 {
    let pixels = colours
        .pixels()
        .zip(composite.foreground.pixels())
        .zip(composite.alpha.values());
    let partial = pixels.filter(|(_, alpha)| (1..255).contains(*alpha));
    let (mut sum, mut count) = (0_u64, 0_u64);
    for ((colour, truth), _) in partial {
        sum += colour
            .0
            .iter()
            .zip(truth.0)
            .map(|(a, b)| u64::from(a.abs_diff(b)))
            .sum::<u64>();
        count += 3;
    }
    sum as f64 / count as f64
}

#[test]
fn background_does_not_bleed_into_soft_edges() {
    for softness in [4.0, 12.0, 40.0] {
        let composite = composite(300, 200, softness);
        let colours = estimate_foreground(2, &composite.image, &composite.alpha, &Unmonitored).unwrap();
        let (naive, estimated) = (error(&composite.image, &composite), error(&colours, &composite));
        assert!(
            estimated * 8.0 < naive,
            "softness {softness}: {estimated} instead of {naive}"
        );
    }
}

#[test]
fn transparent_pixels_do_not_contain_the_background() {
    let composite = composite(120, 90, 6.0);
    let colours = estimate_foreground(1, &composite.image, &composite.alpha, &Unmonitored).unwrap();
    // The background is green; the object is red.
    assert!(colours.pixels().all(|pixel| pixel.0[0] > pixel.0[1]));
}

#[test]
fn results_do_not_depend_on_threads() {
    let composite = composite(130, 210, 9.0);
    let [one, three] = [1, 3].map(|threads| {
        estimate_foreground(threads, &composite.image, &composite.alpha, &Unmonitored).unwrap()
    });
    assert_eq!(one, three);
}

#[test]
fn monitor_stops_between_levels() {
    struct StopAt(usize);
    impl Monitor for StopAt {
        fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }
        fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
            assert!(done <= total);
            if done == self.0 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    let composite = composite(64, 64, 5.0);
    let run = |at| estimate_foreground(1, &composite.image, &composite.alpha, &StopAt(at));
    assert_eq!(run(3), Err(ForwardError::Stopped(Stop::Cancelled)));
    assert_eq!(levels(&composite.image), 7);
    assert!(run(8).is_ok());
}

proptest! {
    #[test]
    fn opaque_images_stay(width in 1_u32..70, height in 1_u32..70, seed: u32) {
        let image = RgbImage::from_fn(width, height, |x, y| {
            let value = (x * 31 + y * 17 + 1).wrapping_mul(seed);
            [value as u8, (value >> 8) as u8, (value >> 16) as u8].into()
        });
        let alpha = Coverage::new(GrayImage::from_pixel(width, height, [255].into()));
        prop_assert_eq!(estimate_foreground(2, &image, &alpha, &Unmonitored).unwrap(), image);
    }

    #[test]
    fn any_matte_gives_an_image_of_the_size(
        (width, height, alpha) in (1_u32..40, 1_u32..40).prop_flat_map(|(width, height)| {
            let values = prop::collection::vec(any::<u8>(), (width * height) as usize);
            (Just(width), Just(height), values)
        }),
    ) {
        let image = RgbImage::from_fn(width, height, |x, y| [x as u8 * 6, y as u8 * 6, 255].into());
        let alpha = Coverage::new(GrayImage::from_raw(width, height, alpha).unwrap());
        let colours = estimate_foreground(1, &image, &alpha, &Unmonitored).unwrap();
        prop_assert_eq!(colours.dimensions(), image.dimensions());
        for ((colour, pixel), &alpha) in colours.pixels().zip(image.pixels()).zip(alpha.values()) {
            if alpha == 0 || alpha == 255 {
                continue;
            }
            // Blue is 255 in the whole image, and so in both layers.
            prop_assert!(colour.0[2] >= 250, "{:?} for {:?} at alpha {}", colour, pixel, alpha);
        }
    }
}
