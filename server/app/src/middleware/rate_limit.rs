//! Rate limit per client: the generic cell rate algorithm of the `governor` crate.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use iopaint_engine::ClientKey;

use crate::error::{ApiError, ErrorCode};

/// Requests between two sweeps, which remove idle clients from memory.
const SWEEP_INTERVAL_REQUESTS: u32 = 4096;

/// A limit of requests per minute and client. A client may send them in one burst. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct RateLimit(Option<Arc<ClientCounters>>);

#[derive(Debug)]
struct ClientCounters {
    limiter: DefaultKeyedRateLimiter<ClientKey>,
    requests_since_sweep: AtomicU32,
}

impl RateLimit {
    /// Returns a limit of `requests` per minute; 0 disables it.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        Self(NonZeroU32::new(requests).map(|requests| {
            Arc::new(ClientCounters {
                limiter: RateLimiter::keyed(Quota::per_minute(requests)),
                requests_since_sweep: AtomicU32::new(0),
            })
        }))
    }

    /// Counts a request of `client`.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] above the limit, with the time until the next request is accepted.
    pub fn count(&self, client: &ClientKey) -> Result<(), ApiError> {
        let Some(counters) = &self.0 else {
            return Ok(());
        };
        if counters.requests_since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP_INTERVAL_REQUESTS {
            counters.requests_since_sweep.store(0, Ordering::Relaxed);
            counters.limiter.retain_recent();
        }
        counters
            .limiter
            .check_key(client)
            .map_err(|until| rate_limited(until.wait_time_from(DefaultClock::default().now())))
    }
}

fn rate_limited(wait: Duration) -> ApiError {
    ApiError::new(
        ErrorCode::RateLimited,
        "too many requests; retry after the number of seconds in the Retry-After header",
    )
    // Retry-After has whole seconds. Rounded down, it would make the client retry too early.
    .with_retry_after(wait + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_counted_separately() {
        let limit = RateLimit::per_minute(2);
        let [one, other] = ["one", "other"].map(ClientKey::new);
        assert!(limit.count(&one).is_ok() && limit.count(&one).is_ok());
        assert!(limit.count(&one).is_err());
        assert!(limit.count(&other).is_ok());
    }

    #[test]
    fn zero_disables_the_limit() {
        let limit = RateLimit::per_minute(0);
        assert!((0..1000).all(|_| limit.count(&ClientKey::new("one")).is_ok()));
    }

    #[test]
    fn idle_clients_are_removed() {
        // At this rate, a client's quota is restored 60 microseconds after a request.
        let limit = RateLimit::per_minute(1_000_000);
        for number in 0..20_000 {
            limit.count(&ClientKey::new(&number.to_string())).unwrap();
        }
        let remembered = limit.0.map_or(0, |counters| counters.limiter.len());
        assert!(remembered <= 2 * SWEEP_INTERVAL_REQUESTS as usize, "{remembered}");
    }
}
