//! Socket.IO: IOPaint's events and job events, over both transports.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::{SinkExt, StreamExt};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Answer, Server, picture, server_of, server_with};
use crate::jobs::{ID, OTHER_ID, busy_server, cancel, inpaint_as, several_crops};
use crate::pausable::pausable_models;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// Engine.IO's separator of packets in one response.
const SEPARATOR: char = '\x1e';

/// A polling client; each poll is a request through the router.
pub struct Client<'a> {
    server: &'a Server,
    address: String,
    /// Received packets that haven't been read.
    packets: Vec<String>,
}

impl<'a> Client<'a> {
    pub async fn connect(server: &'a Server) -> Self {
        let opened = server.get(POLLING).await;
        assert_eq!(opened.status, StatusCode::OK);
        let opened = String::from_utf8(opened.body).unwrap();
        let handshake: Value = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
        let address = format!("{POLLING}&sid={}", handshake["sid"].as_str().unwrap());
        let mut client = Self {
            server,
            address,
            packets: Vec::new(),
        };
        client.send("40").await;
        assert!(client.packet().await.starts_with("40{"));
        client
    }

    async fn post(&self, packets: impl Into<Body>) -> Answer {
        let request = Request::post(&self.address).body(packets.into());
        self.server.send(request.unwrap()).await
    }

    pub async fn send(&self, packets: &str) {
        assert_eq!(self.post(packets.to_owned()).await.status, StatusCode::OK);
    }

    async fn packet(&mut self) -> String {
        while self.packets.is_empty() {
            let answer = self.server.get(&self.address).await;
            assert_eq!(answer.status, StatusCode::OK);
            let text = String::from_utf8(answer.body).unwrap();
            for packet in text.split(SEPARATOR) {
                // Engine.IO's ping requires a pong.
                if packet == "2" {
                    self.send("3").await;
                } else {
                    self.packets.push(packet.to_owned());
                }
            }
        }
        self.packets.remove(0)
    }

    /// Returns the next event's name and value.
    pub async fn event(&mut self) -> (String, Value) {
        event(&self.packet().await).unwrap()
    }

    /// Emits an event with an id and returns its acknowledgement.
    async fn call(&mut self, name: &str, id: &str) -> Value {
        self.send(&format!("427{}", json!([name, id]))).await;
        loop {
            let packet = self.packet().await;
            if let Some(answer) = packet.strip_prefix("437") {
                let answer: Value = serde_json::from_str(answer).unwrap();
                return answer[0].clone();
            }
        }
    }

    /// Returns a job's next event with this state.
    async fn state(&mut self, state: &str) -> Value {
        loop {
            let (name, value) = self.event().await;
            if name == "job" && value["state"] == state {
                return value;
            }
        }
    }
}

fn event(packet: &str) -> Option<(String, Value)> {
    let value: Value = serde_json::from_str(packet.strip_prefix("42")?).unwrap();
    Some((value[0].as_str()?.to_owned(), value[1].clone()))
}

