//! Progress reports and cancellation of a run.

mod common;

use std::{cell::RefCell, ops::ControlFlow};

use common::{CROP, LAMA, Negative, options, two_components};
use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, InpaintError, Inpainter, Monitor, Padding, Stop, inpaint};

/// Stops before the forward pass with index `at` and records the progress that it receives.
#[derive(Default)]
struct StopAt {
    at: Option<usize>,
    progress: RefCell<Vec<(usize, usize)>>,
}

impl Monitor for StopAt {
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        self.progress.borrow_mut().push((done, total));
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

#[test]
fn progress_is_reported_before_every_crop() {
    let (image, mask) = two_components();
    let monitor = StopAt::default();
    let mut model = Negative::new(LAMA);
    let outcome = inpaint(&mut model, None, &image, &mask, &options(CROP), &monitor).unwrap();
    assert_eq!(*monitor.progress.borrow(), [(0, 2), (1, 2)]);
    assert_eq!(outcome.crops, 2);
    assert_eq!(model.sizes, [(24, 24), (24, 24)]);
}

#[test]
fn stopped_run_starts_no_forward() {
    let (image, mask) = two_components();
    let monitor = StopAt {
        at: Some(1),
        ..StopAt::default()
    };
    let mut model = Negative::new(LAMA);
    let error = inpaint(&mut model, None, &image, &mask, &options(CROP), &monitor).unwrap_err();
    assert_eq!(error, InpaintError::Stopped(Stop::Deadline));
    assert_eq!(model.sizes.len(), 1);
}

/// A model that works in steps and stops when the monitor requests it.
struct Stepping;

impl Inpainter for Stepping {
    fn padding(&self) -> Padding {
        LAMA
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        _: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        match context.monitor.step(0, 2) {
            ControlFlow::Break(stop) => Err(stop.into()),
            ControlFlow::Continue(()) => Ok(image.clone()),
        }
    }
}

#[test]
fn stepwise_model_stops_within_a_forward() {
    let (image, mask) = two_components();
    let monitor = StopAt::default();
    let error = inpaint(&mut Stepping, None, &image, &mask, &options(CROP), &monitor);
    assert_eq!(error.unwrap_err(), InpaintError::Stopped(Stop::Cancelled));
}
