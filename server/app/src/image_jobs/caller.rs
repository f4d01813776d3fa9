//! The client of a job and its time limit.

use std::time::Instant;

use iopaint_engine::ClientKey;

/// The client of a job and its time limit.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Client, for the queue and the memory budgets.
    pub client: ClientKey,
    /// Time of the request's arrival.
    pub arrived: Instant,
    /// Time after which the request is abandoned.
    pub deadline: Option<Instant>,
}
