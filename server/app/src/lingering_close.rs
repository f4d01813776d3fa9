//! Lingering close: reads and discards the rest of a request body that the handler left unread.
//!
//! Many clients (Python's `http.client` and urllib, Chrome) write the whole body before they read the
//! response. If the server closed the connection with unread bytes in its receive buffer, the kernel would
//! send a TCP reset, and such a client would report a broken pipe instead of the response (RFC 9112, section
//! 9.6).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::EXPECT;
use axum::http::{Request, Version};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use crate::middleware::min_body_rate::{MinBodyRate, RateLimitedBody, WindowTimer};

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

/// Source of timeouts.
trait Timer: Send + Sync {
    /// Returns a future that is ready after `time`.
    fn after(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// Timeouts in the time of the runtime.
struct RuntimeTimer;

impl Timer for RuntimeTimer {
    fn after(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The windows of [`MIN_RATE`].
struct RateWindows {
    timer: Arc<dyn Timer>,
    end: Option<BoxFuture<'static, ()>>,
}

impl WindowTimer for RateWindows {
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timer = &self.timer;
        let end = self.end.get_or_insert_with(|| timer.after(MIN_RATE.window));
        ready!(end.as_mut().poll(context));
        self.end = Some(self.timer.after(MIN_RATE.window));
        Poll::Ready(())
    }
}

/// The limits of a lingering close. Clones share the shutdown signal.
#[derive(Clone)]
pub struct LingeringClose {
    max_bytes: u64,
    shutdown: CancellationToken,
    timer: Arc<dyn Timer>,
}

impl fmt::Debug for LingeringClose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LingeringClose")
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

impl LingeringClose {
    /// Returns the limits of a server. `max_body_bytes` is the limit of `--max-body-mib`; up to twice that is
    /// discarded. `shutdown` is cancelled when a graceful shutdown begins.
    pub fn new(max_body_bytes: usize, shutdown: CancellationToken) -> Self {
        Self {
            max_bytes: (max_body_bytes as u64).saturating_mul(2).max(MIN_BYTE_LIMIT),
            shutdown,
            timer: Arc::new(RuntimeTimer),
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
            shutdown,
            timer,
        } = self;
        let windows = RateWindows {
            timer: Arc::clone(&timer),
            end: None,
        };
        let read = async {
            let limited = RateLimitedBody::with_windows(body, MIN_RATE, windows);
            let mut chunks = Body::new(limited).into_data_stream();
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
            timer.after(MAX_TIME_IN_SHUTDOWN).await;
        };
        tokio::select! {
            () = read => {}
            () = timer.after(MAX_TIME) => {}
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
    use futures_util::stream;
    use iopaint_test_support::with_deadline;
    use tokio::sync::watch;

    use super::*;

    const CHUNK_BYTES: u64 = 64 << 10;

    /// Timeouts that elapse on command.
    #[derive(Clone, Default)]
    struct ManualTimer {
        elapsed: Arc<watch::Sender<Vec<Duration>>>,
    }

    impl ManualTimer {
        /// Ends the waits for `time`, present and future.
        fn elapse(&self, time: Duration) {
            self.elapsed.send_modify(|elapsed| elapsed.push(time));
        }
    }

    impl Timer for ManualTimer {
        fn after(&self, time: Duration) -> BoxFuture<'static, ()> {
            let mut elapsed = self.elapsed.subscribe();
            Box::pin(async move {
                // Can't fail, as the test owns the sender.
                let _ = elapsed.wait_for(|elapsed| elapsed.contains(&time)).await;
            })
        }
    }

    /// Events of a body.
    struct Probe {
        read_bytes: watch::Receiver<u64>,
    }

    impl Probe {
        async fn read(&mut self, bytes: u64) {
            let reached = self.read_bytes.wait_for(|read| *read >= bytes);
            assert!(with_deadline("the bytes", reached).await.is_ok());
        }

        /// Waits until the body is dropped. Returns the number of bytes read from it.
        async fn dropped(&mut self) -> u64 {
            let closed = async { while self.read_bytes.changed().await.is_ok() {} };
            with_deadline("the drop", closed).await;
            *self.read_bytes.borrow()
        }

        fn is_alive(&self) -> bool {
            self.read_bytes.has_changed().is_ok()
        }
    }

    /// Returns a body of this number of chunks of 64 KiB that never ends.
    fn body(chunks: u64) -> (Body, Probe) {
        let (read, read_bytes) = watch::channel(0);
        let chunks = stream::unfold(read, move |read| async move {
            if *read.borrow() == chunks * CHUNK_BYTES {
                std::future::pending::<()>().await;
            }
            read.send_modify(|bytes| *bytes += CHUNK_BYTES);
            let chunk = Bytes::from(vec![0; CHUNK_BYTES as usize]);
            Some((Ok::<_, std::io::Error>(chunk), read))
        });
        (Body::from_stream(chunks), Probe { read_bytes })
    }

    /// Returns a lingering close, its timer and its shutdown signal.
    fn lingering_close() -> (LingeringClose, ManualTimer, CancellationToken) {
        let (shutdown, timer) = (CancellationToken::new(), ManualTimer::default());
        let mut linger = LingeringClose::new(1 << 20, shutdown.clone());
        linger.timer = Arc::new(timer.clone());
        (linger, timer, shutdown)
    }

    #[test]
    fn limits_of_a_server() {
        let limit = |max_body_bytes| LingeringClose::new(max_body_bytes, CancellationToken::new()).max_bytes;
        assert_eq!(limit(1 << 20), 256 << 20);
        assert_eq!(limit(1 << 30), 2 << 30);
    }

    #[tokio::test]
    async fn runtime_timer_elapses() {
        with_deadline("the timer", RuntimeTimer.after(Duration::from_millis(1))).await;
    }

    #[tokio::test]
    async fn unread_body_is_discarded_for_the_time_limit() {
        let (linger, timer, _shutdown) = lingering_close();
        let (body, mut probe) = body(3);
        drop(linger.wrap(Request::new(body)));
        probe.read(3 * CHUNK_BYTES).await;
        assert!(probe.is_alive());
        timer.elapse(MAX_TIME);
        assert_eq!(probe.dropped().await, 3 * CHUNK_BYTES);
    }

    #[tokio::test]
    async fn unread_body_is_discarded_up_to_the_byte_limit() {
        let (linger, _timer, _shutdown) = lingering_close();
        let (body, mut probe) = body(u64::MAX / CHUNK_BYTES);
        drop(linger.wrap(Request::new(body)));
        assert_eq!(probe.dropped().await, MIN_BYTE_LIMIT + CHUNK_BYTES);
    }

    #[tokio::test]
    async fn stalled_body_is_given_up_after_the_rate_window() {
        let (linger, timer, _shutdown) = lingering_close();
        let (body, mut probe) = body(0);
        drop(linger.wrap(Request::new(body)));
        timer.elapse(MIN_RATE.window);
        assert_eq!(probe.dropped().await, 0);
    }

    #[tokio::test]
    async fn shutdown_shortens_lingering() {
        let (linger, timer, shutdown) = lingering_close();
        let (body, mut probe) = body(1);
        drop(linger.wrap(Request::new(body)));
        timer.elapse(MAX_TIME_IN_SHUTDOWN);
        probe.read(CHUNK_BYTES).await;
        assert!(probe.is_alive());
        shutdown.cancel();
        probe.dropped().await;
    }

    #[tokio::test]
    async fn body_behind_expect_continue_is_never_read() {
        let (linger, _timer, _shutdown) = lingering_close();
        let (body, mut probe) = body(1);
        let request = Request::builder().header(EXPECT, "100-continue").body(body);
        drop(linger.wrap(request.unwrap()));
        assert_eq!(probe.dropped().await, 0);
    }

    #[tokio::test]
    async fn body_behind_expect_continue_lingers_once_read() {
        let (linger, timer, _shutdown) = lingering_close();
        let (body, mut probe) = body(3);
        let request = Request::builder().header(EXPECT, "100-continue").body(body);
        let mut chunks = linger.wrap(request.unwrap()).into_body().into_data_stream();
        assert!(chunks.next().await.is_some());
        drop(chunks);
        probe.read(3 * CHUNK_BYTES).await;
        timer.elapse(MAX_TIME);
        probe.dropped().await;
    }
}
