//! Timeouts and pauses of downloads.

use std::pin::Pin;
use std::time::Duration;

/// Source of timeouts and pauses.
pub(super) trait Timer: Sync {
    /// Returns a future that is ready after `time`.
    fn after<'a>(&'a self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// Timeouts in the time of the runtime.
pub(super) struct RuntimeTimer;

impl Timer for RuntimeTimer {
    fn after<'a>(&'a self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(time))
    }
}
