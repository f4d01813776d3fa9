//! Pool of threads for image codecs, which must not block the async threads.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A bounded share of tokio's blocking threads. Clones share it.
#[derive(Clone, Debug)]
pub struct CodecPool {
    permits: Arc<Semaphore>,
}

/// A panic in the work of a codec.
#[derive(Debug, thiserror::Error)]
#[error("an image codec failed; see the server log")]
pub struct CodecPanicked;

impl CodecPool {
    /// Returns a pool that runs up to `threads` tasks at a time, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// Runs `work` on a blocking thread once a permit is free. Dropping the future cancels the wait; work
    /// that has started runs to completion and holds its permit until then.
    ///
    /// # Errors
    /// [`CodecPanicked`] if `work` panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CodecPanicked> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| CodecPanicked)?;
        // Log lines of the work belong to the request's span.
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let result = span.in_scope(work);
            drop(permit);
            result
        })
        .await
        .map_err(|_| CodecPanicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_is_an_error_and_frees_the_permit() {
        let pool = CodecPool::new(1);
        assert!(pool.run(|| panic!("a decoder's bug")).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
