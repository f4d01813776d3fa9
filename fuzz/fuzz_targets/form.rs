//! Arbitrary bytes as the body of an inpaint request: a form, lama-cleaner's form, JSON.

#![no_main]

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use iopaint_app::RequestLimits;
use iopaint_app::request::{read_inpaint_body, read_lama_cleaner_form};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

fn request(content_type: &str, body: &[u8]) -> Request {
    Request::post("/")
        .header("content-type", content_type)
        .body(Body::from(body.to_vec()))
        .expect("a request")
}

fuzz_target!(|body: &[u8]| {
    let limits = RequestLimits::default();
    RUNTIME.block_on(async {
        let _ = read_inpaint_body(request("multipart/form-data; boundary=x", body), &limits).await;
        let _ = read_lama_cleaner_form(request("multipart/form-data; boundary=x", body), &limits).await;
        let _ = read_inpaint_body(request("application/json", body), &limits).await;
    });
});
