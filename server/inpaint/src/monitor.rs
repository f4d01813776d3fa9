//! Progress reports and cancellation of a run.

use std::ops::ControlFlow;

/// The reason for which a run was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The client cancelled the request or disconnected.
    Cancelled,
    /// The deadline has passed.
    Deadline,
}

/// Receives progress and decides whether a run continues: before every forward pass, and within it for models
/// that work in steps. A network's forward pass can't be interrupted.
pub trait Monitor {
    /// Called when `done` of `total` crops are finished; a whole image is one crop. `Break` stops the run.
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop>;

    /// Called when `done` of `total` steps of the current forward pass are finished. `Break` stops the run.
    fn step(&self, done: usize, total: usize) -> ControlFlow<Stop>;
}

/// A monitor that never stops a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmonitored;

impl Monitor for Unmonitored {
    fn crop(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }

    fn step(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}
