//! Disconnecting clients, over real sockets.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{INPAINT, base64, fixture, server_with};

#[tokio::test(flavor = "multi_thread")]
async fn disconnected_clients_release_permits() {
    let server = server_with(|options, _| options.max_queue = 64);
    server.ready().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = server
        .router
        .clone()
        .into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });

    let image = fixture("goldens/inputs/rgb-512.png");
    let mask = fixture("goldens/inputs/mask-stroke-512.png");
    let body = json!({ "image": base64(&image), "mask": base64(&mask) }).to_string();
    let request = format!(
        "POST {INPAINT} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut clients = Vec::new();
    for number in 0..64 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        // Every second client disconnects before the end of its request.
        let length = if number % 2 == 0 {
            body.len()
        } else {
            body.len() / 2
        };
        client.write_all(&body.as_bytes()[..length]).await.unwrap();
        clients.push(client);
    }
    // At least one complete request was admitted.
    while server.engine.status().jobs == 0 {
        tokio::task::yield_now().await;
    }
    drop(clients);
    // Lost permits would make this wait exceed its deadline.
    while server.engine.status().jobs > 0 {
        tokio::task::yield_now().await;
    }
    server.ready().await;
    serving.abort();
}