#[tokio::test]
async fn diffusion_finish_reaches_all_sockets() {
    let server = server_with(|_, _| {});
    let mut client = Client::connect(&server).await;
    let (image, mask) = picture();
    for _ in 0..2 {
        server.inpaint(&image, &mask, &json!({})).await;
        assert_eq!(client.packet().await, r#"42["diffusion_finish"]"#);
    }
    assert!(
        server
            .inpaint(b"no image", &mask, &json!({}))
            .await
            .status
            .is_client_error()
    );
    server.inpaint(&image, &mask, &json!({})).await;
    assert_eq!(client.packet().await, r#"42["diffusion_finish"]"#);
    assert!(client.packets.is_empty(), "a failed request is no filled picture");
}

#[tokio::test]
async fn watched_job_reports_queue_crops_and_end() {
    let (server, mut control, running) = busy_server().await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.call("watch", OTHER_ID).await, json!({ "ok": true }));
    let own = Arc::clone(&server);
    let waiting = tokio::spawn(async move { several_crops(&own, OTHER_ID).await });
    while client.state("queued").await["position"] != json!(1) {}
    control.resume();
    assert_eq!(running.await.unwrap().status, StatusCode::OK);
    let mut crops = 1;
    let mut crop = 0;
    while crop < crops {
        control.wait_until_paused().await;
        let told = client.state("running").await;
        crops = told["crops"].as_i64().unwrap();
        assert_eq!(told["crop"], json!(crop));
        crop += 1;
        assert!(told["position"].is_null());
        assert!(told["eta_ms"].is_u64(), "a job has run before: {told}");
        control.resume();
    }
    assert!(crops > 1);
    let done = client.state("done").await;
    assert_eq!(
        done,
        json!({ "id": OTHER_ID, "state": "done", "position": null, "crop": null, "crops": null, "eta_ms": null })
    );
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn late_watcher_gets_queue_position() {
    let (server, control, running) = busy_server().await;
    let own = Arc::clone(&server);
    let waiting = tokio::spawn(async move { inpaint_as(&own, OTHER_ID).await });
    while server.engine.status().jobs < 2 {
        tokio::task::yield_now().await;
    }
    let mut client = Client::connect(&server).await;
    client.send(&format!("42{}", json!(["watch", OTHER_ID]))).await;
    while client.state("queued").await["position"] != json!(1) {}
    control.resume();
    control.resume();
    client.state("done").await;
    assert_eq!(running.await.unwrap().status, StatusCode::OK);
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn cancelled_and_failed_jobs_send_events() {
    let (server, control, running) = busy_server().await;
    let mut client = Client::connect(&server).await;
    client.call("watch", ID).await;
    assert_eq!(cancel(&server, ID).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.state("cancelled").await["id"], ID);
    assert_eq!(running.await.unwrap().status, StatusCode::CONFLICT);
    control.resume();
    client.call("watch", OTHER_ID).await;
    let request = Request::post(crate::harness::INPAINT)
        .header("x-job-id", OTHER_ID)
        .body(Body::from("{}"));
    assert!(server.send(request.unwrap()).await.status.is_client_error());
    assert_eq!(client.state("failed").await["id"], OTHER_ID);
}

#[tokio::test]
async fn disconnect_cancels_job() {
    let (server, control, running) = busy_server().await;
    let mut client = Client::connect(&server).await;
    client.call("watch", ID).await;
    running.abort();
    assert_eq!(client.state("cancelled").await["id"], ID);
    control.resume();
}

#[tokio::test]
async fn watches_per_socket_are_limited() {
    let server = server_with(|_, _| {});
    let mut client = Client::connect(&server).await;
    let id = |number: u32| format!("00000000-0000-4000-8000-{number:012}");
    for number in 0..64 {
        assert_eq!(client.call("watch", &id(number)).await["ok"], true);
    }
    assert_eq!(client.call("watch", &id(0)).await["ok"], true, "the same again");
    assert_eq!(
        client.call("watch", &id(64)).await,
        json!({ "ok": false, "error": "too-many-watches" })
    );
    assert_eq!(client.call("unwatch", &id(7)).await["ok"], true);
    assert_eq!(client.call("watch", &id(64)).await["ok"], true);
    assert_eq!(
        client.call("watch", "no-id").await,
        json!({ "ok": false, "error": "invalid-job-id" })
    );
}

#[tokio::test]
async fn sockets_are_limited() {
    let server = server_with(|_, settings| settings.max_sockets = 2);
    let first = Client::connect(&server).await;
    let _second = Client::connect(&server).await;
    let refused = server.get(POLLING).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"], "too-many-sockets");
    // Engine.IO's "close".
    first.send("1").await;
    while server.get(POLLING).await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn long_message_is_rejected() {
    let server = server_with(|_, _| {});
    let client = Client::connect(&server).await;
    let long = format!("42[\"watch\",\"{}\"]", "a".repeat(20_000));
    assert_eq!(client.post(long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn broken_packets_are_client_errors() {
    let server = server_with(|_, settings| settings.max_sockets = 64);
    let packets: [&[u8]; 22] = [
        b"",
        b"4",
        b"9",
        b"2probe",
        b"40/other,",
        b"40{",
        b"42",
        b"42[",
        b"42[]",
        b"42[1]",
        b"42[\"watch\"]",
        b"42[\"watch\",null]",
        b"42[\"watch\",{\"id\":1}]",
        b"42[\"unwatch\",[]]",
        b"42/other,[\"watch\"]",
        b"4299999999999999999999[\"watch\",\"\"]",
        b"43[]",
        b"451-[\"watch\",{\"_placeholder\":true,\"num\":7}]",
        b"459999999999-[\"watch\"]",
        b"bAAAA",
        b"\x1e\x1e\x1e",
        b"42[\"watch\",\"\xff\xfe\"]",
    ];
    for packet in packets {
        let client = Client::connect(&server).await;
        let answer = client.post(packet).await;
        assert!(
            answer.status == StatusCode::OK || answer.status.is_client_error(),
            "{}: {}",
            String::from_utf8_lossy(packet),
            answer.status
        );
    }
    for query in [
        "",
        "?EIO=3&transport=polling",
        "?EIO=4&transport=carrier-pigeon",
        "?EIO=4&transport=polling&sid=x",
    ] {
        let answer = server.get(&format!("/socket.io/{query}")).await;
        assert!(answer.status.is_client_error(), "{query}: {}", answer.status);
    }
    let mut client = Client::connect(&server).await;
    assert_eq!(client.call("watch", ID).await["ok"], true);
}

#[rstest]
#[case("polling", &[], 200)]
#[case("polling", &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")], 200)]
#[case("polling", &[("origin", "https://friend.example"), ("sec-fetch-site", "cross-site")], 200)]
#[case("polling", &[("origin", "https://evil.example")], 403)]
#[case("polling", &[("sec-fetch-site", "cross-site")], 403)]
#[case("websocket", &[("origin", "https://evil.example")], 403)]
#[case("websocket", &[("origin", "null")], 403)]
#[tokio::test]
async fn other_site_gets_no_events(
    #[case] transport: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: u16,
) {
    let server = server_with(|_, _| {});
    for path in ["/socket.io/", "/socket.io"] {
        let mut request = Request::get(format!("{path}?EIO=4&transport={transport}"))
            .header("host", "localhost:8080")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), expected, "{path}");
    }
}

#[tokio::test]
async fn events_with_foreign_host_return_421() {
    let server = server_with(|_, _| {});
    let request = Request::get(POLLING).header("host", "evil.example");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn websocket_equals_polling() {
    let (loader, control) = pausable_models();
    let server = server_of(loader, |_, settings| settings.max_sockets = 1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = server
        .router
        .clone()
        .into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let (mut socket, _) =
        tokio_tungstenite::connect_async(format!("ws://{address}/socket.io/?EIO=4&transport=websocket"))
            .await
            .unwrap();
    socket.send(Message::text("40")).await.unwrap();
    // The client must not send before the server's response.
    while !socket
        .next()
        .await
        .unwrap()
        .unwrap()
        .to_text()
        .unwrap()
        .starts_with("40")
    {}
    let watch = format!("420{}", json!(["watch", ID]));
    socket.send(Message::text(watch)).await.unwrap();
    // Events of a job that ends before the watch is registered would be missed.
    while !socket
        .next()
        .await
        .unwrap()
        .unwrap()
        .to_text()
        .unwrap()
        .starts_with("430")
    {}
    control.resume();
    let mut heard = Vec::new();
    let running = async {
        assert_eq!(inpaint_as(&server, ID).await.status, StatusCode::OK);
    };
    let listening = async {
        while heard.len() < 2 {
            let message = socket.next().await.unwrap().unwrap();
            match event(message.to_text().unwrap()) {
                Some((name, value)) if name == "diffusion_finish" || value["state"] == "done" => {
                    heard.push(name);
                }
                _ => {}
            }
        }
    };
    tokio::join!(running, listening);
    heard.sort();
    assert_eq!(heard, ["diffusion_finish", "job"]);
    assert_eq!(server.get(POLLING).await.status, StatusCode::TOO_MANY_REQUESTS);
    drop(socket);
    while server.get(POLLING).await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    serving.abort();
}
