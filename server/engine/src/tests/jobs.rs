use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rstest::rstest;

use iopaint_test_support::{FAIL, OUT_OF_MEMORY, PANIC, PAUSE, wait_until};

use super::fixture::{finish, hole_value, input, occupy, offline};
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
async fn failing_model_ends_one_job_only(
    #[case] red: u8,
    #[case] expected: JobError,
    #[values(1, 3)] workers: usize,
) {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.workers = workers);
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

#[rstest]
#[tokio::test]
async fn dropped_jobs_free_their_permits(#[values(1, 3)] workers: usize) {
    let (engine, mut models, _folder) = offline(Some("a"), |options| {
        options.max_queue = 64;
        options.workers = workers;
    });
    let running = occupy(&engine, &mut models, workers).await;
    let waiting: Vec<_> = (workers..64)
        .map(|_| tokio::spawn(admit(&engine).run(input(0))))
        .collect();
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Full { .. })));
    for waiting in waiting {
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    assert_eq!(engine.status().jobs, workers);
    for running in running {
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
    }
    assert_eq!(engine.status().jobs, workers, "a forward is not interrupted");
    for _ in 0..workers {
        models.control.resume();
    }
    wait_until("the cancelled jobs have ended", || engine.status().jobs == 0).await;
    assert!(admit(&engine).run(input(0)).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn job_past_its_deadline_never_runs(#[values(1, 3)] workers: usize) {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.workers = workers);
    let running = occupy(&engine, &mut models, workers).await;
    let mut late = input(PAUSE);
    late.deadline = Some(Instant::now());
    assert_eq!(admit(&engine).run(late).await.unwrap_err(), JobError::Deadline);
    assert!(finish(&models, running).await.iter().all(Result::is_ok));
    assert!(admit(&engine).run(input(0)).await.is_ok());
    assert!(!models.control.has_paused());
}

#[rstest]
#[tokio::test]
async fn draining_finishes_only_the_running_jobs(#[values(1, 3)] workers: usize) {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.workers = workers);
    let running = occupy(&engine, &mut models, workers).await;
    let waiting = tokio::spawn(admit(&engine).run(input(0)));
    let admitted = admit(&engine);
    // The runtime has one thread, so the other task has enqueued its job after this.
    tokio::task::yield_now().await;
    engine.drain();
    assert_eq!(waiting.await.unwrap().unwrap_err(), JobError::Draining);
    assert_eq!(admitted.run(input(0)).await.unwrap_err(), JobError::Draining);
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Draining)));
    assert!(!engine.status().ready);
    assert!(finish(&models, running).await.iter().all(Result::is_ok));
    engine.idle().await;
    assert_eq!(engine.status().running, 0);
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

#[rstest]
#[tokio::test]
async fn queue_positions_are_reported_on_change(#[values(1, 3)] workers: usize) {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.workers = workers);
    let running = occupy(&engine, &mut models, workers).await;
    let behind =
        |positions: &[usize]| -> Vec<usize> { positions.iter().map(|position| position + workers).collect() };
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
    assert_eq!(*own.0.lock().unwrap(), behind(&[0, 0, 1, 0, 2]));
    assert_eq!(*other.0.lock().unwrap(), behind(&[1]));
    engine.publish_queue_positions();
    assert_eq!(*other.0.lock().unwrap(), behind(&[1, 1]));
    assert!(finish(&models, running).await.iter().all(Result::is_ok));
    for job in jobs {
        assert!(job.await.unwrap().is_ok());
    }
    assert_eq!(other.0.lock().unwrap()[..3], behind(&[1, 1, 0]));
}

#[tokio::test]
async fn jobs_of_one_model_overlap_on_several_threads() {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.workers = 2);
    let running = occupy(&engine, &mut models, 2).await;
    assert_eq!(engine.status().running, 2);
    let third = tokio::spawn(admit(&engine).run(input(PAUSE)));
    // The runtime has one thread, so the job is in the queue after this.
    tokio::task::yield_now().await;
    assert_eq!(engine.status().waiting, 1);
    assert!(!models.control.has_paused());
    assert_eq!(models.loads(), ["a"], "one copy of the weights");
    models.control.resume();
    models.control.wait_until_paused().await;
    for _ in 0..2 {
        models.control.resume();
    }
    for job in running.into_iter().chain([third]) {
        assert!(job.await.unwrap().is_ok());
    }
}
