//! Jobs on the networks of plugins.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iopaint_inpaint::{ForwardError, Stop};
use iopaint_test_support::{PAUSE, wait_until};
use iopaint_vision::Tensor;
use iopaint_vision::selection::ImageKey;

use super::fixture::{input, offline};
use super::lifecycle::EventRecorder;
use crate::{
    AdmittedJob, ClientKey, Engine, JobError, ModelTask, NetworkRun, PromptRun, Rejection, Unavailable,
};

const NETWORK: &str = "u2netp";
const PROMPT_NETWORK: &str = "mobile_sam";

fn admit(engine: &Engine) -> AdmittedJob {
    engine
        .admit_network(ClientKey::new("me"), NETWORK, ModelTask::Segment)
        .unwrap()
}

/// Returns the network's output for an input of one value.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a plugin's work")]
fn run_once(run: NetworkRun<'_>) -> Result<f32, ForwardError> {
    let input = Tensor::new(vec![1], vec![21.0]).unwrap();
    Ok(run.network.forward(input)?[0].values()[0])
}

#[tokio::test]
async fn network_is_loaded_on_demand_and_runs() {
    let (engine, models, _folder) = offline(Some("a"), |_| {});
    let output = admit(&engine).run_network(None, run_once).await.unwrap();
    assert!((output.outcome - 42.0).abs() < f32::EPSILON);
    assert_eq!(output.run.model, NETWORK);
    assert!(models.loads().contains(&NETWORK.to_owned()));
    assert_eq!(engine.status().jobs, 0);
}

/// Returns the number of images whose maps the network has kept, after adding one.
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the signature of a plugin's work"
)]
fn add_image(run: NetworkRun<'_>) -> Result<usize, ForwardError> {
    let kept = run.maps.images();
    run.maps.with(ImageKey([kept as u8; 32]), |_| ());
    Ok(kept)
}

#[tokio::test]
async fn maps_are_kept_between_jobs() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    for expected in 0..3 {
        let kept = admit(&engine).run_network(None, add_image).await.unwrap().outcome;
        assert_eq!(kept, expected);
    }
}

#[tokio::test]
async fn maps_are_dropped_with_the_idle_network() {
    let (engine, _models, _folder) = offline(Some("a"), |options| {
        options.idle_unload = Some(Duration::ZERO);
    });
    for _ in 0..2 {
        let kept = admit(&engine).run_network(None, add_image).await.unwrap().outcome;
        assert_eq!(kept, 0);
        wait_until("the network is unloaded", || {
            !engine.status().loaded.contains(&NETWORK.to_owned())
        })
        .await;
    }
}

/// Returns the number of images whose embeddings the network has kept, after adding one.
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the signature of a plugin's work"
)]
fn add_embedding(run: PromptRun<'_>) -> Result<usize, ForwardError> {
    let kept = run.embeddings.images();
    run.embeddings.with(ImageKey([kept as u8; 32]), |_| ());
    Ok(kept)
}

/// Admits a job on the network that takes prompts; its file is in `folder`.
fn admit_prompt(engine: &Engine, folder: &Path) -> AdmittedJob {
    std::fs::write(folder.join("mobile_sam.pt"), "weights").unwrap();
    engine
        .admit_network(ClientKey::new("me"), PROMPT_NETWORK, ModelTask::SegmentByPrompt)
        .unwrap()
}

#[tokio::test]
async fn embeddings_are_kept_between_jobs() {
    let (engine, _models, folder) = offline(Some("a"), |_| {});
    for expected in 0..3 {
        let job = admit_prompt(&engine, folder.path());
        let kept = job.run_prompt_network(None, add_embedding).await.unwrap().outcome;
        assert_eq!(kept, expected);
    }
}

#[tokio::test]
async fn embeddings_are_dropped_with_the_idle_network() {
    let (engine, _models, folder) = offline(Some("a"), |options| {
        options.idle_unload = Some(Duration::ZERO);
    });
    for _ in 0..2 {
        let job = admit_prompt(&engine, folder.path());
        let kept = job.run_prompt_network(None, add_embedding).await.unwrap().outcome;
        assert_eq!(kept, 0);
        wait_until("the network is unloaded", || {
            !engine.status().loaded.contains(&PROMPT_NETWORK.to_owned())
        })
        .await;
    }
}

#[tokio::test]
async fn networks_run_work_of_their_kind_only() {
    let (engine, _models, folder) = offline(Some("a"), |_| {});
    let job = admit_prompt(&engine, folder.path());
    let result = job.run_network(None, run_once).await;
    assert!(matches!(result, Err(JobError::Model(_))), "{result:?}");
    let result = admit(&engine).run_prompt_network(None, add_embedding).await;
    assert!(matches!(result, Err(JobError::Model(_))), "{result:?}");
}

const SECOND_NETWORK: &str = "realesr-animevideov3";

/// Admits two jobs under one permit.
fn admit_two(engine: &Engine) -> [AdmittedJob; 2] {
    let networks = [
        (NETWORK, ModelTask::Segment),
        (SECOND_NETWORK, ModelTask::Upscale),
    ];
    engine.admit_networks(&ClientKey::new("me"), networks).unwrap()
}

