//! Several devices, each with a copy of the weights.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use iopaint_test_support::{FAIL, PANIC, PAUSE, wait_until};
use rstest::rstest;
use tokio::task::JoinHandle;

use super::fixture::{finish, hole_value, input, occupy, offline_on};
use super::lifecycle::EventRecorder;
use crate::{
    ClientKey, Device, Engine, EngineOptions, JobError, JobOutput, ModelStore, ModelTask, Registry,
    Rejection, StartError,
};

const GPUS: [Device; 3] = [Device::Cuda(0), Device::Cuda(1), Device::Cuda(2)];

fn me() -> ClientKey {
    ClientKey::new("me")
}

fn spawn(engine: &Engine, model: Option<&str>, red: u8) -> JoinHandle<Result<JobOutput, JobError>> {
    tokio::spawn(engine.admit(me(), model).unwrap().run(input(red)))
}

/// Returns the values in the holes of successful jobs: the indices of the GPUs that ran them.
fn gpus(results: &[Result<JobOutput, JobError>]) -> Vec<u8> {
    let mut gpus: Vec<u8> = results
        .iter()
        .map(|result| hole_value(result.as_ref().unwrap()))
        .collect();
    gpus.sort_unstable();
    gpus
}

#[rstest]
#[tokio::test]
async fn each_device_runs_its_copy(#[values(1, 2)] workers: usize) {
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("a"), |options| options.workers = workers);
    let running = occupy(&engine, &mut models, 3 * workers).await;
    let status = engine.status();
    assert_eq!(status.running, 3 * workers);
    for (index, device) in status.devices.iter().enumerate() {
        assert_eq!((device.device, device.running), (Device::Cuda(index), workers));
        assert_eq!(device.models, ["a"]);
    }
    let results = finish(&models, running).await;
    let expected: Vec<u8> = (0..3).flat_map(|gpu| vec![gpu; workers]).collect();
    assert_eq!(gpus(&results), expected);
    assert_eq!(models.loads(), ["a on cuda:0", "a on cuda:1", "a on cuda:2"]);
}

#[tokio::test]
async fn failed_device_leaves_the_others_serving() {
    let events = Arc::new(EventRecorder::default());
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("half"), |options| {
        options.metrics = events.clone();
    });
    let mut running = occupy(&engine, &mut models, 2).await;
    // The third job waits, though the thread of the failed device is idle.
    running.push(spawn(&engine, None, 0));
    tokio::task::yield_now().await;
    assert_eq!(engine.status().waiting, 1);
    let loaded: Vec<_> = engine
        .status()
        .devices
        .into_iter()
        .map(|device| device.models)
        .collect();
    assert_eq!(loaded, [vec!["half"], vec![], vec!["half"]]);
    // Jobs of other models overtake it on that device.
    let other = spawn(&engine, Some("a"), PAUSE);
    models.control.wait_until_paused().await;
    running.push(other);
    for _ in 0..3 {
        models.control.resume();
    }
    let mut results = Vec::new();
    for job in running {
        results.push(job.await.unwrap());
    }
    assert_eq!(hole_value(results[3].as_ref().unwrap()), 1);
    assert!(gpus(&results[..3]).iter().all(|gpu| *gpu != 1));
    assert_eq!(events.all()[..2], ["failed half", "loaded half"]);
}

#[tokio::test]
async fn load_fails_if_no_device_succeeds() {
    let (engine, _models, _folder) = offline_on(&GPUS[1..2], Some("a"), |_| {});
    let error = engine.switch("half").await.unwrap_err();
    assert!(error.to_string().contains("the device is lost"), "{error}");
    assert!(spawn(&engine, None, 0).await.unwrap().is_ok());
}

#[rstest]
#[case(PANIC, JobError::Panicked)]
#[case(FAIL, JobError::Model("failed as requested".into()))]
#[tokio::test]
async fn failing_job_leaves_the_device_usable(#[case] red: u8, #[case] expected: JobError) {
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("a"), |_| {});
    for _ in 0..6 {
        let error = spawn(&engine, None, red).await.unwrap().unwrap_err();
        assert_eq!(error, expected);
    }
    let running = occupy(&engine, &mut models, 3).await;
    assert_eq!(gpus(&finish(&models, running).await), [0, 1, 2]);
}

#[tokio::test]
async fn switched_and_evicted_models_leave_all_devices() {
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("a"), |options| options.max_models = 1);
    let running = occupy(&engine, &mut models, 3).await;
    engine.switch("b").await.unwrap();
    let queued = spawn(&engine, None, 0);
    assert_eq!(gpus(&finish(&models, running).await), [0, 1, 2]);
    assert!(queued.await.unwrap().is_ok());
    let status = engine.status();
    assert_eq!(status.loaded, ["b"]);
    assert!(status.devices.iter().all(|device| device.models == ["b"]));
}

#[tokio::test]
async fn idle_model_leaves_all_devices() {
    let (engine, models, _folder) = offline_on(&GPUS, Some("a"), |options| {
        options.idle_unload = Some(Duration::ZERO);
        options.unload_current = true;
    });
    for _ in 0..2 {
        assert!(spawn(&engine, None, 0).await.unwrap().is_ok());
        wait_until("`a` is unloaded", || engine.status().loaded.is_empty()).await;
        assert!(
            engine
                .status()
                .devices
                .iter()
                .all(|device| device.models.is_empty())
        );
    }
    assert_eq!(models.loads().len() % 3, 0);
}

#[tokio::test]
async fn drain_finishes_the_jobs_of_all_devices() {
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("a"), |_| {});
    let running = occupy(&engine, &mut models, 3).await;
    let waiting = spawn(&engine, None, 0);
    tokio::task::yield_now().await;
    engine.drain();
    assert_eq!(waiting.await.unwrap().unwrap_err(), JobError::Draining);
    assert!(matches!(engine.admit(me(), None), Err(Rejection::Draining)));
    assert_eq!(gpus(&finish(&models, running).await), [0, 1, 2]);
    engine.idle().await;
}

#[tokio::test]
async fn network_of_plugin_is_loaded_once_and_runs_anywhere() {
    let (engine, mut models, _folder) = offline_on(&GPUS, Some("a"), |_| {});
    let mut running = occupy(&engine, &mut models, 2).await;
    for _ in 0..3 {
        let job = engine.admit_network(me(), "u2netp", ModelTask::Segment).unwrap();
        let kept = |run: crate::NetworkRun<'_>| -> Result<usize, JobError> { Ok(run.maps.images()) };
        assert!(job.run_network(None, kept).await.is_ok());
    }
    running.push(spawn(&engine, None, PAUSE));
    models.control.wait_until_paused().await;
    let devices: BTreeSet<u8> = gpus(&finish(&models, running).await).into_iter().collect();
    assert_eq!(devices.len(), 3);
    let loads = models.loads();
    let networks = loads.iter().filter(|load| load.starts_with("u2netp"));
    assert_eq!(networks.collect::<Vec<_>>(), ["u2netp on cuda:0"]);
}

#[test]
fn engine_needs_a_device() {
    let store = ModelStore::new(std::env::temp_dir(), None);
    let engine = Engine::start(
        Registry::known().unwrap(),
        store,
        Vec::new(),
        &EngineOptions::default(),
    );
    assert!(matches!(engine.err(), Some(StartError::NoDevice)));
}
