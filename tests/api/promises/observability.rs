//! Observability: metrics, request ids, timings.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use rstest::rstest;

use super::request;
use crate::harness::{Server, server, server_with};

async fn metrics(server: &Server) -> String {
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    String::from_utf8(answer.body).unwrap()
}

/// Value of a sample.
pub fn value(metrics: &str, sample: &str) -> Option<f64> {
    metrics
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

/// Names of all samples.
fn names(metrics: &str) -> BTreeSet<&str> {
    metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}

#[tokio::test]
async fn rejections_start_at_zero() {
    let server = server_with(|_, _| {});
    let before = metrics(&server).await;
    for code in [
        "queue-full",
        "deadline",
        "draining",
        "body-too-large",
        "foreign-origin",
    ] {
        let sample = format!("iopaint_rejections_total{{code=\"{code}\"}}");
        assert_eq!(value(&before, &sample), Some(0.0), "{code} in\n{before}");
    }
    let late = request(&[("x-request-timeout-ms", "0")]);
    assert_eq!(server.send(late).await.status, StatusCode::GATEWAY_TIMEOUT);
    let after = metrics(&server).await;
    assert_eq!(
        value(&after, "iopaint_rejections_total{code=\"deadline\"}"),
        Some(1.0)
    );
}

#[tokio::test]
async fn request_updates_metrics() {
    let server = server_with(|options, _| options.model = Some("lama".into()));
    server.ready().await;
    let text = metrics(&server).await;
    for (sample, expected) in [
        ("iopaint_queue_wait_seconds_count", 1.0),
        ("iopaint_queue_wait_seconds_bucket{le=\"+Inf\"}", 1.0),
        ("iopaint_inference_seconds_count{model=\"lama\"}", 1.0),
        ("iopaint_stage_seconds_count{stage=\"decode\"}", 1.0),
        ("iopaint_stage_seconds_count{stage=\"encode\"}", 1.0),
        ("iopaint_device_jobs_running{device=\"cpu\"}", 0.0),
        ("iopaint_device_models_loaded{device=\"cpu\"}", 1.0),
        ("iopaint_jobs_total{outcome=\"done\"}", 1.0),
        ("iopaint_jobs_total{outcome=\"failed\"}", 0.0),
        ("iopaint_pixels_total", 150.0 * 101.0),
        ("iopaint_model_loads_total{model=\"lama\"}", 1.0),
        ("iopaint_model_loaded{model=\"lama\"}", 1.0),
        ("iopaint_model_load_seconds_count", 1.0),
        ("iopaint_worker_restarts_total", 0.0),
        ("iopaint_queue_depth", 0.0),
        ("iopaint_jobs_inside", 0.0),
        ("iopaint_ready", 1.0),
        ("iopaint_in_flight_bytes{kind=\"pixels\"}", 0.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample} in\n{text}");
    }
    if cfg!(target_os = "linux") {
        assert!(value(&text, "process_resident_memory_bytes").unwrap() > 1e6);
    }
    let route = "route=\"/api/v1/inpaint\",method=\"POST\",status=\"200\"";
    let sample = format!("iopaint_http_request_seconds_count{{{route}}}");
    assert_eq!(value(&text, &sample), Some(1.0), "{text}");
}

#[tokio::test]
async fn unknown_methods_and_paths_share_labels() {
    let server = server_with(|_, _| {});
    for number in 0..3 {
        let request = Request::builder()
            .method(format!("METHOD{number}").as_str())
            .uri(format!("/nothing/{number}"))
            .body(Body::empty());
        server.send(request.unwrap()).await;
    }
    let text = metrics(&server).await;
    let counts = text
        .lines()
        .filter(|line| line.starts_with("iopaint_http_request_seconds_count{"))
        .count();
    assert_eq!(counts, 1, "{text}");
}

#[rstest]
#[case("docker/monitoring/grafana-dashboard.json")]
#[case("docker/monitoring/alerts.yaml")]
#[tokio::test]
async fn dashboard_and_alert_metrics_exist(#[case] file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let named: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("iopaint_") || word.starts_with("process_"))
        .collect();
    assert!(named.len() >= 5, "{named:?}");
    let server = server_with(|options, _| options.model = Some("lama".into()));
    server.ready().await;
    server
        .post_json("/api/v1/model", &serde_json::json!({ "name": "anime-lama" }))
        .await;
    let metrics = metrics(&server).await;
    let known = names(&metrics);
    // A family without samples still has its description.
    let described: BTreeSet<String> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next())
        .flat_map(|name| [name.to_owned(), format!("{name}_total")])
        .collect();
    for name in named {
        assert!(
            known.contains(name) || described.contains(name),
            "{name} of {file}"
        );
    }
}

#[tokio::test]
async fn request_id_is_kept_or_generated() {
    let with = |id: &'static str| {
        Request::get("/livez")
            .header("x-request-id", id)
            .body(Body::empty())
    };
    let answer = server().send(with("trace-7").unwrap()).await;
    assert_eq!(answer.header("x-request-id"), "trace-7");
    let answer = server().send(with("a forged\" line").unwrap()).await;
    assert_eq!(answer.header("x-request-id").len(), 36);
    let failed = server().get("/nothing").await;
    assert_eq!(failed.status, StatusCode::NOT_FOUND);
    assert_eq!(failed.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn response_has_server_timing() {
    let answer = server().send(request(&[])).await;
    let timing = answer.header("server-timing");
    for stage in ["read", "decode", "queue", "forward", "encode", "total"] {
        assert!(timing.contains(&format!("{stage};dur=")), "{timing}");
    }
}
