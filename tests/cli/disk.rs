//! Disks that are full, read-only or hold garbage, and a server that is killed while it writes.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::http::{image_of, inpaint, save, send};
use crate::{Started, fixtures, start_with};

/// Runs a command through a shell with a preceding script.
fn after(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{script} \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// A server that saves into a folder, started by a script.
fn saving_server(results: &Path, script: &str) -> Started {
    start_with(|command| {
        command.arg("--output-dir").arg(results);
        *command = after(script, command);
    })
}

/// All names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn full_disk_is_reported_and_leaves_no_file() {
    let results = tempfile::tempdir().unwrap();
    // Limits files to 8 blocks of 512 or 1024 bytes: writing fails in the middle, as on a full disk.
    let server = saving_server(results.path(), "trap '' XFSZ; ulimit -f 8; exec");
    let (status, body) = save(&server.port, "large.png", &image_of(1 << 20));
    assert_eq!(status, 500);
    assert!(
        body.contains("\"storage\"") && !body.contains(results.path().to_str().unwrap()),
        "{body}"
    );
    assert_eq!(names(results.path()), [""; 0]);
    assert_eq!(save(&server.port, "small.png", &image_of(2000)).0, 200);
    assert_eq!(names(results.path()), ["small.png"]);
}

#[test]
fn read_only_folder_is_reported() {
    let results = tempfile::tempdir().unwrap();
    // Root could write anywhere otherwise.
    let script = if rights_can_be_dropped() {
        "exec setpriv --bounding-set=-dac_override,-dac_read_search"
    } else {
        "exec"
    };
    let server = saving_server(results.path(), script);
    assert_eq!(save(&server.port, "before.png", &image_of(2000)).0, 200);
    set_mode(results.path(), 0o555);
    let (status, body) = save(&server.port, "during.png", &image_of(2000));
    set_mode(results.path(), 0o755);
    assert_eq!(status, 500);
    assert!(
        body.contains("no permission to read or write its folder"),
        "{body}"
    );
    assert_eq!(save(&server.port, "after.png", &image_of(2000)).0, 200);
    assert_eq!(names(results.path()), ["after.png", "before.png"]);
}

#[test]
fn read_only_folder_at_start_disables_saving() {
    let results = tempfile::tempdir().unwrap();
    set_mode(results.path(), 0o555);
    let script = if rights_can_be_dropped() {
        "exec setpriv --bounding-set=-dac_override,-dac_read_search"
    } else {
        "exec"
    };
    let server = saving_server(results.path(), script);
    let (status, body) = save(&server.port, "a.png", &image_of(2000));
    set_mode(results.path(), 0o755);
    assert_eq!(status, 404);
    assert!(body.contains("--output-dir"), "{body}");
    assert_eq!(inpaint(&server.port), 200);
}

/// Returns true for root, which ignores file modes, on a system where it can drop that capability.
fn rights_can_be_dropped() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout == b"0\n"
}

#[test]
fn sigkill_while_saving_leaves_no_partial_file() {
    const LENGTH: usize = 24 << 20;
    let results = tempfile::tempdir().unwrap();
    let image = image_of(LENGTH);
    for round in 0..6 {
        let name = format!("{round}.png");
        let mut server = saving_server(results.path(), "exec");
        let port = server.port.clone();
        std::thread::scope(|scope| {
            let saving = scope.spawn(|| save(&port, &name, &image).0 == 200);
            // At different times: while the body is sent, while it is written, afterwards.
            for _ in 0..round * 40 {
                if saving.is_finished() {
                    break;
                }
                // A request takes a minimum of time.
                let _ = send(&server.port, "GET /livez HTTP/1.1", b"");
            }
            server.child.kill().unwrap();
            server.child.wait().unwrap();
            let answered = saving.join().unwrap();
            assert!(!answered || results.path().join(&name).exists());
        });
        for left in names(results.path()) {
            assert!(!left.starts_with('.'), "{left} is left behind");
            assert_eq!(
                fs::read(results.path().join(&left)).unwrap().len(),
                LENGTH,
                "{left}"
            );
        }
    }
}

