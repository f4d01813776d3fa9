//! Replacement of dead threads, unloading of idle models, fairness across clients, metrics.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use iopaint_test_support::{PAUSE, wait_until};
use rstest::rstest;

use super::fixture::{hole_value, input, occupy, offline};
use crate::{ClientKey, Device, EngineMetrics, JobError, JobProgress, Observer};

fn me() -> ClientKey {
    ClientKey::new("me")
}

/// Records the engine's events.
#[derive(Debug, Default)]
pub struct EventRecorder(Mutex<Vec<String>>);

impl EventRecorder {
    fn push(&self, event: &str) {
        self.0.lock().unwrap().push(event.to_owned());
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl EngineMetrics for EventRecorder {
    fn job_started(&self, _: Duration) {
        self.push("started");
    }

    fn job_ended(&self, model: &str, _: Device, _: Duration, succeeded: bool) {
        self.push(&format!("ended on {model}: {succeeded}"));
    }

    fn batch_ended(&self, images: usize) {
        self.push(&format!("batch of {images}"));
    }

    fn model_loaded(&self, model: &str, _: Duration) {
        self.push(&format!("loaded {model}"));
    }

    fn model_failed(&self, model: &str) {
        self.push(&format!("failed {model}"));
    }

    fn model_unloaded(&self, model: &str) {
        self.push(&format!("unloaded {model}"));
    }

    fn worker_replaced(&self) {
        self.push("replaced");
    }
}

/// Panics when it receives a queue position on the model thread, outside of any job.
#[derive(Debug)]
struct PanickingObserver;

impl Observer for PanickingObserver {
    fn is_watched(&self) -> bool {
        true
    }

    fn observe(&self, progress: JobProgress) {
        let queued = matches!(progress, JobProgress::Queued { .. });
        assert!(
            !queued || thread::current().name() != Some("model"),
            "an observer's bug"
        );
    }
}

#[rstest]
#[tokio::test]
async fn dead_model_thread_is_replaced(#[values(1, 3)] workers: usize) {
    let events = Arc::new(EventRecorder::default());
    let (engine, mut models, _folder) = offline(Some("a"), |options| {
        options.metrics = events.clone();
        options.workers = workers;
    });
    let running = occupy(&engine, &mut models, workers).await;
    // The thread dies when it has taken the first of these jobs and reports the position of the second.
    let taken = tokio::spawn(engine.admit(me(), None).unwrap().run(input(0)));
    tokio::task::yield_now().await;
    let job = engine.admit(me(), None).unwrap();
    let waiting = tokio::spawn(job.observed_by(Arc::new(PanickingObserver)).run(input(0)));
    tokio::task::yield_now().await;
    models.control.resume();
    assert_eq!(taken.await.unwrap().unwrap_err(), JobError::Panicked);
    for _ in 1..workers {
        models.control.resume();
    }
    for running in running {
        assert!(running.await.unwrap().is_ok());
    }
    assert_eq!(hole_value(&waiting.await.unwrap().unwrap()), b'a');
    // The new thread may finish its first job before the dead one has reported its replacement.
    wait_until("the replacement is reported", || {
        events.all().contains(&"replaced".to_owned())
    })
    .await;
    let status = engine.status();
    assert!(status.alive && status.ready);
    assert_eq!(status.jobs, 0);
}

#[rstest]
#[tokio::test]
async fn idle_model_is_unloaded_and_reloaded(#[values(1, 3)] workers: usize) {
    let events = Arc::new(EventRecorder::default());
    let (engine, _models, _folder) = offline(Some("a"), |options| {
        options.metrics = events.clone();
        options.workers = workers;
        options.idle_unload = Some(Duration::ZERO);
    });
    for _ in 0..2 {
        let output = engine
            .admit(me(), Some("b"))
            .unwrap()
            .run(input(0))
            .await
            .unwrap();
        assert_eq!(hole_value(&output), b'b');
        wait_until("`b` is unloaded", || engine.status().loaded == ["a"]).await;
    }
    let events = events.all();
    let count = |expected: &str| events.iter().filter(|event| *event == expected).count();
    assert_eq!((count("loaded b"), count("unloaded b")), (2, 2), "{events:?}");
    assert_eq!(count("unloaded a"), 0, "the current model stays loaded");
}

#[tokio::test]
async fn current_model_is_unloaded_if_configured() {
    let (engine, _models, _folder) = offline(Some("a"), |options| {
        options.idle_unload = Some(Duration::ZERO);
        options.unload_current = true;
    });
    for _ in 0..2 {
        let output = engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
        assert_eq!(hole_value(&output), b'a');
        wait_until("`a` is unloaded", || engine.status().loaded.is_empty()).await;
        assert!(engine.status().ready);
    }
}

/// Records the start of a client's job.
#[derive(Debug)]
struct StartRecorder(&'static str, Arc<EventRecorder>);

impl Observer for StartRecorder {
    fn is_watched(&self) -> bool {
        false
    }

    fn observe(&self, progress: JobProgress) {
        if matches!(progress, JobProgress::Running { crop: 0, .. }) {
            self.1.push(self.0);
        }
    }
}

#[rstest]
#[tokio::test]
async fn clients_take_turns(#[values(1, 3)] workers: usize) {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.workers = workers);
    let order = Arc::new(EventRecorder::default());
    let run = |name: &'static str, red: u8| {
        let job = engine.admit(ClientKey::new(name), None).unwrap();
        let observer = Arc::new(StartRecorder(name, Arc::clone(&order)));
        tokio::spawn(job.observed_by(observer).run(input(red)))
    };
    let mut jobs = Vec::new();
    for _ in 0..workers {
        jobs.push(run("many", PAUSE));
        models.control.wait_until_paused().await;
    }
    for _ in 0..10 {
        jobs.push(run("many", 0));
    }
    jobs.push(run("one", 0));
    // The runtime has one thread, so the jobs are in the queue after this.
    tokio::task::yield_now().await;
    models.control.resume();
    // One thread runs all queued jobs.
    for job in jobs.split_off(workers) {
        assert!(job.await.unwrap().is_ok());
    }
    assert_eq!(order.all()[workers..workers + 3], ["many", "one", "many"]);
    for _ in 1..workers {
        models.control.resume();
    }
    for job in jobs {
        assert!(job.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn job_and_load_events_reach_the_metrics() {
    let events = Arc::new(EventRecorder::default());
    let (engine, _models, _folder) = offline(Some("a"), |options| options.metrics = events.clone());
    assert!(engine.admit(me(), None).unwrap().run(input(0)).await.is_ok());
    assert!(engine.switch("broken").await.is_err());
    assert_eq!(
        events.all(),
        ["loaded a", "started", "ended on a: true", "failed broken"]
    );
}
