//! How often one client may ask.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use iopaint_engine::ClientKey;

use crate::error::ApiError;

/// After so many requests, clients that have been silent for long are forgotten.
const BETWEEN_SWEEPS: u32 = 4096;

/// Requests that a client may send in a minute; they may come all at once. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct RateLimit(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    clients: DefaultKeyedRateLimiter<ClientKey>,
    since_sweep: AtomicU32,
}

impl RateLimit {
    /// So many a minute; 0 for any number.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        Self(NonZeroU32::new(requests).map(|requests| {
            Arc::new(Counted {
                clients: RateLimiter::keyed(Quota::per_minute(requests)),
                since_sweep: AtomicU32::new(0),
            })
        }))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The client has sent too many; says when the next one is taken.
    pub fn count(&self, client: &ClientKey) -> Result<(), ApiError> {
        let Some(counted) = &self.0 else {
            return Ok(());
        };
        if counted.since_sweep.fetch_add(1, Ordering::Relaxed) >= BETWEEN_SWEEPS {
            counted.since_sweep.store(0, Ordering::Relaxed);
            counted.clients.retain_recent();
        }
        counted
            .clients
            .check_key(client)
            .map_err(|until| ApiError::rate_limited(until.wait_time_from(DefaultClock::default().now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_count() {
        let limit = RateLimit::per_minute(2);
        let [one, other] = ["one", "other"].map(ClientKey::new);
        assert!(limit.count(&one).is_ok() && limit.count(&one).is_ok());
        assert!(limit.count(&one).is_err());
        assert!(limit.count(&other).is_ok());
    }

    #[test]
    fn no_limit_counts_nothing() {
        let limit = RateLimit::per_minute(0);
        assert!((0..1000).all(|_| limit.count(&ClientKey::new("one")).is_ok()));
    }

    #[test]
    fn clients_of_one_request_are_not_remembered_for_ever() {
        // Half a millisecond after a request, a client of this limit may send as many as ever.
        let limit = RateLimit::per_minute(1_000_000);
        for number in 0..20_000 {
            limit.count(&ClientKey::new(&number.to_string())).unwrap();
        }
        let known = limit.0.map_or(0, |counted| counted.clients.len());
        assert!(known <= 2 * BETWEEN_SWEEPS as usize, "{known}");
    }
}
