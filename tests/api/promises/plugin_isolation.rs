//! Promise: plugin requests of several clients with different images get the results of their own images.

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::send;
use crate::harness::{Answer, base64, server_with};
use crate::plugins::{disc, word};

/// Name of the environment variable with the number of rounds.
const ROUNDS: &str = "PLUGIN_ROUNDS";

/// A request of each kind: the route, and the fields without the image.
fn kinds() -> Vec<(&'static str, Value)> {
    vec![
        (
            "run_plugin_gen_mask",
            json!({ "name": "InteractiveSeg", "clicks": [[80, 60, 1]] }),
        ),
        (
            "run_plugin_gen_mask",
            json!({ "name": "InteractiveSeg", "box": [40, 20, 120, 100] }),
        ),
        ("run_plugin_gen_mask", json!({ "name": "TextMask" })),
        ("run_plugin_gen_mask", json!({ "name": "RemoveBG" })),
        ("run_plugin_gen_image", json!({ "name": "RemoveBG" })),
        (
            "run_plugin_gen_image",
            json!({ "name": "RealESRGAN", "scale": 1.5 }),
        ),
        ("detect", json!({})),
        ("upscale", json!({ "scale": 2 })),
    ]
}

fn request(client: u8, image: &[u8], (route, fields): &(&str, Value)) -> Request<Body> {
    let mut fields = fields.clone();
    fields["image"] = json!(base64(image));
    let mut request = Request::post(format!("/api/v1/{route}"))
        .header("content-type", "application/json")
        .body(Body::from(fields.to_string()))
        .unwrap();
    let address = std::net::SocketAddr::from(([10, 0, 0, client], 4711));
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

fn body(answer: Answer) -> Vec<u8> {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, StatusCode::OK, "{text}");
    answer.body
}

/// Sends the requests of both clients at once, `PLUGIN_ROUNDS` times (once).
#[tokio::test(flavor = "multi_thread")]
async fn results_of_two_clients_never_mix() {
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.map_or(1, NonZeroUsize::get);
    let server = Arc::new(server_with(|options, _| {
        options.max_models = 4;
        options.max_queue = 64;
    }));
    let clients = [(1, disc()), (2, word())];
    let mut expected = Vec::new();
    for kind in kinds() {
        for (client, image) in &clients {
            expected.push(body(server.send(request(*client, image, &kind)).await));
        }
        // The results differ, so that an exchange would be found.
        assert_ne!(expected[expected.len() - 2], expected[expected.len() - 1]);
    }
    for round in 0..rounds {
        let mut running = Vec::new();
        for kind in kinds() {
            for (client, image) in &clients {
                running.push(send(&server, request(*client, image, &kind)));
            }
        }
        for (index, (running, expected)) in running.into_iter().zip(&expected).enumerate() {
            assert!(
                body(running.await.unwrap()) == *expected,
                "request {index} of round {round} has another result"
            );
        }
    }
}
