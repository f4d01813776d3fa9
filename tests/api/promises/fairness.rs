//! Fair scheduling: a client with many images doesn't delay one with a single image.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use iopaint_app::TrustedProxies;
use tokio::task::JoinSet;

use super::{request_from, waiting};
use crate::harness::server_of;
use crate::pausable::pausable_models;

/// Sends five images of a busy client, then one of another client; lets them run, and
/// returns the position of the other client's response.
async fn place_of_the_other(
    trusted: TrustedProxies,
    busy: impl Fn(usize) -> Request<Body>,
    other: Request<Body>,
) -> usize {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, settings| {
        settings.access.trusted_proxies = trusted;
    }));
    let mut answers = JoinSet::new();
    let mut send = |name: &'static str, request: Request<Body>| {
        let server = Arc::clone(&server);
        answers.spawn(async move { (name, server.send(request).await.status) });
    };
    send("busy", busy(0));
    control.wait_until_paused().await;
    for number in 1..5 {
        send("busy", busy(number));
    }
    waiting(&server, 4).await;
    send("other", other);
    waiting(&server, 5).await;
    let mut place = None;
    for answered in 0..6 {
        control.resume();
        let (name, status) = answers.join_next().await.unwrap().unwrap();
        assert_eq!(status, StatusCode::OK);
        if name == "other" {
            place = Some(answered);
        }
    }
    place.unwrap()
}

#[tokio::test]
async fn clients_take_turns() {
    let place = place_of_the_other(
        TrustedProxies::default(),
        |_| request_from("192.0.2.1", &[]),
        request_from("192.0.2.2", &[]),
    )
    .await;
    assert_eq!(place, 2, "after the one that ran and one that waited");
}

#[tokio::test]
async fn forged_addresses_gain_no_turns() {
    let place = place_of_the_other(
        TrustedProxies::default(),
        |number| {
            request_from(
                "192.0.2.1",
                &[("x-forwarded-for", &format!("198.51.100.{number}"))],
            )
        },
        request_from("192.0.2.2", &[]),
    )
    .await;
    assert_eq!(place, 2);
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_take_turns() {
    let proxy = "10.0.0.0/8".parse().unwrap();
    let place = place_of_the_other(
        TrustedProxies::new(&[proxy]),
        |_| request_from("10.0.0.1", &[("x-forwarded-for", "192.0.2.1")]),
        request_from("10.0.0.1", &[("x-forwarded-for", "192.0.2.2")]),
    )
    .await;
    assert_eq!(place, 2);
}

#[tokio::test]
async fn clients_behind_untrusted_proxy_are_one() {
    let place = place_of_the_other(
        TrustedProxies::default(),
        |_| request_from("10.0.0.1", &[("x-forwarded-for", "192.0.2.1")]),
        request_from("10.0.0.1", &[("x-forwarded-for", "192.0.2.2")]),
    )
    .await;
    assert_eq!(place, 5, "the last of all");
}
