//! Completions, man pages, and IOPaint's subcommands without a function here.

use std::fs;

use crate::run;

#[test]
fn shells_have_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["start", "download", "local-files-only", "shard"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn man_pages_are_printed_and_written() {
    let output = run(&["man"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains(".TH iopaint 1")
    );
    let folder = tempfile::tempdir().unwrap();
    assert!(
        run(&["man", "--output", folder.path().to_str().unwrap()])
            .status
            .success()
    );
    for page in [
        "iopaint",
        "iopaint-start",
        "iopaint-run",
        "iopaint-download",
        "iopaint-list",
        "iopaint-health",
    ] {
        let text = fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    let page = fs::read_to_string(folder.path().join("iopaint-run.1")).unwrap();
    assert!(page.contains("Exit codes"), "{page}");
}

#[test]
fn unsupported_subcommands_succeed_with_message() {
    for (arguments, words) in [
        (&["install-plugins-packages"][..], "nothing to install"),
        (&["start-web-config"], "--config"),
        (&["start-web-config", "--config-file", "my.json"], "--config"),
    ] {
        let output = run(arguments);
        assert!(output.status.success());
        assert_eq!(output.stdout, b"");
        assert!(String::from_utf8_lossy(&output.stderr).contains(words));
    }
}
