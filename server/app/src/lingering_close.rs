//! Lingering close: reads and discards the rest of a request body that the handler left unread.
//!
//! Many clients (Python's `http.client` and urllib, Chrome) write the whole body before they read the
//! response. If the server closed the connection with unread bytes in its receive buffer, the kernel would
//! send a TCP reset, and such a client would report a broken pipe instead of the response (RFC 9112, section
//! 9.6).

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::EXPECT;
use axum::http::{Request, Version};
use futures_util::StreamExt;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use crate::middleware::min_body_rate::{MinBodyRate, RateLimitedBody};

/// Time for the rest of a body, as in nginx's `lingering_time`.
const MAX_TIME: Duration = Duration::from_secs(30);
/// Time for the rest of a body once a graceful shutdown has begun; less than the default `--drain-timeout` of
/// 8 s.
const MAX_TIME_IN_SHUTDOWN: Duration = Duration::from_secs(2);
/// Minimum rate of the rest of a body: 4096 bytes/s, the default of `--min-body-rate`, averaged over the 5 s
/// of nginx's `lingering_timeout`.
const MIN_RATE: MinBodyRate = MinBodyRate {
    bytes_per_second: 4096,
    window: Duration::from_secs(5),
};
/// Smallest byte limit for the rest of a body: 256 MiB, twice the default of `--max-body-mib`.
const MIN_BYTE_LIMIT: u64 = 256 << 20;

/// Limits of the time that the rest of a body may take.
#[derive(Clone, Copy, Debug)]
struct LingerTimeouts {
    max: Duration,
    max_in_shutdown: Duration,
    min_rate: MinBodyRate,
}

/// The limits of a lingering close. Clones share the shutdown signal.
#[derive(Clone, Debug)]
pub struct LingeringClose {
    max_bytes: u64,
    timeouts: LingerTimeouts,
    shutdown: CancellationToken,
}

impl LingeringClose {
    /// Returns the limits of a server. `max_body_bytes` is the limit of `--max-body-mib`; up to twice that is
    /// discarded. `shutdown` is cancelled when a graceful shutdown begins.
    pub fn new(max_body_bytes: usize, shutdown: CancellationToken) -> Self {
        Self {
            max_bytes: (max_body_bytes as u64).saturating_mul(2).max(MIN_BYTE_LIMIT),
            timeouts: LingerTimeouts {
                max: MAX_TIME,
                max_in_shutdown: MAX_TIME_IN_SHUTDOWN,
                min_rate: MIN_RATE,
            },
            shutdown,
        }
    }

    /// Wraps a request's body so that dropping it unread discards the rest in the background. The connection
    /// stays open, and counts against `--max-connections`, until then.
    pub fn wrap(&self, request: Request<Body>) -> Request<Body> {
        let awaits_continue = expects_continue(&request);
        request.map(|body| {
            if body.is_end_stream() {
                return body;
            }
            Body::new(LingeringBody {
                body: Some(body),
                awaits_continue,
                linger: self.clone(),
            })
        })
    }

    /// Reads and discards a body within the limits.
    async fn discard(self, body: Body) {
        let Self {
            max_bytes,
            timeouts,
            shutdown,
        } = self;
        let read = async {
            let mut chunks = Body::new(RateLimitedBody::new(body, timeouts.min_rate)).into_data_stream();
            let mut discarded = 0_u64;
            while let Some(Ok(chunk)) = chunks.next().await {
                discarded += chunk.len() as u64;
                if discarded > max_bytes {
                    break;
                }
            }
        };
        let end_of_shutdown = async {
            shutdown.cancelled().await;
            tokio::time::sleep(timeouts.max_in_shutdown).await;
        };
        tokio::select! {
            () = read => {}
            () = tokio::time::sleep(timeouts.max) => {}
            () = end_of_shutdown => {}
        }
    }
}

