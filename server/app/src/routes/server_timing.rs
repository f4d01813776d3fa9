//! The `Server-Timing` header.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::metrics::Stage;

/// Durations of the stages of a request.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds a `Server-Timing` header (W3C Server Timing) with durations in milliseconds.
pub fn insert_server_timing(headers: &mut HeaderMap, stages: &[(Stage, Duration)], total: Duration) {
    if let Ok(value) = HeaderValue::from_str(&server_timing(stages, total)) {
        headers.insert(SERVER_TIMING, value);
    }
}

fn server_timing(stages: &[(Stage, Duration)], total: Duration) -> String {
    let stages = stages.iter().map(|(stage, time)| (stage.name(), time));
    let parts: Vec<String> = stages
        .chain([("total", &total)])
        .map(|(name, time)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0))
        .collect();
    parts.join(", ")
}
