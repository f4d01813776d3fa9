//! Memory doesn't grow with the number of pictures, and goes back to the system after them.

use std::io::Read;

use crate::at_work::{post, wait_for};
use crate::start_with;

/// Bytes that a process has in RAM.
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

#[test]
fn memory_is_flat_over_pictures_of_mixed_sizes_and_less_after_them() {
    let server = start_with(|command| {
        command.args(["--model", "lama-mini"]);
    });
    wait_for(&server.port, "iopaint_ready", 1.0);
    let process = server.child.id();
    let mut samples = Vec::new();
    for round in 0..36 {
        // Sizes that differ a bit each time, as photos do: what is kept by size would grow.
        for size in [(64 + round, 80), (300, 200 + 3 * round), (640 - 5 * round, 480)] {
            let mut answer = Vec::new();
            post(&server.port, size).read_to_end(&mut answer).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"));
        }
        samples.push(resident(process));
    }
    let third = samples.len() / 3;
    let most = |samples: &[f64]| samples.iter().copied().fold(0.0, f64::max);
    let (first, last) = (most(&samples[..third]), most(&samples[2 * third..]));
    assert!(last <= first * 1.05, "{first} bytes at first, {last} at last");

    let mut answer = Vec::new();
    post(&server.port, (1800, 1400)).read_to_end(&mut answer).unwrap();
    let burst = resident(process);
    // No time is set here: if nothing were given back, the test would never end.
    while resident(process) > last.max(burst * 0.7) {
        std::thread::yield_now();
    }
}
