//! Log lines on stderr, so that stdout stays for what a script reads; with the feature `otel`, traces to a collector.

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
    let named = std::env::var("RUST_LOG").ok();
    let (filter, invalid) = filter(named.as_deref());
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
        tracing::warn!("RUST_LOG is ignored: {error}");
    }
}

/// Returns the filter for a value of `RUST_LOG`, and the parse error of an invalid one.
fn filter(named: Option<&str>) -> (Targets, Option<ParseError>) {
    let (named, invalid) = match named.filter(|text| !text.is_empty()).map(str::parse) {
        Some(Ok(filter)) => (Some(filter), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    (
        named.unwrap_or_else(|| DEFAULT_FILTER.parse().unwrap_or_default()),
        invalid,
    )
}

/// Sends what is still to be sent, at the end of the program.
pub fn finish() {
    #[cfg(feature = "otel")]
    otel::finish();
}

/// Lets a request's span belong to the trace that the request comes from.
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
        for named in [None, Some(""), Some("iopaint_app=loud")] {
            let (filter, invalid) = filter(named);
            assert_eq!(invalid.is_some(), named == Some("iopaint_app=loud"), "{named:?}");
            assert!(filter.would_enable("iopaint_app", &Level::INFO), "{named:?}");
            assert!(!filter.would_enable("iopaint_app", &Level::DEBUG), "{named:?}");
            assert!(!filter.would_enable("hyper", &Level::INFO), "{named:?}");
        }
    }
}
