//! Shares of a batch, interruption and `--resume`.

use std::fs;
#[cfg(unix)]
use std::process::Command;
use std::process::Stdio;

use super::{Desk, assert_exit, names};

#[test]
fn shards_cover_every_image_once() {
    let all = ["a.png", "b.png", "c.png", "d.png", "e.png"];
    let desk = Desk::with(&all);
    let mut covered = Vec::new();
    for shard in ["0/3", "1/3", "2/3"] {
        let output = format!("results-{}", &shard[..1]);
        assert_exit(&desk.run_all(&output, &["--shard", shard]), 0);
        covered.extend(desk.results(&output));
    }
    covered.sort();
    assert_eq!(covered, all);
    // More shards than images: some are empty.
    assert_exit(&desk.run_all("none", &["--shard", "5/6"]), 0);
}

#[test]
fn shard_resumes_by_default() {
    let desk = Desk::with(&["a.png", "b.png", "c.png", "d.png"]);
    let stderr = assert_exit(&desk.run_all("results", &["--shard", "0/1"]), 0);
    assert!(stderr.contains(": 4 filled"), "{stderr}");
    let whole = fs::read(desk.path("results/b.png")).unwrap();
    fs::write(desk.path("results/b.png"), &whole[..whole.len() - 20]).unwrap();
    fs::remove_file(desk.path("results/c.png")).unwrap();
    for (flags, words) in [
        (&["--shard", "0/1"][..], ": 2 filled, 2 skipped"),
        (&["--resume"], ": 0 filled, 4 skipped"),
        (&["--shard", "0/1", "--no-resume"], ": 4 filled"),
        (&[], ": 4 filled"),
    ] {
        let stderr = assert_exit(&desk.run_all("results", flags), 0);
        assert!(stderr.contains(words), "{flags:?}: {stderr}");
        assert_eq!(fs::read(desk.path("results/b.png")).unwrap(), whole);
    }
}

#[test]
fn killed_run_leaves_whole_files_and_resumes() {
    let all: Vec<String> = (0..40).map(|number| format!("{number:02}.png")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let desk = Desk::with(&all);
    let mut child = desk
        .command("images", "masks", "results", &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !desk.path("results/01.png").exists() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for name in desk
        .results("results")
        .iter()
        .filter(|name| !name.starts_with('.'))
    {
        desk.picture(&format!("results/{name}"));
    }
    let stderr = assert_exit(&desk.run_all("results", &["--resume"]), 0);
    assert!(stderr.contains("skipped"), "{stderr}");
    assert!(desk.results("results").is_superset(&names(&all)));
}

#[cfg(unix)]
#[test]
fn sigterm_ends_run_with_130() {
    let all: Vec<String> = (0..200).map(|number| format!("{number:03}.png")).collect();
    let desk = Desk::with(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let child = desk
        .command("images", "masks", "results", &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !desk.path("results/001.png").exists() {
        std::thread::yield_now();
    }
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    let stderr = assert_exit(&child.wait_with_output().unwrap(), 130);
    assert!(stderr.contains("--resume"), "{stderr}");
}
