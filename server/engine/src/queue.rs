//! The waiting jobs: a list per client, taken round-robin, so that one busy client doesn't make the others wait for
//! all of its jobs.

use std::collections::VecDeque;
use std::sync::Arc;

/// Who a job belongs to, for fairness only: an address, a key, a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Arc<str>);

impl ClientKey {
    /// The client known as `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }
}

/// Names a job in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobId(u64);

/// Jobs that wait. Not a channel: any job can be counted, skipped and taken out.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// In the order in which clients get their turn; none of the lists is empty.
    clients: VecDeque<(ClientKey, VecDeque<(JobId, T)>)>,
    next_id: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            clients: VecDeque::new(),
            next_id: 0,
        }
    }
}

impl<T> Queue<T> {
    /// Adds a job behind its client's others.
    pub fn push(&mut self, client: &ClientKey, job: T) -> JobId {
        let id = JobId(self.next_id);
        self.next_id += 1;
        match self.clients.iter_mut().find(|(other, _)| other == client) {
            Some((_, jobs)) => jobs.push_back((id, job)),
            None => self
                .clients
                .push_back((client.clone(), VecDeque::from([(id, job)]))),
        }
        id
    }

    /// Takes the next job that is `ready`: of the client whose turn it is the oldest one, of clients without a
    /// ready job none. The client goes to the back of the line.
    pub fn take(&mut self, ready: impl Fn(&T) -> bool) -> Option<T> {
        let (turn, place) = self
            .clients
            .iter()
            .enumerate()
            .find_map(|(turn, (_, jobs))| Some((turn, jobs.iter().position(|(_, job)| ready(job))?)))?;
        let (client, mut jobs) = self.clients.remove(turn)?;
        let job = jobs.remove(place);
        if !jobs.is_empty() {
            self.clients.push_back((client, jobs));
        }
        job.map(|(_, job)| job)
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Takes a job out, unless it has been taken already.
    pub fn remove(&mut self, id: JobId) -> Option<T> {
        let (turn, place) =
            self.clients.iter().enumerate().find_map(|(turn, (_, jobs))| {
                Some((turn, jobs.iter().position(|(other, _)| *other == id)?))
            })?;
        let (_, jobs) = self.clients.get_mut(turn)?;
        let job = jobs.remove(place);
        if jobs.is_empty() {
            self.clients.remove(turn);
        }
        job.map(|(_, job)| job)
    }

    /// Takes all jobs that `wanted` picks, in no particular order.
    pub fn extract(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for (_, jobs) in &mut self.clients {
            for (id, job) in std::mem::take(jobs) {
                if wanted(&job) {
                    taken.push(job);
                } else {
                    jobs.push_back((id, job));
                }
            }
        }
        self.clients.retain(|(_, jobs)| !jobs.is_empty());
        taken
    }

    /// The jobs in the order in which [`Queue::take`] would take them if all were ready.
    pub fn in_turn(&self) -> impl Iterator<Item = &T> {
        let longest = self.clients.iter().map(|(_, jobs)| jobs.len()).max().unwrap_or(0);
        (0..longest).flat_map(|round| {
            self.clients
                .iter()
                .filter_map(move |(_, jobs)| jobs.get(round).map(|(_, job)| job))
        })
    }

    /// The jobs, client by client.
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
    fn a_busy_client_does_not_hold_up_the_others() {
        let mut queue = Queue::default();
        for job in ["a1", "a2", "a3"] {
            queue.push(&client(1), job);
        }
        queue.push(&client(2), "b1");
        queue.push(&client(3), "c1");
        let order: Vec<_> = std::iter::from_fn(|| queue.take(|_| true)).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn a_job_that_is_not_ready_lets_others_pass_and_keeps_its_place() {
        let mut queue = Queue::default();
        for (owner, job) in [(1, 10), (1, 11), (2, 20)] {
            queue.push(&client(owner), job);
        }
        assert_eq!(queue.take(|job| *job >= 20), Some(20));
        assert_eq!(queue.take(|job| *job == 11), Some(11));
        assert_eq!(queue.take(|_| true), Some(10));
        assert_eq!(queue.take(|_| true), None);
    }

    proptest! {
        #[test]
        fn every_job_leaves_the_queue_once_and_a_clients_jobs_in_their_order(
            owners in prop::collection::vec(0u8..4, 0..40),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let mut queue = Queue::default();
            let ids: Vec<JobId> =
                owners.iter().enumerate().map(|(job, owner)| queue.push(&client(*owner), (*owner, job))).collect();
            let mut gone = Vec::new();
            for index in removed {
                if !ids.is_empty() {
                    gone.extend(queue.remove(*index.get(&ids)));
                }
            }
            prop_assert_eq!(queue.iter().count(), owners.len() - gone.len());
            let expected: Vec<(u8, usize)> = queue.in_turn().copied().collect();
            let taken: Vec<(u8, usize)> = std::iter::from_fn(|| queue.take(|_| true)).collect();
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
