use rstest::rstest;

use super::fake::{WAIT, colour, offline, work};
use crate::{ClientKey, Rejection, SwitchError, Unavailable};

fn me() -> ClientKey {
    ClientKey::new("me")
}

#[tokio::test]
async fn a_switch_changes_the_model_for_all_and_is_free_where_it_is_the_current_one() {
    let (engine, strings, _folder) = offline(Some("a"), |_| {});
    // A switch before the first load has begun would leave `a` unloaded.
    engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    assert_eq!(engine.switch("b").await.unwrap().name, "b");
    assert_eq!(engine.status().model.unwrap().name, "b");
    engine.switch("b").await.unwrap();
    let done = engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    assert_eq!(colour(&done), b'b');
    let mut loads: Vec<String> = strings.loads.try_iter().collect();
    loads.sort();
    assert_eq!(loads, ["a", "b"]);
}

#[rstest]
#[case("broken")]
#[case("panic")]
#[tokio::test]
async fn a_model_that_cannot_be_loaded_leaves_the_old_one_serving(#[case] name: &str) {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    let Err(SwitchError::Load(sentence)) = engine.switch(name).await else {
        panic!("it was loaded")
    };
    assert!(sentence.contains(name), "{sentence}");
    assert_eq!(engine.status().failure.unwrap(), sentence);
    let done = engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    assert_eq!(colour(&done), b'a');
}

#[tokio::test]
async fn unknown_and_absent_models_are_told_apart() {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    assert_eq!(
        engine.switch("nobody").await,
        Err(Unavailable::Unknown("nobody".into()).into())
    );
    assert_eq!(
        engine.switch("lama").await,
        Err(Unavailable::Absent("lama".into()).into())
    );
    assert!(matches!(
        engine.admit(me(), Some("nobody")),
        Err(Rejection::Unavailable(Unavailable::Unknown(_)))
    ));
}

#[tokio::test]
async fn a_job_that_names_a_model_gets_it_and_the_current_one_stays() {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    let done = engine.admit(me(), Some("b")).unwrap().run(work(0)).await.unwrap();
    assert_eq!(colour(&done), b'b');
    let done = engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    assert_eq!(colour(&done), b'a');
    assert_eq!(engine.status().model.unwrap().name, "a");
}

#[tokio::test]
async fn a_job_that_names_a_broken_model_is_told_why() {
    let (engine, _strings, _folder) = offline(Some("a"), |_| {});
    let error = engine
        .admit(me(), Some("broken"))
        .unwrap()
        .run(work(0))
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
async fn jobs_for_more_models_than_are_kept_all_get_their_own(#[case] max_models: usize) {
    let (engine, _strings, _folder) = offline(Some("a"), |options| options.max_models = max_models);
    let jobs: Vec<_> = ["a", "b", "c", "b", "a", "c", "", "b"]
        .into_iter()
        .map(|name| {
            (
                name,
                tokio::spawn(engine.admit(me(), Some(name)).unwrap().run(work(0))),
            )
        })
        .collect();
    for (name, job) in jobs {
        let expected = name.bytes().next().unwrap_or(b'a');
        assert_eq!(colour(&job.await.unwrap().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_model_that_runs_while_it_is_driven_out_finishes_its_job() {
    let (engine, strings, _folder) = offline(Some("a"), |options| options.max_models = 1);
    let running = tokio::spawn(engine.admit(me(), None).unwrap().run(work(WAIT)));
    let strings = strings.once_started().await;
    engine.switch("b").await.unwrap();
    strings.go_on.send(()).unwrap();
    assert_eq!(colour(&running.await.unwrap().unwrap()), b'a');
    let done = engine.admit(me(), None).unwrap().run(work(0)).await.unwrap();
    assert_eq!(colour(&done), b'b');
}

#[tokio::test]
async fn a_first_model_that_is_broken_leaves_an_engine_that_says_so_and_can_be_switched() {
    let (engine, _strings, _folder) = offline(Some("broken"), |_| {});
    let waiting = engine.admit(me(), None);
    let sentence = match waiting {
        Ok(ticket) => ticket.run(work(0)).await.unwrap_err().to_string(),
        Err(rejection) => rejection.to_string(),
    };
    assert!(sentence.contains("`broken` could not be loaded"), "{sentence}");
    assert!(!engine.status().ready);
    engine.switch("a").await.unwrap();
    assert!(engine.status().ready);
    assert_eq!(engine.status().failure, None);
}
