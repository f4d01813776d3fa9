//! A tool call in progress.

use std::sync::Arc;

use iopaint_engine::Observer;

use super::http_memory::CallMemory;
use super::progress::CallProgress;
use crate::image_jobs::Caller;
use crate::state::AppState;

/// A tool call in progress.
pub struct ToolCall<'a> {
    /// State of the server.
    pub state: &'a AppState,
    /// Client and time limit.
    pub caller: &'a Caller,
    /// Memory of the request's body, then of the response.
    pub memory: &'a CallMemory,
    /// Progress of the call.
    pub progress: &'a CallProgress,
}

impl ToolCall<'_> {
    /// Returns the observer of job number `step`, counted from 0, of `steps`.
    pub fn step(&self, step: u8, steps: u8) -> Arc<dyn Observer> {
        self.progress.step(step, steps)
    }
}
