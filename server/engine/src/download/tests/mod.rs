//! Downloads from servers that disconnect, stall and send invalid responses.

mod concurrency;
mod invalid_responses;
mod resume;
mod server;
mod timer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use self::server::{Reply, Server};
use self::timer::ManualTimer;
use super::*;
use crate::registry::Hashes;

const ETAG: &str = "\"one\"";

/// Returns file contents without repetitions.
fn weights() -> Vec<u8> {
    (0u32..20_000).flat_map(u32::to_le_bytes).collect()
}

/// Returns the specification of a file with the SHA-256 of `content`.
fn known(content: &[u8]) -> FileSpec {
    let sha256 = Some(FileDigest::of_bytes(content).sha256);
    FileSpec {
        name: "a.pt".into(),
        hashes: Hashes { md5: None, sha256 },
        ..FileSpec::default()
    }
}

/// An empty folder, and the options and the time of downloads into it.
struct Fixture {
    folder: tempfile::TempDir,
    options: DownloadOptions,
    timer: ManualTimer,
}

impl Fixture {
    fn new() -> Self {
        let options = DownloadOptions {
            retries: 2,
            ..DownloadOptions::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            timer: ManualTimer::new(options.stall_timeout),
            options,
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("checkpoints/a.pt")
    }

    fn download(&self, server: &Server, file: &FileSpec) -> Result<PathBuf, DownloadError> {
        self.download_with(server, file, &CancellationToken::default(), &|_| ())
    }

    fn download_with(
        &self,
        server: &Server,
        file: &FileSpec,
        cancel: &CancellationToken,
        progress: &(dyn Fn(DownloadProgress) + Sync),
    ) -> Result<PathBuf, DownloadError> {
        let environment = Environment {
            client: reqwest::Client::builder().no_proxy(),
            timer: &self.timer,
        };
        download_in(
            environment,
            file,
            &server.url(),
            &self.target(),
            &self.options,
            cancel,
            progress,
        )
    }

    /// Returns the names of the files in the target's folder, lock files excluded.
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

    /// Asserts that the target has this content and is the only file.
    fn assert_holds(&self, content: &[u8]) {
        assert!(fs::read(self.target()).unwrap() == content);
        assert_eq!(self.names(), ["a.pt"]);
    }
}

/// Returns the value of a header in a request's head.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[test]
fn download_reports_progress() {
    let (fixture, content, reports) = (Fixture::new(), weights(), Mutex::new(Vec::new()));
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let path = fixture
        .download_with(
            &server,
            &known(&content),
            &CancellationToken::default(),
            &|progress| {
                reports.lock().unwrap().push(progress);
            },
        )
        .unwrap();
    assert_eq!(path, fixture.target());
    fixture.assert_holds(&content);
    assert!(!fixture.target().with_extension("pt.lock").exists());
    let reports = reports.into_inner().unwrap();
    let total = content.len() as u64;
    assert_eq!(
        reports.first(),
        Some(&DownloadProgress {
            bytes: 0,
            total: Some(total)
        })
    );
    assert_eq!(
        reports.last(),
        Some(&DownloadProgress {
            bytes: total,
            total: Some(total)
        })
    );
    assert!(reports.is_sorted_by_key(|progress| progress.bytes));
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
fn existing_file_is_not_requested() {
    let (fixture, server) = (Fixture::new(), Server::refusing());
    fs::create_dir_all(fixture.target().parent().unwrap()).unwrap();
    fs::write(fixture.target(), "my own").unwrap();
    fixture.download(&server, &known(&weights())).unwrap();
    fixture.assert_holds(b"my own");
}

#[test]
fn offline_error_is_immediate_and_actionable() {
    let (fixture, server) = (Fixture::new(), Server::refusing());
    let error = fixture.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Unreachable { .. }));
    let message = error.to_string();
    for part in ["a.pt", server.address(), "HTTPS_PROXY", "by hand"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("secret"), "{message}");
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn invalid_url_is_an_error() {
    let fixture = Fixture::new();
    for url in ["", "a.pt", "ftp://localhost/a.pt", "http://"] {
        let (options, cancel) = (&fixture.options, CancellationToken::default());
        let error = download(&known(b""), url, &fixture.target(), options, &cancel, &|_| ()).unwrap_err();
        assert!(
            matches!(error, DownloadError::Unreachable { .. }),
            "{url}: {error}"
        );
    }
}

#[test]
fn client_error_status_is_not_retried() {
    for status in [
        "404 Not Found",
        "403 Forbidden",
        "401 Unauthorized",
        "204 No Content",
    ] {
        let fixture = Fixture::new();
        let server = Server::start(vec![
            Reply::new(status).header("Content-Length", 0),
            Reply::silence(),
        ]);
        let error = fixture.download(&server, &known(&weights())).unwrap_err();
        assert!(matches!(error, DownloadError::Refused { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(&status[..3]) && !message.contains("secret"),
            "{message}"
        );
        assert_eq!(server.requests().len(), 1);
        assert_eq!(fixture.names(), [""; 0]);
    }
}

#[test]
fn server_errors_are_retried_up_to_the_limit() {
    let (fixture, content) = (Fixture::new(), weights());
    let error_reply = |status| Reply::new(status).header("Content-Length", 0);
    let server = Server::start(vec![
        error_reply("500 Internal Server Error"),
        error_reply("503 Service Unavailable"),
        error_reply("429 Too Many Requests"),
        Reply::whole(&content, ETAG),
    ]);
    let error = fixture.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(error.to_string().contains("429"), "{error}");
    assert_eq!(server.requests().len(), 3);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn redirect_is_followed() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![
        Reply::new("302 Found")
            .header("Location", "/elsewhere")
            .header("Content-Length", 0),
        Reply::whole(&content, ETAG),
    ]);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert!(server.requests()[1].starts_with("GET /elsewhere "));
}

#[test]
fn redirect_loop_ends() {
    let fixture = Fixture::new();
    let circle = Reply::new("302 Found")
        .header("Location", "/weights/a.pt")
        .header("Content-Length", 0);
    let server = Server::start(vec![circle; 100]);
    let error = fixture.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Unreachable { .. }), "{error}");
    assert!(server.requests().len() < 30);
}

#[test]
fn folder_error_contains_no_path() {
    let (fixture, server) = (Fixture::new(), Server::refusing());
    fs::write(fixture.target().parent().unwrap(), "a file").unwrap();
    let error = fixture.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
    let message = error.to_string();
    assert!(
        !message.contains(&*fixture.folder.path().to_string_lossy()),
        "{message}"
    );
}

/// Runs itself in a child process, since the proxy is read from the process's environment.
#[test]
fn proxy_of_the_environment_is_used() {
    const URL: &str = "http://models.invalid/a.pt";
    const TARGET: &str = "DOWNLOAD_TEST_TARGET";
    if let Some(target) = std::env::var_os(TARGET) {
        let (options, cancel) = (DownloadOptions::default(), CancellationToken::default());
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
    let fixture = Fixture::new();
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
        .args(["--exact", "download::tests::proxy_of_the_environment_is_used"])
        .env("HTTP_PROXY", format!("http://{}", proxy.address()))
        .env(TARGET, fixture.target())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    fixture.assert_holds(b"by proxy");
    assert!(proxy.requests()[0].starts_with(&format!("GET {URL} ")));
}
