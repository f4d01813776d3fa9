use iopaint_test_support::PAUSE;
use rstest::rstest;

use super::fixture::{hole_value, input, offline};
use crate::{ClientKey, Rejection, SwitchError, Unavailable};

fn me() -> ClientKey {
    ClientKey::new("me")
}

#[tokio::test]
async fn switch_changes_current_model_and_loads_once() {
    let (engine, models, _folder) = offline(Some("a"), |_| {});
    // Otherwise the switch could happen before `a` is loaded.
    engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    assert_eq!(engine.switch("b").await.unwrap().name, "b");
    assert_eq!(engine.status().model.unwrap().name, "b");
    engine.switch("b").await.unwrap();
    let output = engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    assert_eq!(hole_value(&output), b'b');
    let mut loads = models.loads();
    loads.sort();
    assert_eq!(loads, ["a", "b"]);
}

#[rstest]
#[case("broken")]
#[case("panic")]
#[tokio::test]
async fn failed_switch_keeps_previous_model(#[case] name: &str) {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    let Err(SwitchError::Load(message)) = engine.switch(name).await else {
        panic!("the switch succeeded")
    };
    assert!(message.contains(name), "{message}");
    assert_eq!(engine.status().failure.unwrap(), message);
    let output = engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    assert_eq!(hole_value(&output), b'a');
}

#[tokio::test]
async fn unknown_and_absent_models_differ() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    assert_eq!(
        engine.switch("unknown").await,
        Err(Unavailable::Unknown("unknown".into()).into())
    );
    assert_eq!(
        engine.switch("lama").await,
        Err(Unavailable::Absent("lama".into()).into())
    );
    assert!(matches!(
        engine.admit(me(), Some("unknown")),
        Err(Rejection::Unavailable(Unavailable::Unknown(_)))
    ));
}

#[tokio::test]
async fn named_model_runs_and_current_stays() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let output = engine
        .admit(me(), Some("b"))
        .unwrap()
        .run(input(0))
        .await
        .unwrap();
    assert_eq!(hole_value(&output), b'b');
    let output = engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    assert_eq!(hole_value(&output), b'a');
    assert_eq!(engine.status().model.unwrap().name, "a");
}

#[tokio::test]
async fn job_for_broken_model_fails_with_cause() {
    let (engine, _models, _folder) = offline(Some("a"), |_| {});
    let error = engine
        .admit(me(), Some("broken"))
        .unwrap()
        .run(input(0))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("`broken` could not be loaded"),
        "{error}"
    );
}

#[rstest]
#[case(1)]
#[case(2)]
#[tokio::test]
async fn jobs_run_their_model_despite_eviction(#[case] max_models: usize) {
    let (engine, _models, _folder) = offline(Some("a"), |options| options.max_models = max_models);
    let jobs: Vec<_> = ["a", "b", "c", "b", "a", "c", "", "b"]
        .into_iter()
        .map(|name| {
            (
                name,
                tokio::spawn(engine.admit(me(), Some(name)).unwrap().run(input(0))),
            )
        })
        .collect();
    for (name, job) in jobs {
        let expected = name.bytes().next().unwrap_or(b'a');
        assert_eq!(hole_value(&job.await.unwrap().unwrap()), expected);
    }
}

#[tokio::test]
async fn evicted_model_finishes_its_job() {
    let (engine, mut models, _folder) = offline(Some("a"), |options| options.max_models = 1);
    let running = tokio::spawn(engine.admit(me(), None).unwrap().run(input(PAUSE)));
    models.control.wait_until_paused().await;
    engine.switch("b").await.unwrap();
    models.control.resume();
    assert_eq!(hole_value(&running.await.unwrap().unwrap()), b'a');
    let output = engine.admit(me(), None).unwrap().run(input(0)).await.unwrap();
    assert_eq!(hole_value(&output), b'b');
}

#[tokio::test]
async fn engine_with_broken_first_model_can_switch() {
    let (engine, _models, _folder) = offline(Some("broken"), |_| {});
    let message = match engine.admit(me(), None) {
        Ok(job) => job.run(input(0)).await.unwrap_err().to_string(),
        Err(rejection) => rejection.to_string(),
    };
    assert!(message.contains("`broken` could not be loaded"), "{message}");
    assert!(!engine.status().ready);
    engine.switch("a").await.unwrap();
    assert!(engine.status().ready);
    assert_eq!(engine.status().failure, None);
}
