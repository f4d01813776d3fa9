//! Scheduling of the return of freed memory to the operating system.

use std::time::{Duration, Instant};

/// Time without further frees after which memory is returned; the last image is encoded in the meantime.
const IDLE_BEFORE_RELEASE: Duration = Duration::from_secs(1);
/// Longest time between the first free and the release while jobs follow each other. Releasing after each
/// forward would cost time; not releasing at all would fragment the heap, as images of varying sizes leave
/// gaps between live blocks.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The times of the first and the last free since the last release.
#[derive(Debug, Default)]
pub(crate) struct MemoryRelease {
    freed: Option<(Instant, Instant)>,
}

impl MemoryRelease {
    /// Records that a model or image buffers were freed at `now`.
    pub fn record_free(&mut self, now: Instant) {
        self.freed = Some(self.freed.map_or((now, now), |(first, _)| (first, now)));
    }

    /// Returns the time of the next release; `None` if nothing was freed.
    pub fn due_at(&self) -> Option<Instant> {
        self.freed
            .map(|(first, last)| (last + IDLE_BEFORE_RELEASE).min(first + MAX_DELAY))
    }

    /// Records a release.
    pub fn reset(&mut self) {
        self.freed = None;
    }
}
