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

/// A body that fails with [`BodyTooSlow`] if a window ends with too few bytes.
pub struct RateLimitedBody {
    body: Body,
    min_bytes_per_window: u64,
    window: Duration,
    window_end: Option<Pin<Box<Sleep>>>,
    bytes_in_window: u64,
}

impl RateLimitedBody {
    /// Applies a minimum rate to a body.
    #[must_use]
    pub fn new(body: Body, rate: MinBodyRate) -> Self {
        let min_bytes_per_window = (rate.bytes_per_second as f64 * rate.window.as_secs_f64()).ceil() as u64;
        Self {
            body,
            min_bytes_per_window,
            window: rate.window,
            window_end: None,
            bytes_in_window: 0,
        }
    }
}

impl HttpBody for RateLimitedBody {
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
        let window = this.window;
        let end = this.window_end.get_or_insert_with(|| Box::pin(sleep(window)));
        loop {
            ready!(end.as_mut().poll(context));
            if this.bytes_in_window < this.min_bytes_per_window {
                return Poll::Ready(Some(Err(BodyTooSlow.into())));
            }
            this.bytes_in_window = 0;
            end.as_mut().reset(Instant::now() + window);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
