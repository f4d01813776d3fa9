//! Where images are decoded and encoded: off the async threads, no more at a time than there are threads for it.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A bounded share of tokio's blocking threads.
#[derive(Clone, Debug)]
pub struct CodecPool {
    places: Arc<Semaphore>,
}

/// The work panicked; nothing of it is left.
#[derive(Debug, thiserror::Error)]
#[error("an image codec failed unexpectedly")]
pub struct CodecPanicked;

impl CodecPool {
    /// A pool that runs `threads` pieces of work at a time, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// Waits for a free place and runs `work` there. Dropping the future gives up the wait; work that has begun goes
    /// on to its end and keeps its place until then.
    ///
    /// # Errors
    /// [`CodecPanicked`] where `work` panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CodecPanicked> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| CodecPanicked)?;
        // What it logs belongs to the request that it is done for.
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let result = span.in_scope(work);
            drop(place);
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
    async fn a_panic_in_a_codec_is_an_error_and_frees_its_place() {
        let pool = CodecPool::new(1);
        assert!(pool.run(|| panic!("a decoder's bug")).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
