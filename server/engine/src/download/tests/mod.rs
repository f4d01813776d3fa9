//! Downloads from servers that break off, stall and lie.

mod lies;
mod resume;
mod server;
mod together;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use self::server::{Reply, Server};
use super::*;
use crate::registry::Hashes;

const ETAG: &str = "\"one\"";

/// A file's bytes, which differ everywhere.
fn weights() -> Vec<u8> {
    (0u32..20_000).flat_map(u32::to_le_bytes).collect()
}

/// What is known of `content`: its name and SHA-256.
fn known(content: &[u8]) -> FileSpec {
    let sha256 = Some(Digest::of_bytes(content).sha256);
    FileSpec {
        name: "a.pt".into(),
        hashes: Hashes { md5: None, sha256 },
        ..FileSpec::default()
    }
}

/// A folder with nothing in it, and where the download goes below it.
struct Place {
    folder: tempfile::TempDir,
    options: DownloadOptions,
}

impl Place {
    fn new() -> Self {
        let options = DownloadOptions {
            retries: 2,
            backoff: Duration::from_millis(1),
            ..DownloadOptions::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            options,
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("checkpoints/a.pt")
    }

    fn download(&self, server: &Server, file: &FileSpec) -> Result<PathBuf, DownloadError> {
        self.watched(server, file, &Cancel::default(), &|_| ())
    }

    fn watched(
        &self,
        server: &Server,
        file: &FileSpec,
        cancel: &Cancel,
        progress: &(dyn Fn(DownloadProgress) + Sync),
    ) -> Result<PathBuf, DownloadError> {
        let client = reqwest::Client::builder().no_proxy();
        download_through(
            client,
            file,
            &server.url(),
            &self.target(),
            &self.options,
            cancel,
            progress,
        )
    }

    /// The names of what lies beside the target, itself included, but for the lock.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.target().parent().unwrap()) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| Path::new(name).extension() != Some("lock".as_ref()));
        names.sort();
        names
    }

    /// Asserts that the target has arrived whole and alone.
    fn assert_holds(&self, content: &[u8]) {
        assert!(fs::read(self.target()).unwrap() == content);
        assert_eq!(self.names(), ["a.pt"]);
    }
}

/// The value of a header in a request's head.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[test]
fn a_file_arrives_with_its_progress_told() {
    let (place, content, told) = (Place::new(), weights(), Mutex::new(Vec::new()));
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let path = place
        .watched(&server, &known(&content), &Cancel::default(), &|progress| {
            told.lock().unwrap().push(progress);
        })
        .unwrap();
    assert_eq!(path, place.target());
    place.assert_holds(&content);
    assert!(!place.target().with_extension("pt.lock").exists());
    let told = told.into_inner().unwrap();
    let total = content.len() as u64;
    assert_eq!(
        told.first(),
        Some(&DownloadProgress {
            bytes: 0,
            total: Some(total)
        })
    );
    assert_eq!(
        told.last(),
        Some(&DownloadProgress {
            bytes: total,
            total: Some(total)
        })
    );
    assert!(told.is_sorted_by_key(|progress| progress.bytes));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(header(&requests[0], "range"), None);
    assert!(
        header(&requests[0], "user-agent")
            .unwrap()
            .starts_with("iopaint/")
    );
}

#[test]
fn a_file_that_is_there_is_not_asked_for() {
    let (place, server) = (Place::new(), Server::none());
    fs::create_dir_all(place.target().parent().unwrap()).unwrap();
    fs::write(place.target(), "my own").unwrap();
    place.download(&server, &known(&weights())).unwrap();
    place.assert_holds(b"my own");
}

