//! Test doubles and helpers that the tests of several crates share.

mod pausable_model;
mod wait;

pub use pausable_model::{FAIL, ModelControl, OUT_OF_MEMORY, PANIC, PAUSE, PausableModel};
pub use wait::{DEADLINE, wait_until, with_deadline};
