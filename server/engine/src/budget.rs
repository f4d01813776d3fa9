//! A bounded number of bytes that requests share. Who needs more than is free waits, clients in turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::queue::{ClientKey, JobId, Queue};

/// Bytes that requests may hold at a time. Clones share them.
#[derive(Clone, Debug)]
pub struct ByteBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: u64,
    waiting: Queue<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    bytes: u64,
    grant: oneshot::Sender<Reservation>,
}

/// Bytes that are held. Dropped, they are free again.
#[derive(Debug)]
pub struct Reservation {
    budget: ByteBudget,
    bytes: u64,
}

/// Takes one who waits out of the line when it no longer does.
struct InLine<'a> {
    budget: &'a ByteBudget,
    id: JobId,
}

impl ByteBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Shared {
            limit,
            state: Mutex::new(State {
                free: limit,
                waiting: Queue::default(),
            }),
        }))
    }

    /// How many bytes there are.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// How many bytes are held.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.limit - self.lock().free
    }

    /// Waits until `bytes` are free and holds them. More than the whole budget counts as the whole budget, so that
    /// what is allowed elsewhere isn't stuck here: it runs alone. Nobody passes one who waits, or large requests would
    /// starve. Dropping the future gives up the wait.
    pub async fn reserve(&self, client: &ClientKey, bytes: u64) -> Reservation {
        let bytes = bytes.min(self.0.limit);
        let (granted, id) = {
            let mut state = self.lock();
            if state.waiting.iter().next().is_none() && state.free >= bytes {
                state.free -= bytes;
                return self.reservation(bytes);
            }
            let (grant, granted) = oneshot::channel();
            let id = state.waiting.push(client, Waiting { bytes, grant });
            (granted, id)
        };
        let _in_line = InLine { budget: self, id };
        // The sender is in the line until it is used, and the line lives as long as the budget.
        granted.await.unwrap_or_else(|_| self.reservation(0))
    }

    fn reservation(&self, bytes: u64) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `bytes` back and gives those who wait what they wait for.
    fn give_back(&self, bytes: u64) {
        self.lock().free += bytes;
        self.grant();
    }

    fn grant(&self) {
        loop {
            let (waiting, reservation) = {
                let mut state = self.lock();
                let next = state.waiting.in_turn().next().map(|waiting| waiting.bytes);
                if next.is_none_or(|bytes| bytes > state.free) {
                    return;
                }
                let Some(waiting) = state.waiting.take(|_| true) else {
                    return;
                };
                state.free -= waiting.bytes;
                let reservation = self.reservation(waiting.bytes);
                (waiting, reservation)
            };
            // Who no longer waits gives them back by dropping them, which needs the lock.
            let _ = waiting.grant.send(reservation);
        }
    }
}

impl Reservation {
    /// Gives back all but `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let rest = self.bytes.saturating_sub(bytes);
        self.bytes -= rest;
        self.budget.give_back(rest);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let waiting = self.budget.lock().waiting.remove(self.id);
        if waiting.is_some() {
            // Those behind may need less than this one did.
            self.budget.grant();
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
    async fn never_more_than_the_budget_is_held_and_what_is_larger_runs_alone() {
        let budget = ByteBudget::new(100);
        let [me, ..] = clients();
        let mut first = budget.reserve(&me, 60).await;
        let mut whole = pin!(budget.reserve(&me, 1000));
        assert!(is_pending(&mut whole).await);
        first.shrink_to(20);
        assert_eq!(budget.held(), 20);
        assert!(is_pending(&mut whole).await);
        drop(first);
        let whole = whole.await;
        assert_eq!(budget.held(), 100);
        drop(whole);
        assert_eq!(budget.held(), 0);
    }

    #[tokio::test]
    async fn clients_wait_in_turn_and_nobody_passes() {
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
        assert_eq!(budget.held(), 3);
    }

    #[tokio::test]
    async fn one_who_gives_up_leaves_nothing_behind_and_lets_others_in() {
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
        // Granted, but never looked at.
        let held = budget.reserve(&a, 10).await;
        let mut late = Box::pin(budget.reserve(&b, 5));
        assert!(is_pending(&mut late).await);
        drop(held);
        drop(late);
        assert_eq!(budget.held(), 0);
    }
}
