//! Minimum rate of request bodies: a slow body would otherwise hold its connection and memory for hours.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Minimum rate of a body.
#[derive(Clone, Copy, Debug)]
pub struct MinBodyRate {
    /// Bytes per second; 0 disables the limit.
    pub bytes_per_second: u64,
    /// Time over which the rate is averaged.
    pub window: Duration,
}

/// A body below its minimum rate.
#[derive(Debug, thiserror::Error)]
#[error("the body arrives too slowly")]
pub struct BodyTooSlow;

/// Fails request bodies below the minimum rate with [`BodyTooSlow`].
pub async fn require_min_body_rate(
    State(rate): State<MinBodyRate>,
    request: Request,
    next: Next,
) -> Response {
    if rate.bytes_per_second == 0 {
        return next.run(request).await;
    }
    next.run(request.map(|body| Body::new(RateLimitedBody::new(body, rate))))
        .await
}

/// Divides time into windows of equal length.
pub trait WindowTimer: Unpin {
    /// Returns ready at the end of a window; the next one begins then. The first window begins with the first
    /// call.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// Windows in the time of the runtime.
pub struct RuntimeWindows {
    length: Duration,
    end: Option<Pin<Box<Sleep>>>,
}

impl WindowTimer for RuntimeWindows {
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let length = self.length;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(length)));
        ready!(end.as_mut().poll(context));
        end.as_mut().reset(Instant::now() + length);
        Poll::Ready(())
    }
}

/// A body that fails with [`BodyTooSlow`] if a window ends with too few bytes.
pub struct RateLimitedBody<T = RuntimeWindows> {
    body: Body,
    min_bytes_per_window: u64,
    windows: T,
    bytes_in_window: u64,
}

impl RateLimitedBody {
    /// Applies a minimum rate to a body.
    #[must_use]
    pub fn new(body: Body, rate: MinBodyRate) -> Self {
        let windows = RuntimeWindows {
            length: rate.window,
            end: None,
        };
        Self::with_windows(body, rate, windows)
    }
}

impl<T> RateLimitedBody<T> {
    /// Applies a minimum rate to a body. `windows` have the length of the rate's window.
    #[must_use]
    pub fn with_windows(body: Body, rate: MinBodyRate, windows: T) -> Self {
        let min_bytes_per_window = (rate.bytes_per_second as f64 * rate.window.as_secs_f64()).ceil() as u64;
        Self {
            body,
            min_bytes_per_window,
            windows,
            bytes_in_window: 0,
        }
    }
}

impl<T: WindowTimer> HttpBody for RateLimitedBody<T> {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                this.bytes_in_window += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        // Windows elapse only while the body is pending, so that a server that reads late doesn't fail the
        // client.
        loop {
            ready!(this.windows.poll_end(context));
            if this.bytes_in_window < this.min_bytes_per_window {
                return Poll::Ready(Some(Err(BodyTooSlow.into())));
            }
            this.bytes_in_window = 0;
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use iopaint_test_support::with_deadline;

    use super::*;

    /// A body that is pending before each chunk and at its end.
    fn paced(chunks: &[usize]) -> Body {
        let mut polls = chunks
            .iter()
            .map(|length| Some(Bytes::from(vec![b' '; *length])))
            .chain([None])
            .flat_map(|chunk| [Poll::Pending, Poll::Ready(chunk)])
            .collect::<Vec<_>>()
            .into_iter();
        Body::from_stream(stream::poll_fn(move |context| {
            context.waker().wake_by_ref();
            let poll = polls.next().unwrap_or(Poll::Ready(None));
            poll.map(|chunk| chunk.map(Ok::<_, std::io::Error>))
        }))
    }

    /// Windows that end after the given number of polls each.
    struct PolledWindows {
        length: usize,
        polls: usize,
    }

    impl WindowTimer for PolledWindows {
        fn poll_end(&mut self, _: &mut Context<'_>) -> Poll<()> {
            self.polls += 1;
            if self.polls <= self.length {
                return Poll::Pending;
            }
            self.polls = 0;
            Poll::Ready(())
        }
    }

    /// Reads a body with chunks of these lengths at a minimum of 10 bytes per window. A window has the time
    /// of `chunks_per_window` chunks. Returns the number of bytes, or `None` if the body is too slow.
    async fn read(chunks: &[usize], chunks_per_window: usize) -> Option<usize> {
        let body = RateLimitedBody {
            body: paced(chunks),
            min_bytes_per_window: 10,
            windows: PolledWindows {
                length: chunks_per_window,
                polls: 0,
            },
            bytes_in_window: 0,
        };
        let read = Body::new(body)
            .into_data_stream()
            .fold(Some(0), async |sum, chunk| {
                let error = match chunk {
                    Ok(chunk) => return Some(sum? + chunk.len()),
                    Err(error) => error,
                };
                assert!(error.into_inner().is::<BodyTooSlow>());
                None
            });
        with_deadline("the body", read).await
    }

    #[tokio::test]
    async fn steady_body_is_accepted() {
        assert_eq!(read(&[2; 50], 5).await, Some(100));
        assert_eq!(read(&[10, 10, 10], 1).await, Some(30));
    }

    #[tokio::test]
    async fn slow_body_fails() {
        assert_eq!(read(&[1; 50], 5).await, None);
        assert_eq!(read(&[0], 1).await, None);
    }

    #[tokio::test]
    async fn bytes_of_earlier_windows_do_not_count() {
        assert_eq!(read(&[1000, 1, 1, 1], 1).await, None);
    }

    #[tokio::test]
    async fn body_within_a_window_is_accepted() {
        assert_eq!(read(&[1, 2, 3], 5).await, Some(6));
    }
}
