//! Promise: results don't depend on the numbers of devices and model threads, and no job is lost.

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use super::observability::value;
use super::send;
use crate::harness::{INPAINT, Server, base64, picture, server_on, torch};

/// Name of the environment variable with the number of jobs.
const JOBS: &str = "WORKER_JOBS";

/// Fields of mixed jobs: networks, patches, algorithms without weights; whole images and crops.
fn kinds() -> [Value; 6] {
    [
        json!({ "model": "lama" }),
        json!({ "model": "lama-patches", "hd_strategy": "Auto", "blend": true }),
        json!({ "model": "cv2", "cv2_flag": "INPAINT_TELEA" }),
        json!({ "model": "lama", "hd_strategy": "Crop", "hd_strategy_crop_trigger_size": 0 }),
        json!({ "model": "patchmatch", "dilate": 3 }),
        json!({ "model": "lama-mini", "hd_strategy": "Resize", "hd_strategy_resize_limit": 64 }),
    ]
}

fn request(client: u8, fields: &Value) -> Request<Body> {
    let (image, mask) = picture();
    let mut fields = fields.clone();
    fields["image"] = json!(base64(&image));
    fields["mask"] = json!(base64(&mask));
    let mut request = Request::post(INPAINT)
        .body(Body::from(fields.to_string()))
        .unwrap();
    let address = std::net::SocketAddr::from(([10, 0, 0, client], 4711));
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

/// Starts a server with `workers` model threads on each of `devices` copies of the weights, all on the CPU.
fn started(devices: usize, workers: usize, max_batch: usize) -> Arc<Server> {
    let loaders = (0..devices).map(|_| torch()).collect();
    Arc::new(server_on(loaders, |options, _| {
        options.workers = workers;
        options.batches.max_images = max_batch;
        options.max_models = 8;
        options.max_queue = 1000;
    }))
}

/// Sends `WORKER_JOBS` (36) jobs at once.
#[rstest]
#[case::workers(1, 2, 1)]
#[case::more_workers(1, 3, 1)]
#[case::devices(2, 1, 1)]
#[case::workers_and_devices(2, 2, 1)]
#[case::batches(1, 4, 4)]
#[case::batches_and_devices(2, 3, 2)]
#[tokio::test(flavor = "multi_thread")]
async fn results_are_equal_for_any_number_of_workers(
    #[case] devices: usize,
    #[case] workers: usize,
    #[case] max_batch: usize,
) {
    let jobs = std::env::var(JOBS).ok().and_then(|jobs| jobs.parse().ok());
    let jobs = jobs.map_or(36, NonZeroUsize::get);
    let single = started(1, 1, 1);
    let mut expected = Vec::new();
    for kind in kinds() {
        let answer = single.send(request(0, &kind)).await;
        assert_eq!(answer.status, StatusCode::OK);
        expected.push(answer.body);
    }
    let server = started(devices, workers, max_batch);
    let running: Vec<_> = (0..jobs)
        .map(|job| {
            let kind = job % kinds().len();
            (kind, send(&server, request((job % 5) as u8, &kinds()[kind])))
        })
        .collect();
    for (kind, running) in running {
        let answer = running.await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.body == expected[kind],
            "job of kind {kind} has another result"
        );
    }
    let metrics = String::from_utf8(server.get("/metrics").await.body).unwrap();
    let passes = |bound: &str| {
        let sample = format!("iopaint_batch_images_bucket{{le=\"{bound}\"}}");
        value(&metrics, &sample).unwrap_or_else(|| panic!("{sample} in\n{metrics}"))
    };
    assert_eq!(passes("1") < passes("+Inf"), max_batch > 1, "batches ran");
    let status = server.engine.status();
    assert_eq!((status.jobs, status.running, status.waiting), (0, 0, 0));
}
