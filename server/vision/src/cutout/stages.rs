//! Progress of a run in several stages.

use std::ops::ControlFlow;

use iopaint_inpaint::{ForwardError, Monitor};

/// Counts finished stages and reports them to a monitor, which may stop the run.
pub(super) struct Stages<'a> {
    monitor: &'a dyn Monitor,
    done: usize,
    total: usize,
}

impl<'a> Stages<'a> {
    pub(super) fn new(monitor: &'a dyn Monitor, total: usize) -> Self {
        Self {
            monitor,
            done: 0,
            total,
        }
    }

    /// Reports one more finished stage.
    pub(super) fn finish_one(&mut self) -> Result<(), ForwardError> {
        self.done += 1;
        match self.monitor.step(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(stop) => Err(stop.into()),
        }
    }
}
