//! A timer under the control of a test.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::download::timer::Timer;

/// Timeouts that elapse on command, and pauses without a duration. Clones share their state.
#[derive(Clone)]
pub struct ManualTimer {
    /// Shortest timeout; shorter waits are pauses.
    min_timeout: Duration,
    stalls: Arc<Semaphore>,
}

impl ManualTimer {
    pub fn new(min_timeout: Duration) -> Self {
        Self {
            min_timeout,
            stalls: Arc::new(Semaphore::new(0)),
        }
    }

    /// Ends one wait for data, the present or the next one.
    pub fn stall(&self) {
        self.stalls.add_permits(1);
    }
}

impl Timer for ManualTimer {
    fn after<'a>(&'a self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if time >= self.min_timeout {
                self.stalls.acquire().await.unwrap().forget();
            }
        })
    }
}
