//! Logging to stderr, and with the feature `otel` tracing to an OpenTelemetry collector. Stdout is reserved
//! for output that scripts parse.

#[cfg(feature = "otel")]
mod otel;

use std::io::{self, IsTerminal};

use axum::http::HeaderMap;
use tracing::Span;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets, fmt};

use crate::cli::LogFormat;

/// Log levels without `RUST_LOG`.
const DEFAULT_FILTER: &str = "warn,iopaint=info,iopaint_app=info,iopaint_engine=info,iopaint_torch=info";

/// Starts logging. `RUST_LOG` sets the levels: `level` or `target=level`, separated by commas. An unset or
/// invalid value gives [`DEFAULT_FILTER`].
pub fn init(format: LogFormat) {
    let value = std::env::var("RUST_LOG").ok();
    let (filter, invalid) = filter(value.as_deref());
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Pretty => lines.pretty().boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(otel::layer());
    // A second start in one process (tests) keeps the first subscriber.
    let _ = subscriber.try_init();
    if let Some(error) = invalid {
        tracing::warn!(%error, "RUST_LOG is invalid and was ignored");
    }
}

/// Returns the filter for a value of `RUST_LOG`, and the parse error of an invalid one.
fn filter(value: Option<&str>) -> (Targets, Option<ParseError>) {
    let (filter, invalid) = match value.filter(|text| !text.is_empty()).map(str::parse) {
        Some(Ok(filter)) => (Some(filter), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    (
        filter.unwrap_or_else(|| DEFAULT_FILTER.parse().unwrap_or_default()),
        invalid,
    )
}

/// Exports the remaining spans. Call it once, at the end of the program.
pub fn shutdown() {
    #[cfg(feature = "otel")]
    otel::shutdown();
}

/// Makes a request's span a child of the trace in the request's `traceparent` header.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    #[cfg(feature = "otel")]
    otel::continue_trace(span, headers);
    #[cfg(not(feature = "otel"))]
    let _ = (span, headers);
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn rust_log_sets_levels() {
        let (filter, invalid) = filter(Some("error,iopaint_app=debug"));
        assert!(invalid.is_none());
        assert!(filter.would_enable("iopaint_app::router", &Level::DEBUG));
        assert!(!filter.would_enable("iopaint_engine", &Level::WARN));
    }

    #[test]
    fn invalid_rust_log_gives_the_default() {
        for value in [None, Some(""), Some("iopaint_app=loud")] {
            let (filter, invalid) = filter(value);
            assert_eq!(invalid.is_some(), value == Some("iopaint_app=loud"), "{value:?}");
            assert!(filter.would_enable("iopaint_app", &Level::INFO), "{value:?}");
            assert!(!filter.would_enable("iopaint_app", &Level::DEBUG), "{value:?}");
            assert!(!filter.would_enable("hyper", &Level::INFO), "{value:?}");
        }
    }
}
