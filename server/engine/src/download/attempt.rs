//! One request for a file or the rest of it, believing nothing that the server says until it is checked.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED,
    RANGE,
};
use reqwest::{Client, Response, StatusCode};

use super::part::{Part, Source};
use super::{DownloadError, DownloadOptions, DownloadProgress};
use crate::registry::FileSpec;

/// No model's file is larger; what claims to be is not one.
const MAX_FILE_BYTES: u64 = 64 << 30;

/// A file to be had from an address.
pub(super) struct Transfer<'a> {
    pub client: Client,
    pub url: &'a str,
    /// The server's name, for sentences.
    pub host: String,
    pub file: &'a FileSpec,
    pub options: &'a DownloadOptions,
    pub progress: &'a (dyn Fn(DownloadProgress) + Sync),
}

/// How one try ended early.
pub(super) enum Failure {
    /// Another try may go on from what has arrived.
    Interrupted(String),
    /// No connection came about.
    NoConnection(String),
    /// Another try can't help.
    Fatal(DownloadError),
}

/// A server's answer, checked: what comes, and where the first byte belongs.
struct Body {
    response: Response,
    total: Option<u64>,
    fresh: bool,
}

impl Transfer<'_> {
    /// Asks once for what `part` lacks. When this is done, `part` is as long as the server said.
    pub async fn attempt(&self, part: &mut Part) -> Result<(), Failure> {
        let known = part.resumable(self.url).and_then(|source| source.total);
        if known == Some(part.length()) {
            // Whole already, but not yet put in its place: a crash came between.
            return Ok(());
        }
        let Some(mut body) = self.ask(part).await? else {
            return Ok(());
        };
        let limit = body.total.or(self.file.size).unwrap_or(MAX_FILE_BYTES);
        (self.progress)(DownloadProgress {
            bytes: part.length(),
            total: body.total,
        });
        loop {
            let chunk = match timeout(self.options.stall_timeout, body.response.chunk()).await? {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(Failure::Interrupted(reason(&error))),
            };
            if body.fresh && part.length() == 0 && looks_like_markup(&chunk) {
                part.discard();
                return Err(Failure::Fatal(self.web_page()));
            }
            if part.length() + chunk.len() as u64 > limit {
                part.discard();
                return Err(Failure::Interrupted(
                    "the server sent more than it announced".into(),
                ));
            }
            self.disk(part.write(&chunk), part)?;
            (self.progress)(DownloadProgress {
                bytes: part.length(),
                total: body.total,
            });
        }
        match body.total.or(self.file.size) {
            Some(total) if part.length() < total => Err(Failure::Interrupted(format!(
                "the connection ended after {} of {total} bytes",
                part.length()
            ))),
            _ => Ok(()),
        }
    }

    /// Sends the request and checks the head of the answer. `None`: `part` turns out to be whole.
    async fn ask(&self, part: &mut Part) -> Result<Option<Body>, Failure> {
        let mut request = self.client.get(self.url).header(ACCEPT_ENCODING, "identity");
        let resumed = part.resumable(self.url).cloned();
        if let Some(source) = &resumed {
            request = request
                .header(RANGE, format!("bytes={}-", part.length()))
                .header(IF_RANGE, &source.validator);
        }
        let patience = self.options.connect_timeout + self.options.stall_timeout;
        let response = match timeout(patience, request.send()).await? {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Err(Failure::NoConnection(reason(&error))),
            Err(error) if error.is_builder() || error.is_redirect() => {
                return Err(Failure::Fatal(DownloadError::Unreachable {
                    file: self.file.name.clone(),
                    host: self.host.clone(),
                    reason: reason(&error),
                }));
            }
            Err(error) => return Err(Failure::Interrupted(reason(&error))),
        };
        match (response.status(), resumed) {
            (StatusCode::OK, _) => self.begin(part, response).map(Some),
            (StatusCode::PARTIAL_CONTENT, Some(source)) => self.go_on(part, response, &source).map(Some),
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(source)) => {
                let range = content_range(response.headers());
                if range.is_some_and(|range| range.total == Some(part.length())) && source.total.is_none() {
                    return Ok(None);
                }
                part.discard();
                Err(Failure::Interrupted(
                    "the server no longer has the rest of this file".into(),
                ))
            }
            (StatusCode::PARTIAL_CONTENT, None) => Err(Failure::Interrupted(
                "the server sent a piece of the file unasked".into(),
            )),
            (
                status
                @ (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS),
                _,
            ) => Err(Failure::Interrupted(format!("status {status}"))),
            (status, _) if status.is_server_error() => Err(Failure::Interrupted(format!("status {status}"))),
            (status, _) => Err(Failure::Fatal(DownloadError::Refused {
                file: self.file.name.clone(),
                host: self.host.clone(),
                status: status.as_u16(),
            })),
        }
    }

    /// The whole file comes, be it that nothing had arrived or that the server has another one now.
    fn begin(&self, part: &mut Part, response: Response) -> Result<Body, Failure> {
        let total = response.content_length();
        self.check_head(response.headers(), total)?;
        let source = Source {
            url: self.url.to_owned(),
            validator: validator(response.headers()).unwrap_or_default(),
            total,
        };
        self.disk(part.start(source), part)?;
        Ok(Body {
            response,
            total,
            fresh: true,
        })
    }

    /// The rest of the file comes, if the answer fits what has arrived.
    fn go_on(&self, part: &mut Part, response: Response, source: &Source) -> Result<Body, Failure> {
        let range = content_range(response.headers());
        let fits = range.is_some_and(|range| {
            range.start == Some(part.length())
                && (range.total.is_none() || source.total.is_none() || range.total == source.total)
        }) && validator(response.headers()).is_none_or(|validator| validator == source.validator);
        if !fits {
            part.discard();
            return Err(Failure::Interrupted(
                "the server sent another piece than was asked for".into(),
            ));
        }
        let total = range.and_then(|range| range.total).or(source.total);
        self.check_head(response.headers(), total)?;
        tracing::info!(file = %self.file.name, bytes = part.length(), "going on with an earlier download");
        Ok(Body {
            response,
            total,
            fresh: false,
        })
    }

    fn check_head(&self, headers: &HeaderMap, total: Option<u64>) -> Result<(), Failure> {
        let html = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
        if html {
            return Err(Failure::Fatal(self.web_page()));
        }
        match total {
            Some(offered) if offered != self.file.size.unwrap_or(offered) || offered > MAX_FILE_BYTES => {
                Err(Failure::Fatal(DownloadError::WrongLength {
                    file: self.file.name.clone(),
                    host: self.host.clone(),
                    offered,
                    expected: self.file.size.unwrap_or(MAX_FILE_BYTES),
                }))
            }
            _ => Ok(()),
        }
    }

    fn web_page(&self) -> DownloadError {
        DownloadError::WebPage {
            file: self.file.name.clone(),
            host: self.host.clone(),
        }
    }

    /// A failed file operation ends the download; a part that fills the disk would only be in the way.
    fn disk(&self, result: std::io::Result<()>, part: &mut Part) -> Result<(), Failure> {
        result.map_err(|error| {
            let error = DownloadError::disk(&self.file.name, error);
            if matches!(error, DownloadError::DiskFull { .. }) {
                part.discard();
            }
            Failure::Fatal(error)
        })
    }
}

/// Bounds the wait for the network's next sign of life.
async fn timeout<T>(patience: Duration, future: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(patience, future)
        .await
        .map_err(|_| Failure::Interrupted(format!("nothing came for {} seconds", patience.as_secs_f32())))
}

/// The innermost cause, which says most; without the address, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    if error.is_timeout() {
        return "no answer in time".into();
    }
    cause.map_or_else(|| "the request failed".into(), ToString::to_string)
}

/// What `If-Range` may hold: a strong `ETag` or else a date.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    headers
        .get(ETAG)
        .and_then(text)
        .filter(|tag| !tag.starts_with("W/"))
        .or_else(|| headers.get(LAST_MODIFIED).and_then(text))
}

/// `Content-Range: bytes START-END/TOTAL`, each part but the unit optional.
#[derive(Clone, Copy)]
struct ContentRange {
    start: Option<u64>,
    total: Option<u64>,
}

fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let value = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let start = range
        .split_once('-')
        .and_then(|(start, _)| start.trim().parse().ok());
    Some(ContentRange {
        start,
        total: total.trim().parse().ok(),
    })
}

/// Whether bytes begin as a web page does; no model's file does.
fn looks_like_markup(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'<')
}
