//! `iopaint run`.

mod failures;
mod results;
mod resuming;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use iopaint_imaging::{DecodeLimits, Picture, decode};

use crate::{fixtures, iopaint};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};

/// A folder with `images`, `masks` and a model folder in which a small stand-in is `lama`.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for folder in ["images", "masks", "models"] {
            fs::create_dir(desk.path(folder)).unwrap();
        }
        fs::copy(
            fixtures().join("goldens/models/lama.pt"),
            desk.path("models/big-lama.pt"),
        )
        .unwrap();
        desk
    }

    /// Images of these names, each with a mask.
    fn with(names: &[&str]) -> Self {
        let desk = Self::new();
        for name in names {
            desk.add(&format!("images/{name}"), "rgb-150x101.png");
            let stem = name.split_once('.').unwrap().0;
            desk.add(&format!("masks/{stem}.png"), "mask-disc-150x101.png");
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A golden's input under another name.
    fn add(&self, name: &str, input: &str) {
        fs::copy(fixtures().join("goldens/inputs").join(input), self.path(name)).unwrap();
    }

    /// `iopaint run` in this folder, offline; the paths are relative.
    fn command(&self, image: &str, mask: &str, output: &str, more: &[&str]) -> Command {
        let fixed = [
            "run", "--model", "lama", "--device", "cpu", "--image", image, "--mask", mask,
        ];
        let mut command = iopaint(&[&fixed[..], &["--output", output], more].concat());
        command
            .current_dir(self.0.path())
            .env("IOPAINT_MODEL_DIR", "models")
            .env("IOPAINT_LOCAL_FILES_ONLY", "1");
        command
    }

    fn run(&self, image: &str, mask: &str, output: &str, more: &[&str]) -> Output {
        self.command(image, mask, output, more).output().unwrap()
    }

    /// All images with their masks.
    fn run_all(&self, output: &str, more: &[&str]) -> Output {
        self.run("images", "masks", output, more)
    }

    fn results(&self, output: &str) -> BTreeSet<String> {
        fs::read_dir(self.path(output))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn picture(&self, name: &str) -> Picture {
        decode(&fs::read(self.path(name)).unwrap(), &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

#[track_caller]
fn assert_exit(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(output.stdout, b"", "stdout stays free");
    stderr
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