#[test]
fn offline_is_told_at_once_and_says_what_to_do() {
    let (place, server) = (Place::new(), Server::none());
    let error = place.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Unreachable { .. }));
    let sentence = error.to_string();
    for part in ["a.pt", server.address(), "HTTPS_PROXY", "by hand"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    assert!(!sentence.contains("secret"), "{sentence}");
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn an_address_that_is_none_is_an_error() {
    let place = Place::new();
    for url in ["", "a.pt", "ftp://localhost/a.pt", "http://"] {
        let (options, cancel) = (&place.options, Cancel::default());
        let error = download(&known(b""), url, &place.target(), options, &cancel, &|_| ()).unwrap_err();
        assert!(
            matches!(error, DownloadError::Unreachable { .. }),
            "{url}: {error}"
        );
    }
}

#[test]
fn a_status_that_says_no_ends_the_download_at_once() {
    for status in [
        "404 Not Found",
        "403 Forbidden",
        "401 Unauthorized",
        "204 No Content",
    ] {
        let place = Place::new();
        let server = Server::start(vec![
            Reply::new(status).header("Content-Length", 0),
            Reply::silence(),
        ]);
        let error = place.download(&server, &known(&weights())).unwrap_err();
        assert!(matches!(error, DownloadError::Refused { .. }), "{error}");
        let sentence = error.to_string();
        assert!(
            sentence.contains(&status[..3]) && !sentence.contains("secret"),
            "{sentence}"
        );
        assert_eq!(server.requests().len(), 1);
        assert_eq!(place.names(), [""; 0]);
    }
}

#[test]
fn a_server_in_trouble_is_asked_again_but_not_for_ever() {
    let (place, content) = (Place::new(), weights());
    let trouble = |status| Reply::new(status).header("Content-Length", 0);
    let server = Server::start(vec![
        trouble("500 Internal Server Error"),
        trouble("503 Service Unavailable"),
        trouble("429 Too Many Requests"),
        Reply::whole(&content, ETAG),
    ]);
    let error = place.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(error.to_string().contains("429"), "{error}");
    assert_eq!(server.requests().len(), 3);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_redirection_is_followed() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![
        Reply::new("302 Found")
            .header("Location", "/elsewhere")
            .header("Content-Length", 0),
        Reply::whole(&content, ETAG),
    ]);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert!(server.requests()[1].starts_with("GET /elsewhere "));
}

#[test]
fn a_circle_of_redirections_ends() {
    let place = Place::new();
    let circle = Reply::new("302 Found")
        .header("Location", "/weights/a.pt")
        .header("Content-Length", 0);
    let server = Server::start(vec![circle; 100]);
    let error = place.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Unreachable { .. }), "{error}");
    assert!(server.requests().len() < 30);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_without_paths() {
    let (place, server) = (Place::new(), Server::none());
    fs::write(place.target().parent().unwrap(), "a file").unwrap();
    let error = place.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
    let sentence = error.to_string();
    assert!(
        !sentence.contains(&*place.folder.path().to_string_lossy()),
        "{sentence}"
    );
}

/// Runs itself once more, since the proxy is read from the environment of a process.
#[test]
fn the_proxy_of_the_environment_is_used() {
    const URL: &str = "http://models.invalid/a.pt";
    const TARGET: &str = "DOWNLOAD_TEST_TARGET";
    if let Some(target) = std::env::var_os(TARGET) {
        let (options, cancel) = (DownloadOptions::default(), Cancel::default());
        download(
            &known(b"by proxy"),
            URL,
            Path::new(&target),
            &options,
            &cancel,
            &|_| (),
        )
        .unwrap();
        return;
    }
    let place = Place::new();
    let proxy = Server::start(vec![Reply::whole(b"by proxy", ETAG)]);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for variable in [
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "REQUEST_METHOD",
    ] {
        child.env_remove(variable);
    }
    let output = child
        .args(["--exact", "download::tests::the_proxy_of_the_environment_is_used"])
        .env("HTTP_PROXY", format!("http://{}", proxy.address()))
        .env(TARGET, place.target())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    place.assert_holds(b"by proxy");
    assert!(proxy.requests()[0].starts_with(&format!("GET {URL} ")));
}
