use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rstest::rstest;

use super::fake::{FAIL, OUT_OF_MEMORY, PANIC, WAIT, colour, offline, work};
use crate::{ClientKey, Engine, JobError, JobProgress, Observer, Rejection, Ticket};

fn me() -> ClientKey {
    ClientKey::new("me")
}

fn ticket(engine: &Engine) -> Ticket {
    engine.admit(me(), None).unwrap()
}

#[tokio::test]
async fn a_job_gets_the_current_models_result_and_keeps_what_is_outside_the_hole() {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    let done = ticket(&engine).run(work(9)).await.unwrap();
    assert_eq!((done.model.as_str(), colour(&done)), ("a", b'a'));
    assert_eq!(done.outcome.image.get_pixel(0, 0).0, [9, 0, 0]);
    assert_eq!(engine.status().jobs, 0);
}

#[rstest]
#[case(PANIC, JobError::Panicked)]
#[case(FAIL, JobError::Model("asked to".into()))]
#[case(OUT_OF_MEMORY, JobError::OutOfMemory)]
#[tokio::test]
async fn a_model_that_fails_or_panics_ends_one_job_only(#[case] what: u8, #[case] expected: JobError) {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    assert_eq!(ticket(&engine).run(work(what)).await.unwrap_err(), expected);
    assert_eq!(engine.status().jobs, 0);
    assert!(ticket(&engine).run(work(0)).await.is_ok());
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_again_and_a_dropped_ticket_frees_its_place() {
    let (engine, _strings, _folder) = offline(Some("a"), |options| options.max_queue = 2);
    let first = ticket(&engine);
    let _second = ticket(&engine);
    let Err(Rejection::Full { retry_after }) = engine.admit(me(), None) else {
        panic!("there was a place")
    };
    assert!(retry_after >= Duration::from_secs(1));
    drop(first);
    assert!(engine.admit(me(), None).is_ok());
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_a_waiting_jobs_place_at_once_and_a_running_ones_after_its_forward() {
    let (engine, strings, _folder) = offline(Some("a"), |options| options.max_queue = 64);
    let running = tokio::spawn(ticket(&engine).run(work(WAIT)));
    let strings = strings.once_started().await;
    let waiting: Vec<_> = (0..63)
        .map(|_| tokio::spawn(ticket(&engine).run(work(0))))
        .collect();
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Full { .. })));
    for waiting in waiting {
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    assert_eq!(engine.status().jobs, 1);
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(engine.status().jobs, 1, "a forward can't be interrupted");
    strings.go_on.send(()).unwrap();
    // Jobs end one after the other, so that after this one the abandoned one is over too.
    assert!(ticket(&engine).run(work(0)).await.is_ok());
    assert_eq!(engine.status().jobs, 0);
}

#[tokio::test]
async fn a_job_whose_deadline_passes_while_it_waits_never_runs() {
    let (engine, strings, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(ticket(&engine).run(work(WAIT)));
    let strings = strings.once_started().await;
    let mut late = work(WAIT);
    late.deadline = Some(Instant::now());
    assert_eq!(ticket(&engine).run(late).await.unwrap_err(), JobError::Deadline);
    strings.go_on.send(()).unwrap();
    assert!(running.await.unwrap().is_ok());
    assert!(ticket(&engine).run(work(0)).await.is_ok());
    assert!(strings.started.try_recv().is_err());
}

#[tokio::test]
async fn draining_finishes_the_running_job_and_sends_the_others_away() {
    let (engine, strings, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(ticket(&engine).run(work(WAIT)));
    let strings = strings.once_started().await;
    let waiting = tokio::spawn(ticket(&engine).run(work(0)));
    let undecided = ticket(&engine);
    // On this runtime's one thread the other task has its job in the queue after this.
    tokio::task::yield_now().await;
    engine.drain();
    assert_eq!(waiting.await.unwrap().unwrap_err(), JobError::Draining);
    assert_eq!(undecided.run(work(0)).await.unwrap_err(), JobError::Draining);
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Draining)));
    assert!(!engine.status().ready);
    strings.go_on.send(()).unwrap();
    assert!(running.await.unwrap().is_ok());
    engine.idle().await;
}

/// Keeps the places in the queue that it is told.
#[derive(Debug, Default)]
struct Places(Mutex<Vec<usize>>);

impl Observer for Places {
    fn is_watched(&self) -> bool {
        true
    }

    fn observe(&self, progress: JobProgress) {
        if let JobProgress::Queued { position, .. } = progress {
            self.0.lock().unwrap().push(position);
        }
    }
}

#[tokio::test]
async fn a_waiting_job_is_told_how_many_come_before_it_whenever_that_changes() {
    let (engine, strings, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(ticket(&engine).run(work(WAIT)));
    let strings = strings.once_started().await;
    let (own, others) = (Arc::new(Places::default()), Arc::new(Places::default()));
    let jobs: Vec<_> = [(me(), &own), (me(), &own), (ClientKey::new("other"), &others)]
        .into_iter()
        .map(|(client, places)| {
            let ticket = engine.admit(client, None).unwrap();
            tokio::spawn(ticket.observed_by(places.clone()).run(work(0)))
        })
        .collect();
    // On this runtime's one thread the jobs are in the queue after this.
    tokio::task::yield_now().await;
    // The other client comes in between the two jobs of the first, as it will be served.
    assert_eq!(*own.0.lock().unwrap(), [1, 1, 2, 1, 3]);
    assert_eq!(*others.0.lock().unwrap(), [2]);
    engine.tell_places();
    assert_eq!(*others.0.lock().unwrap(), [2, 2]);
    strings.go_on.send(()).unwrap();
    assert!(running.await.unwrap().is_ok());
    for job in jobs {
        assert!(job.await.unwrap().is_ok());
    }
    assert_eq!(*others.0.lock().unwrap(), [2, 2, 1]);
}