/// A model folder with half of LaMa's file in it.
fn damaged_lama() -> tempfile::TempDir {
    let models = tempfile::tempdir().unwrap();
    let genuine = fs::read(fixtures().join("goldens/models/lama.pt")).unwrap();
    fs::write(models.path().join("big-lama.pt"), &genuine[..genuine.len() / 2]).unwrap();
    models
}

fn switch(server: &Started, name: &str) -> (u16, String) {
    let head = "POST /api/v1/model HTTP/1.1\r\nContent-Type: application/json";
    send(&server.port, head, format!("{{\"name\": \"{name}\"}}").as_bytes())
}

#[test]
fn damaged_named_model_is_reported() {
    let models = damaged_lama();
    let server = start_with(|command| {
        command
            .args(["--model", "lama", "--model-dir"])
            .arg(models.path());
    });
    assert_eq!(inpaint(&server.port), 503);
    assert_eq!(send(&server.port, "GET /livez HTTP/1.1", b"").0, 200);
    let (status, ready) = send(&server.port, "GET /readyz HTTP/1.1", b"");
    assert!(status == 503 && ready.contains("damaged"), "{ready}");
    assert_eq!(switch(&server, "lama-mini").0, 200);
    assert_eq!(inpaint(&server.port), 200);
    let (status, body) = switch(&server, "lama");
    assert_eq!(status, 500, "{body}");
    assert!(!body.contains(models.path().to_str().unwrap()), "{body}");
    assert_eq!(inpaint(&server.port), 200);
    assert!(
        models.path().join("big-lama.pt").exists(),
        "what is the user's stays"
    );
}

#[test]
fn damaged_default_model_uses_built_in() {
    let models = damaged_lama();
    let server = start_with(|command| {
        command.arg("--model-dir").arg(models.path());
    });
    assert_eq!(inpaint(&server.port), 200);
    let (status, model) = send(&server.port, "GET /api/v1/model HTTP/1.1", b"");
    assert!(status == 200 && model.contains("lama-patches"), "{model}");
    assert_eq!(send(&server.port, "GET /readyz HTTP/1.1", b"").0, 200);
    assert!(models.path().join("big-lama.pt").exists());
}

/// A model folder whose `big-lama.pt` is a whole model of another hash.
fn unknown_lama() -> tempfile::TempDir {
    let models = tempfile::tempdir().unwrap();
    fs::copy(
        fixtures().join("goldens/models/lama.pt"),
        models.path().join("big-lama.pt"),
    )
    .unwrap();
    models
}

#[test]
fn strict_models_rejects_unknown_file() {
    let models = unknown_lama();
    let switch = "POST /api/v1/model HTTP/1.1\r\nContent-Type: application/json";
    for (flag, refused) in [("--no-strict-models", false), ("--strict-models", true)] {
        let server = start_with(|command| {
            command
                .arg("--model-dir")
                .arg(models.path())
                .args(["--model", "cv2", flag]);
        });
        let (status, body) = send(&server.port, switch, br#"{"name": "lama"}"#);
        assert_eq!(status != 200, refused, "{flag}: {body}");
        assert_eq!(inpaint(&server.port), 200);
    }
    assert!(models.path().join("big-lama.pt").exists());
}

#[test]
fn unknown_file_serves_and_is_logged() {
    let models = unknown_lama();
    let mut server = start_with(|command| {
        command
            .arg("--model-dir")
            .arg(models.path())
            .args(["--model", "lama"])
            .stderr(Stdio::piped());
    });
    // Kept to the end, so that the log can be written.
    let mut log = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let line = log
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("unexpected hash"))
        .unwrap();
    assert!(line.contains("big-lama.pt") && line.contains("sha256="), "{line}");
    assert_eq!(inpaint(&server.port), 200);
}
