//! `iopaint mcp`, called by the SDK's client over pipes.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use iopaint_test_support::with_deadline;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::net::unix::pipe;

use crate::{fixtures, iopaint};

/// A child process, terminated on drop.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn start() -> (Server, RunningService<RoleClient, ()>) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["models", "images"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let photo = fixtures().join("goldens/inputs/rgb-150x101.png");
    std::fs::copy(photo, folder.path().join("images/photo.png")).unwrap();
    let mut child = iopaint(&[
        "mcp",
        "--model",
        "cv2",
        "--model-dir",
        "models",
        "--local-files-only",
        "--input",
        "images",
        "--output-dir",
        "results",
    ])
    .current_dir(folder.path())
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let stdout = pipe::Receiver::from_owned_fd(OwnedFd::from(child.stdout.take().unwrap())).unwrap();
    let stdin = pipe::Sender::from_owned_fd(OwnedFd::from(child.stdin.take().unwrap())).unwrap();
    let server = Server { child, folder };
    let client = with_deadline("the handshake", ().serve((stdout, stdin))).await;
    (server, client.unwrap())
}

async fn call(client: &RunningService<RoleClient, ()>, tool: &'static str, arguments: Value) -> Value {
    let arguments = arguments.as_object().unwrap().clone();
    let params = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = with_deadline("a tool", client.call_tool(params)).await.unwrap();
    result
        .structured_content
        .unwrap_or_else(|| panic!("{:?}", result.content))
}

#[tokio::test]
async fn mcp_serves_tools_until_stdin_closes() {
    let (mut server, client) = start().await;
    let tools = with_deadline("the list of tools", client.list_all_tools()).await;
    assert_eq!(tools.unwrap().len(), 5);
    let erase = json!({ "file": "photo.png", "box": [10, 10, 40, 40], "save_as": "erased" });
    assert_eq!(call(&client, "erase", erase).await["saved_as"], "erased.png");
    assert_eq!(
        image::image_dimensions(server.folder.path().join("results/erased.png")).unwrap(),
        (150, 101)
    );
    let models = call(&client, "list_models", json!({})).await;
    assert_eq!(models["current"], "cv2");
    let outside = json!({ "file": "../secret.png", "scale": 2 });
    assert_eq!(call(&client, "upscale", outside).await["error"], "invalid-field");

    with_deadline("the end of the session", client.cancel())
        .await
        .unwrap();
    let status = tokio::task::spawn_blocking(move || {
        let status = server.child.wait().unwrap();
        let mut stderr = String::new();
        server
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        (status, stderr)
    });
    let (status, stderr) = with_deadline("the exit", status).await.unwrap();
    assert!(status.success(), "{stderr}");
}
