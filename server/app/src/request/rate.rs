//! The least speed of a body: one that trickles in would keep its connection, and what it has brought, for hours.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::state::AppState;

/// How slowly a body may come.
#[derive(Clone, Copy, Debug)]
pub struct MinBodyRate {
    /// Bytes a second; 0 lets everything pass.
    pub bytes_per_second: u64,
    /// The time over which they are counted.
    pub window: Duration,
}

/// The body was too slow, and the rest of it isn't waited for.
#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
pub struct TooSlow;

/// Lets the bodies of requests fail that come too slowly.
pub async fn limit_rate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let rate = state.settings.bodies.min_rate;
    if rate.bytes_per_second == 0 {
        return next.run(request).await;
    }
    next.run(request.map(|body| Body::new(RatedBody::new(body, rate))))
        .await
}

/// A body that fails in a window of waiting that brought less than it has to.
pub struct RatedBody {
    body: Body,
    least: u64,
    window: Duration,
    end: Option<Pin<Box<Sleep>>>,
    arrived: u64,
}

impl RatedBody {
    /// Applies `rate` to a body.
    #[must_use]
    pub fn new(body: Body, rate: MinBodyRate) -> Self {
        let least = (rate.bytes_per_second as f64 * rate.window.as_secs_f64()).ceil() as u64;
        Self {
            body,
            least,
            window: rate.window,
            end: None,
            arrived: 0,
        }
    }
}

impl HttpBody for RatedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                this.arrived += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        // Nothing is there now. Only such times are held against the client: a server that reads late is no fault
        // of its.
        let window = this.window;
        let end = this.end.get_or_insert_with(|| Box::pin(sleep(window)));
        loop {
            ready!(end.as_mut().poll(context));
            if this.arrived < this.least {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            this.arrived = 0;
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