#[tokio::test]
async fn two_networks_run_in_turn_with_room_for_one() {
    let (engine, models, _folder) = offline(Some("a"), |options| {
        options.max_models = 1;
        options.max_queue = 1;
    });
    for _ in 0..2 {
        for job in admit_two(&engine) {
            assert_eq!(engine.status().jobs, 1);
            job.run_network(None, run_once).await.unwrap();
            assert!(engine.status().loaded.len() <= 1);
        }
        assert_eq!(engine.status().jobs, 0);
    }
    let loads = models.loads();
    let count = |name: &str| loads.iter().filter(|other| *other == name).count();
    assert_eq!((count(NETWORK), count(SECOND_NETWORK)), (2, 2));
}

#[tokio::test]
async fn jobs_of_two_networks_share_a_permit() {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.max_queue = 1);
    let [first, second] = admit_two(&engine);
    first.run_network(None, run_once).await.unwrap();
    let me = ClientKey::new("me");
    assert!(matches!(
        engine.admit(me.clone(), None).err(),
        Some(Rejection::Full { .. })
    ));
    drop(second);
    assert!(engine.admit(me, None).is_ok());
}

#[tokio::test]
async fn absent_second_network_is_rejected() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let networks = [
        (NETWORK, ModelTask::Segment),
        (PROMPT_NETWORK, ModelTask::SegmentByPrompt),
    ];
    let rejection = engine.admit_networks(&ClientKey::new("me"), networks).err();
    let absent = Unavailable::Absent(PROMPT_NETWORK.to_owned());
    assert_eq!(rejection, Some(Rejection::Unavailable(absent)));
    assert_eq!(engine.status().jobs, 0);
}

#[tokio::test]
async fn two_clients_with_two_networks_finish() {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.max_models = 1);
    let run = |networks: [(&'static str, ModelTask); 2]| {
        let jobs = engine.admit_networks(&ClientKey::new(networks[0].0), networks);
        tokio::spawn(async move {
            for job in jobs.unwrap() {
                job.run_network(None, run_once).await.unwrap();
            }
        })
    };
    let one = [
        (NETWORK, ModelTask::Segment),
        (SECOND_NETWORK, ModelTask::Upscale),
    ];
    let [first, second] = one;
    // In opposite order: neither waits for a network while it holds another.
    let (one, other) = (run(one), run([second, first]));
    one.await.unwrap();
    other.await.unwrap();
}

#[tokio::test]
async fn network_never_becomes_the_current_model() {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.max_models = 1);
    admit(&engine).run_network(None, run_once).await.unwrap();
    assert_ne!(
        engine.status().model.map(|model| model.name).as_deref(),
        Some(NETWORK)
    );
    assert!(engine.switch(NETWORK).await.is_err());
}

#[tokio::test]
async fn models_are_unloaded_before_a_load_if_configured() {
    let events = Arc::new(EventRecorder::default());
    let (engine, _models, _folder) = offline(Some("a"), |options| {
        options.metrics = events.clone();
        options.max_models = 1;
        options.unload_current = true;
    });
    wait_until("`a` is loaded", || engine.status().loaded == ["a"]).await;
    admit(&engine).run_network(None, run_once).await.unwrap();
    let events: Vec<String> = events
        .all()
        .into_iter()
        .filter(|event| event.contains("loaded"))
        .collect();
    assert_eq!(events, ["loaded a", "unloaded a", &format!("loaded {NETWORK}")]);
}

#[tokio::test]
async fn other_task_is_rejected() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let unknown = |name: &str| Some(Rejection::Unavailable(Unavailable::Unknown(name.to_owned())));
    let me = ClientKey::new("me");
    assert_eq!(engine.admit(me.clone(), Some(NETWORK)).err(), unknown(NETWORK));
    assert_eq!(
        engine.admit_network(me.clone(), "a", ModelTask::Segment).err(),
        unknown("a")
    );
    assert_eq!(
        engine.admit_network(me, NETWORK, ModelTask::Upscale).err(),
        unknown(NETWORK)
    );
}

#[tokio::test]
async fn errors_and_panics_end_the_job_only() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let stop = |_: NetworkRun<'_>| Err::<(), _>(ForwardError::Stopped(Stop::Cancelled));
    let result = admit(&engine).run_network(None, stop).await;
    assert_eq!(result.unwrap_err(), JobError::Cancelled);
    let panic = |_: NetworkRun<'_>| -> Result<(), ForwardError> { panic!("a plugin's bug") };
    let result = admit(&engine).run_network(None, panic).await;
    assert_eq!(result.unwrap_err(), JobError::Panicked);
    assert!(admit(&engine).run_network(None, run_once).await.is_ok());
}

#[tokio::test]
async fn queued_network_job_can_be_dropped() {
    let (engine, mut models, _folder) = offline(Some("a"), |_| {});
    let fill = engine.admit(ClientKey::new("me"), None).unwrap();
    let running = tokio::spawn(fill.run(input(PAUSE)));
    models.control.wait_until_paused().await;
    let queued = tokio::spawn(admit(&engine).run_network(None, run_once));
    tokio::task::yield_now().await;
    assert_eq!(engine.status().jobs, 2);
    queued.abort();
    assert!(queued.await.unwrap_err().is_cancelled());
    assert_eq!(engine.status().jobs, 1);
    models.control.resume();
    assert!(running.await.unwrap().is_ok());
}
