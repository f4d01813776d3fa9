//! One request for a file or its missing rest. All of the server's responses are validated.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED,
    RANGE,
};
use reqwest::{Client, Response, StatusCode};

use super::partial_file::{PartialFile, PartialFileSource};
use super::timer::Timer;
use super::{DownloadError, DownloadOptions, DownloadProgress};
use crate::registry::FileSpec;

/// Largest accepted file in bytes, far more than any model needs.
const MAX_FILE_BYTES: u64 = 64 << 30;

/// The download of one file from one URL.
pub(super) struct Transfer<'a> {
    pub client: Client,
    pub url: &'a str,
    /// Host and port of the server, for messages.
    pub host: String,
    pub file: &'a FileSpec,
    pub options: &'a DownloadOptions,
    pub timer: &'a dyn Timer,
    pub progress: &'a (dyn Fn(DownloadProgress) + Sync),
}

/// Error of one attempt.
pub(super) enum AttemptError {
    /// Another attempt may resume from the partial file.
    Interrupted(String),
    /// No connection could be established.
    NoConnection(String),
    /// Another attempt would fail, too.
    Fatal(DownloadError),
}

/// A server's answer, checked: what comes, and where the first byte belongs.
struct ValidResponse {
    response: Response,
    /// Size of the whole file in bytes; `None` if unknown.
    total: Option<u64>,
    /// True if the body starts at the file's first byte.
    from_start: bool,
}

