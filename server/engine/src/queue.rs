//! A queue that serves its clients round-robin, so that a client with many jobs delays the others by one job
//! each.

use std::collections::VecDeque;
use std::sync::Arc;

/// Identifies a job's client for fair queueing: an address, an API key or a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Arc<str>);

impl ClientKey {
    /// Returns the key of the client `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the client's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Identifies an entry within one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryId(u64);

/// A FIFO per client, served round-robin. Unlike a channel it can be iterated, and any entry can be removed.
#[derive(Debug)]
pub(crate) struct FairQueue<T> {
    /// Clients in serving order; none of the lists is empty.
    clients: VecDeque<(ClientKey, VecDeque<(EntryId, T)>)>,
    next_id: u64,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            clients: VecDeque::new(),
            next_id: 0,
        }
    }
}

impl<T> FairQueue<T> {
    /// Appends an entry to its client's list.
    pub fn push(&mut self, client: &ClientKey, job: T) -> EntryId {
        let id = EntryId(self.next_id);
        self.next_id += 1;
        match self.clients.iter_mut().find(|(other, _)| other == client) {
            Some((_, jobs)) => jobs.push_back((id, job)),
            None => self
                .clients
                .push_back((client.clone(), VecDeque::from([(id, job)]))),
        }
        id
    }

    /// Removes and returns the oldest `ready` entry of the first client that has one, and moves that client
    /// to the end of the serving order.
    pub fn pop_ready(&mut self, ready: impl Fn(&T) -> bool) -> Option<T> {
        let (client_index, job_index) = self
            .clients
            .iter()
            .enumerate()
            .find_map(|(index, (_, jobs))| Some((index, jobs.iter().position(|(_, job)| ready(job))?)))?;
        let (client, mut jobs) = self.clients.remove(client_index)?;
        let job = jobs.remove(job_index);
        if !jobs.is_empty() {
            self.clients.push_back((client, jobs));
        }
        job.map(|(_, job)| job)
    }

    /// Returns true if the queue has no entries.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Removes an entry; returns `None` if it was removed before.
    pub fn remove(&mut self, id: EntryId) -> Option<T> {
        let (client_index, job_index) =
            self.clients.iter().enumerate().find_map(|(index, (_, jobs))| {
                Some((index, jobs.iter().position(|(other, _)| *other == id)?))
            })?;
        let (_, jobs) = self.clients.get_mut(client_index)?;
        let job = jobs.remove(job_index);
        if jobs.is_empty() {
            self.clients.remove(client_index);
        }
        job.map(|(_, job)| job)
    }

    /// Removes all entries that match `predicate`, in unspecified order.
    pub fn remove_where(&mut self, predicate: impl Fn(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for (_, jobs) in &mut self.clients {
            for (id, job) in std::mem::take(jobs) {
                if predicate(&job) {
                    taken.push(job);
                } else {
                    jobs.push_back((id, job));
                }
            }
        }
        self.clients.retain(|(_, jobs)| !jobs.is_empty());
        taken
    }

    /// Iterates in the order in which [`FairQueue::pop_ready`] would return the entries if all were ready.
    pub fn iter_in_order(&self) -> impl Iterator<Item = &T> {
        let longest = self.clients.iter().map(|(_, jobs)| jobs.len()).max().unwrap_or(0);
        (0..longest).flat_map(|round| {
            self.clients
                .iter()
                .filter_map(move |(_, jobs)| jobs.get(round).map(|(_, job)| job))
        })
    }

    /// Iterates client by client.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.clients
            .iter()
            .flat_map(|(_, jobs)| jobs.iter().map(|(_, job)| job))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(number: u8) -> ClientKey {
        ClientKey::new(&number.to_string())
    }

    #[test]
    fn clients_are_served_round_robin() {
        let mut queue = FairQueue::default();
        for job in ["a1", "a2", "a3"] {
            queue.push(&client(1), job);
        }
        queue.push(&client(2), "b1");
        queue.push(&client(3), "c1");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_ready(|_| true)).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn unready_entries_are_skipped_and_keep_order() {
        let mut queue = FairQueue::default();
        for (owner, job) in [(1, 10), (1, 11), (2, 20)] {
            queue.push(&client(owner), job);
        }
        assert_eq!(queue.pop_ready(|job| *job >= 20), Some(20));
        assert_eq!(queue.pop_ready(|job| *job == 11), Some(11));
        assert_eq!(queue.pop_ready(|_| true), Some(10));
        assert_eq!(queue.pop_ready(|_| true), None);
    }

    proptest! {
        #[test]
        fn each_entry_leaves_once_in_client_order(
            owners in prop::collection::vec(0u8..4, 0..40),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let mut queue = FairQueue::default();
            let ids: Vec<EntryId> =
                owners.iter().enumerate().map(|(job, owner)| queue.push(&client(*owner), (*owner, job))).collect();
            let mut gone = Vec::new();
            for index in removed {
                if !ids.is_empty() {
                    gone.extend(queue.remove(*index.get(&ids)));
                }
            }
            prop_assert_eq!(queue.iter().count(), owners.len() - gone.len());
            let expected: Vec<(u8, usize)> = queue.iter_in_order().copied().collect();
            let taken: Vec<(u8, usize)> = std::iter::from_fn(|| queue.pop_ready(|_| true)).collect();
            prop_assert_eq!(&expected, &taken);
            for owner in 0..4 {
                let own: Vec<usize> = taken.iter().filter(|(of, _)| *of == owner).map(|(_, job)| *job).collect();
                prop_assert!(own.is_sorted());
            }
            let mut all: Vec<usize> = taken.iter().chain(&gone).map(|(_, job)| *job).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..owners.len()).collect::<Vec<_>>());
        }
    }
}
