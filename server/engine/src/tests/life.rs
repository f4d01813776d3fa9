//! Threads that die, models that nobody asks for, clients that take turns.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::fake::{WAIT, colour, offline, work};
use crate::{ClientKey, EngineMetrics, JobError, JobProgress, Observer};

fn me() -> ClientKey {
    ClientKey::new("me")
}

/// Keeps what the engine tells.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn push(&self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl EngineMetrics for Told {
    fn job_started(&self, _: Duration) {
        self.push("started");
    }

    fn job_ended(&self, model: &str, _: Duration, done: bool) {
        self.push(&format!("ended on {model}: {done}"));
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

/// Has a fault that ends the model's thread, outside of any job, when a place in the queue is told there.
#[derive(Debug)]
struct Faulty;

impl Observer for Faulty {
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

#[tokio::test]
async fn a_dead_model_thread_is_replaced_and_loses_no_job_but_its_own() {
    let told = Arc::new(Told::default());
    let (engine, strings, _folder) = offline(Some("a"), |options| options.meter = told.clone());
    let running = tokio::spawn(engine.admit(me(), None).unwrap().run(work(WAIT)));
    let strings = strings.once_started().await;
    // The thread dies when it has taken the first of these and tells the second its place.
    let taken = tokio::spawn(engine.admit(me(), None).unwrap().run(work(0)));
    tokio::task::yield_now().await;
    let ticket = engine.admit(me(), None).unwrap();
    let waiting = tokio::spawn(ticket.observed_by(Arc::new(Faulty)).run(work(0)));
    tokio::task::yield_now().await;
    strings.go_on.send(()).unwrap();
    assert!(running.await.unwrap().is_ok());
    assert_eq!(taken.await.unwrap().unwrap_err(), JobError::Panicked);
    assert_eq!(colour(&waiting.await.unwrap().unwrap()), b'a');
    assert!(told.all().contains(&"replaced".to_owned()));
    let status = engine.status();
    assert!(status.alive && status.ready);
    assert_eq!(status.jobs, 0);
}

#[tokio::test]
async fn a_model_that_nobody_asks_for_is_unloaded_and_loaded_anew_when_it_is_asked_for() {
    let told = Arc::new(Told::default());
    let (engine, _strings, _folder) = offline(Some("a"), |options| {
        options.meter = told.clone();
        options.idle_unload = Some(Duration::ZERO);
    });
    for _ in 0..2 {
        let done = engine.admit(me(), Some("b")).unwrap().run(work(0)).await.unwrap();
        assert_eq!(colour(&done), b'b');
        // No time is set here: if it stayed, the test would never end.
        while engine.status().loaded != ["a"] {
            tokio::task::yield_now().await;
        }
    }
    let told = told.all();
    let count = |what: &str| told.iter().filter(|told| *told == what).count();
    assert_eq!((count("loaded b"), count("unloaded b")), (2, 2), "{told:?}");
    assert_eq!(count("unloaded a"), 0, "the current one stays");
}

#[tokio::test]
async fn the_current_model_goes_too_where_the_operator_says_so_and_the_engine_stays_ready() {
    let (engine, _strings, _folder) = offline(Some("a"), |options| {
        options.idle_unload = Some(Duration::ZERO);
        options.unload_current = true;
    });
    for _ in 0..2 {
        let done = engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
        assert_eq!(colour(&done), b'a');
        while !engine.status().loaded.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(engine.status().ready);
    }
}

/// Notes whose job runs.
#[derive(Debug)]
struct Named(&'static str, Arc<Told>);

impl Observer for Named {
    fn is_watched(&self) -> bool {
        false
    }

    fn observe(&self, progress: JobProgress) {
        if matches!(progress, JobProgress::Running { crop: 0, .. }) {
            self.1.push(self.0);
        }
    }
}

#[tokio::test]
async fn a_client_with_one_picture_waits_for_one_job_of_a_client_with_many() {
    let (engine, strings, _folder) = offline(Some("a"), |_| {});
    let order = Arc::new(Told::default());
    let run = |name: &'static str, what: u8| {
        let ticket = engine.admit(ClientKey::new(name), None).unwrap();
        let observer = Arc::new(Named(name, Arc::clone(&order)));
        tokio::spawn(ticket.observed_by(observer).run(work(what)))
    };
    let mut jobs = vec![run("many", WAIT)];
    let strings = strings.once_started().await;
    for _ in 0..10 {
        jobs.push(run("many", 0));
    }
    jobs.push(run("one", 0));
    // On this runtime's one thread the jobs are in the queue after this.
    tokio::task::yield_now().await;
    strings.go_on.send(()).unwrap();
    for job in jobs {
        assert!(job.await.unwrap().is_ok());
    }
    assert_eq!(order.all()[..4], ["many", "many", "one", "many"]);
}

#[tokio::test]
async fn what_a_job_does_is_told_to_the_meter() {
    let told = Arc::new(Told::default());
    let (engine, _strings, _folder) = offline(Some("a"), |options| options.meter = told.clone());
    assert!(engine.admit(me(), None).unwrap().run(work(0)).await.is_ok());
    assert!(engine.switch("broken").await.is_err());
    assert_eq!(
        told.all(),
        ["loaded a", "started", "ended on a: true", "failed broken"]
    );
}
