//! Files on the server's disk: access inside the configured folders only.

mod containment;
mod media;
mod saving;

use std::collections::BTreeSet;
use std::path::Path;

use iopaint_app::files::FileSettings;

use crate::harness::{Answer, Server, fixture, form_of, picture, server_with_files};

const SAVE: &str = "/api/v1/save_image";

/// A server with folders, and a file beside them that must stay inaccessible.
struct Offered {
    server: Server,
    root: tempfile::TempDir,
}

impl Offered {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut FileSettings)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for folder in ["input", "masks"] {
            std::fs::create_dir(path(folder)).unwrap();
        }
        std::fs::write(path("secret.png"), picture().0).unwrap();
        let mut settings = FileSettings {
            input: Some(path("input")),
            mask_dir: Some(path("masks")),
            output_dir: Some(path("new/output")),
            allow_overwrite: false,
            ..FileSettings::default()
        };
        change(&mut settings);
        Self {
            server: server_with_files(&settings),
            root,
        }
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.root.path().join(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.root.path().join(path)).unwrap()
    }

    async fn get(&self, route: &str) -> Answer {
        self.server.get(&format!("/api/v1/{route}")).await
    }

    async fn save(&self, name: &str, bytes: &[u8], query: &str) -> Answer {
        let (content_type, body) = form_of(&[("file", Some(name), bytes)]);
        self.server
            .post(&format!("{SAVE}{query}"), &content_type, body)
            .await
    }

    fn saved(&self) -> BTreeSet<String> {
        names(&self.root.path().join("new/output"))
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn other() -> Vec<u8> {
    fixture("goldens/inputs/rgb-63x64.png")
}

fn jpeg() -> Vec<u8> {
    std::fs::read("../imaging/tests/data/orientation-6.jpg").unwrap()
}
