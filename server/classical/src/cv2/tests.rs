use std::cell::Cell;

use iopaint_imaging::Mask;
use iopaint_inpaint::{Cv2Options, InpaintOptions, Unmonitored};
use rstest::rstest;

use super::*;

const ALGORITHMS: [Cv2Algorithm; 2] = [Cv2Algorithm::NavierStokes, Cv2Algorithm::Telea];

/// Returns a grey gradient with a black square hole, and its mask.
fn image_and_mask(side: u32) -> (RgbImage, Coverage) {
    let inside = |x: u32, y: u32| {
        [x, y]
            .iter()
            .all(|coordinate| (side / 4..side * 3 / 4).contains(coordinate))
    };
    let image = RgbImage::from_fn(side, side, |x, y| {
        let gray = if inside(x, y) { 0 } else { (100 + x + y) as u8 };
        [gray; 3].into()
    });
    let mask = Mask::from_fn(side, side, inside);
    (image, mask.into_coverage())
}

#[test]
fn holes_take_surrounding_colours() {
    let (image, mask) = image_and_mask(40);
    for algorithm in ALGORITHMS {
        let filled = fill(&image, &mask, algorithm, 4, &Unmonitored).unwrap();
        let centre = filled.get_pixel(20, 20).0[0];
        assert!((120..=160).contains(&centre), "{algorithm:?}: {centre}");
    }
}

#[rstest]
#[case::one_pixel(1, 1)]
#[case::one_row(30, 1)]
#[case::one_column(1, 30)]
#[case::two_rows(30, 2)]
fn images_thinner_than_opencv_accepts(#[case] width: u32, #[case] height: u32) {
    let image = RgbImage::from_pixel(width, height, [80, 90, 100].into());
    let centre = (width / 2, height / 2);
    let mask = Mask::from_fn(width, height, |x, y| (x, y) == centre).into_coverage();
    for algorithm in ALGORITHMS {
        let filled = fill(&image, &mask, algorithm, 3, &Unmonitored).unwrap();
        for (got, expected) in filled.iter().zip(image.iter()) {
            assert!(got.abs_diff(*expected) <= 2, "{algorithm:?}: {filled:?}");
        }
    }
}

#[test]
fn radius_is_clamped_to_1_to_100() {
    let (image, mask) = image_and_mask(24);
    let run = |algorithm, radius| {
        let options = InpaintOptions {
            cv2: Cv2Options { algorithm, radius },
            ..InpaintOptions::default()
        };
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        Cv2.forward(&image, &mask, &context).unwrap()
    };
    for algorithm in ALGORITHMS {
        assert_eq!(run(algorithm, 0), run(algorithm, 1));
        assert_eq!(run(algorithm, u32::MAX), run(algorithm, 100));
        assert_ne!(run(algorithm, 1), run(algorithm, 100));
    }
}

/// Counts steps and stops at the given one.
struct StopAt {
    step: usize,
    seen: Cell<usize>,
}

impl Monitor for StopAt {
    fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }

    fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        assert!(done < total, "{done} of {total}");
        assert_eq!(done, self.seen.get(), "steps are consecutive");
        self.seen.set(done + 1);
        if done == self.step {
            ControlFlow::Break(Stop::Cancelled)
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn stops_within_a_hole() {
    let (image, mask) = image_and_mask(80);
    for algorithm in ALGORITHMS {
        let monitor = StopAt {
            step: 3,
            seen: Cell::new(0),
        };
        let result = fill(&image, &mask, algorithm, 100, &monitor);
        assert_eq!(result, Err(Stop::Cancelled));
        assert_eq!(monitor.seen.get(), 4);
    }
}