impl Transfer<'_> {
    /// Requests the bytes that `part` lacks and appends them. On success `part` has the announced size.
    pub async fn attempt(&self, part: &mut PartialFile) -> Result<(), AttemptError> {
        let total = part.resumable(self.url).and_then(|source| source.total);
        if total == Some(part.length()) {
            // Complete, but not published because of a crash.
            return Ok(());
        }
        let Some(mut body) = self.request(part).await? else {
            return Ok(());
        };
        let limit = body.total.or(self.file.size).unwrap_or(MAX_FILE_BYTES);
        (self.progress)(DownloadProgress {
            bytes: part.length(),
            total: body.total,
        });
        loop {
            let chunk = match self
                .within(self.options.stall_timeout, body.response.chunk())
                .await?
            {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(AttemptError::Interrupted(reason(&error))),
            };
            if body.from_start && part.length() == 0 && looks_like_markup(&chunk) {
                part.discard();
                return Err(AttemptError::Fatal(self.web_page_error()));
            }
            if part.length() + chunk.len() as u64 > limit {
                part.discard();
                return Err(AttemptError::Interrupted(
                    "the server sent more bytes than it announced".into(),
                ));
            }
            self.check_disk(part.write(&chunk), part)?;
            (self.progress)(DownloadProgress {
                bytes: part.length(),
                total: body.total,
            });
        }
        match body.total.or(self.file.size) {
            Some(total) if part.length() < total => Err(AttemptError::Interrupted(format!(
                "the connection ended after {} of {total} bytes",
                part.length()
            ))),
            _ => Ok(()),
        }
    }

    /// Sends the request and validates the response's headers. Returns `None` if `part` is complete.
    async fn request(&self, part: &mut PartialFile) -> Result<Option<ValidResponse>, AttemptError> {
        let mut request = self.client.get(self.url).header(ACCEPT_ENCODING, "identity");
        let resumed = part.resumable(self.url).cloned();
        if let Some(source) = &resumed {
            request = request
                .header(RANGE, format!("bytes={}-", part.length()))
                .header(IF_RANGE, &source.validator);
        }
        let header_timeout = self.options.connect_timeout + self.options.stall_timeout;
        let response = match self.within(header_timeout, request.send()).await? {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Err(AttemptError::NoConnection(reason(&error))),
            Err(error) if error.is_builder() || error.is_redirect() => {
                return Err(AttemptError::Fatal(DownloadError::Unreachable {
                    file: self.file.name.clone(),
                    host: self.host.clone(),
                    reason: reason(&error),
                }));
            }
            Err(error) => return Err(AttemptError::Interrupted(reason(&error))),
        };
        match (response.status(), resumed) {
            (StatusCode::OK, _) => self.start_from_beginning(part, response).map(Some),
            (StatusCode::PARTIAL_CONTENT, Some(source)) => self.resume(part, response, &source).map(Some),
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(source)) => {
                let range = content_range(response.headers());
                if range.is_some_and(|range| range.total == Some(part.length())) && source.total.is_none() {
                    return Ok(None);
                }
                part.discard();
                Err(AttemptError::Interrupted(
                    "the server no longer has this version of the file".into(),
                ))
            }
            (StatusCode::PARTIAL_CONTENT, None) => Err(AttemptError::Interrupted(
                "the server sent a partial response without a range request".into(),
            )),
            (
                status
                @ (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS),
                _,
            ) => Err(AttemptError::Interrupted(format!("status {status}"))),
            (status, _) if status.is_server_error() => {
                Err(AttemptError::Interrupted(format!("status {status}")))
            }
            (status, _) => Err(AttemptError::Fatal(DownloadError::Refused {
                file: self.file.name.clone(),
                host: self.host.clone(),
                status: status.as_u16(),
            })),
        }
    }

    /// Prepares `part` for the whole file, because it was empty or the file on the server has changed.
    fn start_from_beginning(
        &self,
        part: &mut PartialFile,
        response: Response,
    ) -> Result<ValidResponse, AttemptError> {
        let total = response.content_length();
        self.check_headers(response.headers(), total)?;
        let source = PartialFileSource {
            url: self.url.to_owned(),
            validator: validator(response.headers()).unwrap_or_default(),
            total,
        };
        self.check_disk(part.start(source), part)?;
        Ok(ValidResponse {
            response,
            total,
            from_start: true,
        })
    }

    /// Checks that the response continues `part`.
    fn resume(
        &self,
        part: &mut PartialFile,
        response: Response,
        source: &PartialFileSource,
    ) -> Result<ValidResponse, AttemptError> {
        let range = content_range(response.headers());
        let continues = range.is_some_and(|range| {
            range.start == Some(part.length())
                && (range.total.is_none() || source.total.is_none() || range.total == source.total)
        }) && validator(response.headers())
            .is_none_or(|validator| validator == source.validator);
        if !continues {
            part.discard();
            return Err(AttemptError::Interrupted(
                "the server sent another range than requested".into(),
            ));
        }
        let total = range.and_then(|range| range.total).or(source.total);
        self.check_headers(response.headers(), total)?;
        tracing::info!(file = %self.file.name, received_bytes = part.length(), "Resuming an earlier download");
        Ok(ValidResponse {
            response,
            total,
            from_start: false,
        })
    }

    fn check_headers(&self, headers: &HeaderMap, total: Option<u64>) -> Result<(), AttemptError> {
        let html = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
        if html {
            return Err(AttemptError::Fatal(self.web_page_error()));
        }
        match total {
            Some(offered) if offered != self.file.size.unwrap_or(offered) || offered > MAX_FILE_BYTES => {
                Err(AttemptError::Fatal(DownloadError::WrongLength {
                    file: self.file.name.clone(),
                    host: self.host.clone(),
                    offered,
                    expected: self.file.size.unwrap_or(MAX_FILE_BYTES),
                }))
            }
            _ => Ok(()),
        }
    }

    /// Fails with [`AttemptError::Interrupted`] if `future` takes longer than `limit`.
    async fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Result<T, AttemptError> {
        tokio::select! {
            biased;
            result = future => Ok(result),
            () = self.timer.after(limit) => {
                Err(AttemptError::Interrupted(format!("no data for {} seconds", limit.as_secs_f32())))
            }
        }
    }

    fn web_page_error(&self) -> DownloadError {
        DownloadError::WebPage {
            file: self.file.name.clone(),
            host: self.host.clone(),
        }
    }

    /// Converts an error of a file operation to a fatal error. Deletes the partial file if the disk is full.
    fn check_disk(&self, result: std::io::Result<()>, part: &mut PartialFile) -> Result<(), AttemptError> {
        result.map_err(|error| {
            let error = DownloadError::disk(&self.file.name, error);
            if matches!(error, DownloadError::DiskFull { .. }) {
                part.discard();
            }
            AttemptError::Fatal(error)
        })
    }
}

/// Returns the innermost cause, which is the most specific, without the URL, which may contain secrets.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    if error.is_timeout() {
        return "timed out".into();
    }
    cause.map_or_else(|| "the request failed".into(), ToString::to_string)
}

/// Returns the value for `If-Range`: a strong `ETag`, or else `Last-Modified`.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    headers
        .get(ETAG)
        .and_then(text)
        .filter(|tag| !tag.starts_with("W/"))
        .or_else(|| headers.get(LAST_MODIFIED).and_then(text))
}

/// `Content-Range: bytes START-END/TOTAL`; all but the unit may be missing.
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

/// Returns true if the bytes begin with `<` like a web page, which no model file does.
fn looks_like_markup(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'<')
}
