//! Log lines on stderr, so that stdout stays for what a script reads; with the feature `otel`, traces to a collector.

#[cfg(feature = "otel")]
mod otel;

use std::io::{self, IsTerminal};

use axum::http::HeaderMap;
use tracing::Span;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::settings::LogFormat;

/// Starts logging: `RUST_LOG` where it is set, else information of this program and warnings of the rest.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new("warn,iopaint=info,iopaint_app=info,iopaint_engine=info,iopaint_torch=info")
    });
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
