use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rstest::rstest;

use iopaint_test_support::{FAIL, OUT_OF_MEMORY, PANIC, PAUSE};

use super::fixture::{hole_value, input, offline};
use crate::{AdmittedJob, ClientKey, Engine, JobError, JobProgress, Observer, Rejection};

fn me() -> ClientKey {
    ClientKey::new("me")
}

fn admit(engine: &Engine) -> AdmittedJob {
    engine.admit(me(), None).unwrap()
}

#[tokio::test]
async fn job_runs_current_model_and_keeps_known_pixels() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let output = admit(&engine).run(input(9)).await.unwrap();
    assert_eq!((output.run.model.as_str(), hole_value(&output)), ("a", b'a'));
    assert_eq!(output.outcome.image.get_pixel(0, 0).0, [9, 0, 0]);
    assert_eq!(engine.status().jobs, 0);
}

#[rstest]
#[case(PANIC, JobError::Panicked)]
#[case(FAIL, JobError::Model("failed as requested".into()))]
#[case(OUT_OF_MEMORY, JobError::OutOfMemory)]
#[tokio::test]
async fn failing_model_ends_one_job_only(#[case] red: u8, #[case] expected: JobError) {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    assert_eq!(admit(&engine).run(input(red)).await.unwrap_err(), expected);
    assert_eq!(engine.status().jobs, 0);
    assert!(admit(&engine).run(input(0)).await.is_ok());
}

#[tokio::test]
async fn full_queue_rejects_and_dropped_job_frees_permit() {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.max_queue = 2);
    let first = admit(&engine);
    let _second = admit(&engine);
    let Err(Rejection::Full { retry_after }) = engine.admit(me(), None) else {
        panic!("there was a free permit")
    };
    assert!(retry_after >= Duration::from_secs(1));
    drop(first);
    assert!(engine.admit(me(), None).is_ok());
}

#[tokio::test]
async fn dropped_jobs_free_their_permits() {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.max_queue = 64);
    let running = tokio::spawn(admit(&engine).run(input(PAUSE)));
    models.control.wait_until_paused().await;
    let waiting: Vec<_> = (0..63)
        .map(|_| tokio::spawn(admit(&engine).run(input(0))))
        .collect();
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Full { .. })));
    for waiting in waiting {
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    assert_eq!(engine.status().jobs, 1);
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(engine.status().jobs, 1, "a forward is not interrupted");
    models.control.resume();
    // Jobs run one after the other, so the cancelled one has ended when this one has.
    assert!(admit(&engine).run(input(0)).await.is_ok());
    assert_eq!(engine.status().jobs, 0);
}

#[tokio::test]
async fn job_past_its_deadline_never_runs() {
    let (engine, mut models, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(admit(&engine).run(input(PAUSE)));
    models.control.wait_until_paused().await;
    let mut late = input(PAUSE);
    late.deadline = Some(Instant::now());
    assert_eq!(admit(&engine).run(late).await.unwrap_err(), JobError::Deadline);
    models.control.resume();
    assert!(running.await.unwrap().is_ok());
    assert!(admit(&engine).run(input(0)).await.is_ok());
    assert!(!models.control.has_paused());
}

#[tokio::test]
async fn draining_finishes_only_the_running_job() {
    let (engine, mut models, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(admit(&engine).run(input(PAUSE)));
    models.control.wait_until_paused().await;
    let waiting = tokio::spawn(admit(&engine).run(input(0)));
    let admitted = admit(&engine);
    // The runtime has one thread, so the other task has enqueued its job after this.
    tokio::task::yield_now().await;
    engine.drain();
    assert_eq!(waiting.await.unwrap().unwrap_err(), JobError::Draining);
    assert_eq!(admitted.run(input(0)).await.unwrap_err(), JobError::Draining);
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Draining)));
    assert!(!engine.status().ready);
    models.control.resume();
    assert!(running.await.unwrap().is_ok());
    engine.idle().await;
}

/// Records queue positions.
#[derive(Debug, Default)]
struct PositionRecorder(Mutex<Vec<usize>>);

impl Observer for PositionRecorder {
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
async fn queue_positions_are_reported_on_change() {
    let (engine, mut models, _folder) = offline(Some("a"), |_| {});
    let running = tokio::spawn(admit(&engine).run(input(PAUSE)));
    models.control.wait_until_paused().await;
    let (own, other) = (
        Arc::new(PositionRecorder::default()),
        Arc::new(PositionRecorder::default()),
    );
    let jobs: Vec<_> = [(me(), &own), (me(), &own), (ClientKey::new("other"), &other)]
        .into_iter()
        .map(|(client, recorder)| {
            let job = engine.admit(client, None).unwrap();
            tokio::spawn(job.observed_by(recorder.clone()).run(input(0)))
        })
        .collect();
    // The runtime has one thread, so the jobs are in the queue after this.
    tokio::task::yield_now().await;
    // The other client's job is between the two jobs of the first client, in serving order.
    assert_eq!(*own.0.lock().unwrap(), [1, 1, 2, 1, 3]);
    assert_eq!(*other.0.lock().unwrap(), [2]);
    engine.publish_queue_positions();
    assert_eq!(*other.0.lock().unwrap(), [2, 2]);
    models.control.resume();
    assert!(running.await.unwrap().is_ok());
    for job in jobs {
        assert!(job.await.unwrap().is_ok());
    }
    assert_eq!(*other.0.lock().unwrap(), [2, 2, 1]);
}