/// Returns whether the client waits for `100 Continue` before it sends the body. HTTP/1.0 has no such status.
fn expects_continue(request: &Request<Body>) -> bool {
    request.version() > Version::HTTP_10
        && request
            .headers()
            .get(EXPECT)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

struct LingeringBody {
    /// `None` after the body's end or an error.
    body: Option<Body>,
    /// True until the first poll of a body whose client sent `Expect: 100-continue`. Polling sends `100
    /// Continue`, so an unpolled body is dropped at once: hyper then closes the connection, and the client
    /// never sends the body.
    awaits_continue: bool,
    linger: LingeringClose,
}

impl HttpBody for LingeringBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.awaits_continue = false;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for LingeringBody {
    fn drop(&mut self) {
        if self.awaits_continue || self.is_end_stream() {
            return;
        }
        // No runtime exists while the process exits.
        if let (Some(body), Ok(runtime)) = (self.body.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(self.linger.clone().discard(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::stream;
    use tokio::sync::watch;
    use tokio::time::{Instant, timeout};

    use super::*;

    const CHUNK_BYTES: u64 = 64 << 10;
    const SHORT: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_hours(1);
    const DEADLINE: Duration = Duration::from_mins(1);

    /// Returns a body of 64 KiB chunks, one per `pause`, the number of bytes read from it, and a receiver
    /// that closes when the body is dropped.
    fn endless(pause: Duration) -> (Body, Arc<AtomicU64>, watch::Receiver<()>) {
        let read = Arc::new(AtomicU64::new(0));
        let (alive, dropped) = watch::channel(());
        let counter = Arc::clone(&read);
        let chunks = stream::unfold(alive, move |alive| {
            let counter = Arc::clone(&counter);
            async move {
                tokio::time::sleep(pause).await;
                counter.fetch_add(CHUNK_BYTES, Ordering::Relaxed);
                Some((
                    Ok::<_, std::io::Error>(Bytes::from(vec![0; CHUNK_BYTES as usize])),
                    alive,
                ))
            }
        });
        (Body::from_stream(chunks), read, dropped)
    }

    /// Returns a lingering close whose only limit is that of bytes.
    fn unlimited() -> (CancellationToken, LingeringClose) {
        let shutdown = CancellationToken::new();
        let mut linger = LingeringClose::new(1 << 20, shutdown.clone());
        linger.timeouts = LingerTimeouts {
            max: NEVER,
            max_in_shutdown: NEVER,
            min_rate: MinBodyRate {
                bytes_per_second: 1,
                window: NEVER,
            },
        };
        (shutdown, linger)
    }

    async fn time_until_dropped(
        linger: &LingeringClose,
        body: Body,
        mut dropped: watch::Receiver<()>,
    ) -> Duration {
        let began = Instant::now();
        drop(linger.wrap(Request::new(body)));
        let closed = timeout(DEADLINE, dropped.changed()).await;
        assert!(closed.expect("the body is dropped in time").is_err());
        began.elapsed()
    }

    #[test]
    fn limits_of_a_server() {
        let small = LingeringClose::new(1 << 20, CancellationToken::new());
        assert_eq!(small.max_bytes, 256 << 20);
        assert_eq!(small.timeouts.max, Duration::from_secs(30));
        assert_eq!(small.timeouts.max_in_shutdown, Duration::from_secs(2));
        assert_eq!(small.timeouts.min_rate.window, Duration::from_secs(5));
        assert_eq!(
            LingeringClose::new(1 << 30, CancellationToken::new()).max_bytes,
            2 << 30
        );
    }

    #[tokio::test]
    async fn unread_body_is_discarded_for_the_time_limit() {
        let (_shutdown, mut linger) = unlimited();
        linger.timeouts.max = SHORT;
        let (body, read, dropped) = endless(Duration::from_millis(1));
        assert!(time_until_dropped(&linger, body, dropped).await >= SHORT);
        assert!(read.load(Ordering::Relaxed) >= CHUNK_BYTES);
    }

    #[tokio::test]
    async fn unread_body_is_discarded_up_to_the_byte_limit() {
        let (_shutdown, linger) = unlimited();
        let (body, read, dropped) = endless(Duration::ZERO);
        time_until_dropped(&linger, body, dropped).await;
        assert_eq!(read.load(Ordering::Relaxed), MIN_BYTE_LIMIT + CHUNK_BYTES);
    }

    #[tokio::test]
    async fn stalled_body_is_given_up_after_the_rate_window() {
        let (_shutdown, mut linger) = unlimited();
        linger.timeouts.min_rate.window = SHORT;
        let (body, read, dropped) = endless(NEVER);
        assert!(time_until_dropped(&linger, body, dropped).await >= SHORT);
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn shutdown_shortens_lingering() {
        let (shutdown, mut linger) = unlimited();
        linger.timeouts.max_in_shutdown = SHORT;
        shutdown.cancel();
        let (body, _, dropped) = endless(Duration::from_millis(1));
        assert!(time_until_dropped(&linger, body, dropped).await >= SHORT);
    }

    #[tokio::test]
    async fn body_behind_expect_continue_is_never_read() {
        let (_shutdown, linger) = unlimited();
        let (body, read, mut dropped) = endless(Duration::ZERO);
        let request = Request::builder().header(EXPECT, "100-continue").body(body);
        drop(linger.wrap(request.unwrap()));
        assert!(timeout(DEADLINE, dropped.changed()).await.unwrap().is_err());
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn body_behind_expect_continue_lingers_once_read() {
        let (_shutdown, mut linger) = unlimited();
        linger.timeouts.max = SHORT;
        let (body, read, mut dropped) = endless(Duration::from_millis(1));
        let request = Request::builder().header(EXPECT, "100-continue").body(body);
        let mut chunks = linger.wrap(request.unwrap()).into_body().into_data_stream();
        assert!(chunks.next().await.is_some());
        let before = read.load(Ordering::Relaxed);
        drop(chunks);
        assert!(timeout(DEADLINE, dropped.changed()).await.unwrap().is_err());
        assert!(read.load(Ordering::Relaxed) > before);
    }
}
