//! Shutdown during a job.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};

use crate::at_work::{ask, post, wait_for};
use crate::{Started, start_with};

fn stop(child: &Child) {
    let kill = Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
}

/// Takes a second or more.
const LARGE: (u32, u32) = (1024, 768);

/// A server on one thread, on which a large image takes some time.
fn slow_server(drain_timeout: &'static str) -> Started {
    let server = start_with(|command| {
        command.args([
            "--threads",
            "1",
            "--model",
            "lama-mini",
            "--drain-timeout",
            drain_timeout,
        ]);
    });
    wait_for(&server.port, "iopaint_ready", 1.0);
    server
}

#[test]
fn drain_answers_running_and_exits_0() {
    let mut server = slow_server("600");
    let mut running = post(&server.port, LARGE);
    wait_for(&server.port, "iopaint_job_running", 1.0);
    let mut waiting = post(&server.port, LARGE);
    wait_for(&server.port, "iopaint_queue_depth", 1.0);
    stop(&server.child);
    let mut answer = Vec::new();
    waiting.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    assert!(text.contains("\"draining\""), "{text}");
    answer.clear();
    running.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(server.child.wait().unwrap().success());
    assert!(TcpStream::connect(format!("127.0.0.1:{}", server.port)).is_err());
}

#[test]
fn drain_timeout_aborts_running_job() {
    let mut server = slow_server("0");
    let mut running = post(&server.port, LARGE);
    wait_for(&server.port, "iopaint_job_running", 1.0);
    stop(&server.child);
    assert!(server.child.wait().unwrap().success());
    let mut answer = Vec::new();
    // Closed or reset.
    let _ = running.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn unfinished_request_does_not_block_exit() {
    let mut server = slow_server("86400");
    let mut slow = TcpStream::connect(format!("127.0.0.1:{}", server.port)).unwrap();
    write!(
        slow,
        "POST /api/v1/inpaint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{"
    )
    .unwrap();
    // Its head has been received when this response arrives.
    assert!(ask(&server.port, "/livez").starts_with("HTTP/1.1 200"));
    stop(&server.child);
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 503"),
        "{answer}"
    );
    assert!(server.child.wait().unwrap().success());
}
