//! Memory doesn't grow with the number of images, and is returned to the system.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::at_work::{post, wait_for};
use crate::start_with;

/// Longer than the server's delay before it trims memory.
const REST: Duration = Duration::from_secs(6);

/// Resident bytes of a process.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.split_ascii_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        * 1024.0
}

/// Fills images of different sizes, so that caches by size would grow. Returns the peak memory between two of
/// them.
fn fill(port: &str, process: u32, rounds: std::ops::Range<u32>) -> f64 {
    let mut most: f64 = 0.0;
    for round in rounds {
        for size in [(64 + round, 80), (160, 120 + 2 * round), (240 - 3 * round, 200)] {
            let mut answer = Vec::new();
            post(port, size).read_to_end(&mut answer).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"));
            most = most.max(resident(process));
        }
    }
    most
}

/// Minimum memory of the idle server.
fn at_rest(process: u32) -> f64 {
    let began = Instant::now();
    let mut least = f64::MAX;
    while began.elapsed() < REST {
        least = least.min(resident(process));
        std::thread::sleep(Duration::from_millis(50));
    }
    least
}

#[test]
#[ignore = "measures memory; `make memory-test` runs it nightly"]
fn memory_is_stable_over_image_sizes() {
    let server = start_with(|command| {
        command.args(["--model", "lama-mini"]);
    });
    wait_for(&server.port, "iopaint_ready", 1.0);
    let process = server.child.id();
    // Caches by size are bounded, and full after these.
    fill(&server.port, process, 0..12);
    let before = at_rest(process);
    let most = fill(&server.port, process, 12..24);
    let after = at_rest(process);
    assert!(after <= before * 1.05, "{before} bytes before, {after} after");
    assert!(after < most, "{most} bytes at most, {after} at rest");
}

#[test]
#[ignore = "measures memory; `make memory-test` runs it nightly"]
fn memory_of_concurrent_images_is_released() {
    let server = start_with(|command| {
        command.args(["--model", "lama-mini"]);
    });
    wait_for(&server.port, "iopaint_ready", 1.0);
    let process = server.child.id();
    fill(&server.port, process, 0..2);
    let before = at_rest(process);
    for _ in 0..2 {
        let answers = [(); 6].map(|()| post(&server.port, (1200, 900)));
        for mut answer in answers {
            let mut bytes = Vec::new();
            answer.read_to_end(&mut bytes).unwrap();
            assert!(bytes.starts_with(b"HTTP/1.1 200"));
        }
    }
    let after = at_rest(process);
    assert!(after <= before * 1.15, "{before} bytes before, {after} after");
}
