//! A byte budget for the memory of concurrent requests: an asynchronous semaphore that is fair across
//! clients.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::queue::{ClientKey, EntryId, FairQueue};

/// Bounds the bytes that requests reserve at a time. Clones share one budget.
#[derive(Clone, Debug)]
pub struct ByteBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: u64,
    state: Mutex<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    free: u64,
    waiters: FairQueue<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    bytes: u64,
    grant: oneshot::Sender<Reservation>,
}

/// Reserved bytes; released when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: ByteBudget,
    bytes: u64,
}

/// Removes a waiter from the queue when its future is dropped.
struct RemoveOnDrop<'a> {
    budget: &'a ByteBudget,
    id: EntryId,
}

impl ByteBudget {
    /// Creates a budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Inner {
            limit,
            state: Mutex::new(BudgetState {
                free: limit,
                waiters: FairQueue::default(),
            }),
        }))
    }

    /// Returns the size of the budget in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Returns the number of reserved bytes.
    #[must_use]
    pub fn reserved(&self) -> u64 {
        self.0.limit - self.0.state.lock().free
    }

    /// Reserves `bytes` once they are free. Requests for more than the whole budget reserve all of it and so
    /// run alone, since other limits decide which sizes are allowed. A later request never overtakes the
    /// first in the queue, so that large requests don't starve. Dropping the future cancels the reservation.
    pub async fn reserve(&self, client: &ClientKey, bytes: u64) -> Reservation {
        let bytes = bytes.min(self.0.limit);
        let (granted, id) = {
            let mut state = self.0.state.lock();
            if state.waiters.iter().next().is_none() && state.free >= bytes {
                state.free -= bytes;
                return self.reservation(bytes);
            }
            let (grant, granted) = oneshot::channel();
            let id = state.waiters.push(client, Waiter { bytes, grant });
            (granted, id)
        };
        let _remove_on_drop = RemoveOnDrop { budget: self, id };
        // Can't fail: the queue keeps the sender until it is used, and the budget owns the queue.
        granted.await.unwrap_or_else(|_| self.reservation(0))
    }

    fn reservation(&self, bytes: u64) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes,
        }
    }

    /// Frees `bytes` and grants waiting reservations.
    fn release(&self, bytes: u64) {
        self.0.state.lock().free += bytes;
        self.grant_waiters();
    }

    fn grant_waiters(&self) {
        loop {
            let (waiter, reservation) = {
                let mut state = self.0.state.lock();
                let next = state.waiters.iter_in_order().next().map(|waiter| waiter.bytes);
                if next.is_none_or(|bytes| bytes > state.free) {
                    return;
                }
                let Some(waiter) = state.waiters.pop_ready(|_| true) else {
                    return;
                };
                state.free -= waiter.bytes;
                let reservation = self.reservation(waiter.bytes);
                (waiter, reservation)
            };
            // Outside the lock: if the receiver was dropped, so is the reservation, which takes the lock.
            let _ = waiter.grant.send(reservation);
        }
    }
}

impl Reservation {
    /// Releases all but `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let rest = self.bytes.saturating_sub(bytes);
        self.bytes -= rest;
        self.budget.release(rest);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

impl Drop for RemoveOnDrop<'_> {
    fn drop(&mut self) {
        let waiter = self.budget.0.state.lock().waiters.remove(self.id);
        if waiter.is_some() {
            // The next waiter may need fewer bytes.
            self.budget.grant_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    fn clients() -> [ClientKey; 3] {
        ["a", "b", "c"].map(ClientKey::new)
    }

    async fn is_pending<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = tokio::task::yield_now() => true,
        }
    }

    #[tokio::test]
    async fn oversized_request_reserves_whole_budget() {
        let budget = ByteBudget::new(100);
        let [me, ..] = clients();
        let mut first = budget.reserve(&me, 60).await;
        let mut whole = pin!(budget.reserve(&me, 1000));
        assert!(is_pending(&mut whole).await);
        first.shrink_to(20);
        assert_eq!(budget.reserved(), 20);
        assert!(is_pending(&mut whole).await);
        drop(first);
        let whole = whole.await;
        assert_eq!(budget.reserved(), 100);
        drop(whole);
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test]
    async fn clients_are_served_in_turn() {
        let budget = ByteBudget::new(10);
        let [busy_one, other_one, _] = clients();
        let held = budget.reserve(&busy_one, 10).await;
        let mut busy = Box::pin(budget.reserve(&busy_one, 9));
        assert!(is_pending(&mut busy).await);
        let mut more = Box::pin(budget.reserve(&busy_one, 1));
        assert!(is_pending(&mut more).await);
        let mut other = Box::pin(budget.reserve(&other_one, 2));
        assert!(is_pending(&mut other).await);
        drop(held);
        let busy = busy.await;
        assert!(is_pending(&mut more).await, "the other client is next");
        drop(busy);
        let _other = other.await;
        let _more = more.await;
        assert_eq!(budget.reserved(), 3);
    }

    #[tokio::test]
    async fn dropped_waiter_releases_its_share() {
        let budget = ByteBudget::new(10);
        let [a, b, c] = clients();
        let held = budget.reserve(&a, 8).await;
        let mut large = Box::pin(budget.reserve(&b, 9));
        assert!(is_pending(&mut large).await);
        let mut small = Box::pin(budget.reserve(&c, 2));
        assert!(is_pending(&mut small).await);
        drop(large);
        let small = small.await;
        drop((held, small));
        // Granted, but never polled again.
        let held = budget.reserve(&a, 10).await;
        let mut late = Box::pin(budget.reserve(&b, 5));
        assert!(is_pending(&mut late).await);
        drop(held);
        drop(late);
        assert_eq!(budget.reserved(), 0);
    }
}
