//! Completions, man pages, and the subcommands of IOPaint's that have nothing to do here.

use std::fs;

use crate::run;

#[test]
fn every_shell_has_completions_of_the_subcommands() {
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
fn the_man_page_is_printed_and_all_of_them_are_written_to_a_folder() {
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
fn subcommands_that_have_nothing_to_do_say_so_and_succeed() {
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
