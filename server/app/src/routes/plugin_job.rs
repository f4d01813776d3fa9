//! Plugin requests as jobs: body, headers and response.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_imaging::{EncodeOptions, Header};
use serde::de::DeserializeOwned;

use super::job_request::{RequestHead, read_body, run_job};
use super::server_timing::insert_server_timing;
use crate::error::ApiError;
use crate::image_jobs::{EncodedImage, run_plugin};
use crate::memory_budget::reserved_body;
use crate::middleware::client_id::ClientId;
use crate::plugins::{PluginError, PluginOutput, PluginStatus, PluginTask};
use crate::request::{JsonBody, base64_image};
use crate::state::AppState;

/// Name of the model that ran.
const X_INPAINT_MODEL: HeaderName = HeaderName::from_static("x-inpaint-model");

/// An encoded result and its media type.
pub struct EncodedOutput {
    /// Content of the response.
    pub bytes: Vec<u8>,
    /// Media type.
    pub mime: &'static str,
}

/// The plugin to run and its task, or the error of a field.
pub type Prepared = Result<(PluginStatus, PluginTask), ApiError>;

/// The parts in which the plugin routes differ.
pub struct PluginRoute<T> {
    /// Takes the image in base64 out of the body.
    pub take_image: fn(&mut T) -> String,
    /// Checks the fields and returns the plugin to run and its task.
    pub prepare: fn(&AppState, &T, &Header) -> Prepared,
    /// Encodes the result on a codec thread.
    pub encode: fn(PluginOutput, &EncodeOptions) -> Result<EncodedOutput, PluginError>,
}

/// The fields of a body, and its image.
struct PluginBody<T> {
    fields: T,
    image: Vec<u8>,
}

/// Runs a plugin request.
///
/// # Errors
/// Errors of the headers, and [`ErrorCode::JobIdTaken`]; errors of the job are responses.
pub async fn run_plugin_job<T: DeserializeOwned + Send>(
    state: &AppState,
    client: &ClientId,
    request: Request,
    route: PluginRoute<T>,
) -> Result<Response, ApiError> {
    let head = RequestHead::read(state, client, request.headers())?;
    let take_image = route.take_image;
    let body = async {
        let JsonBody(mut fields) = JsonBody::<T>::from_request(request, state).await?;
        let image = base64_image::decode("image", &take_image(&mut fields))?;
        Ok(PluginBody { fields, image })
    };
    run_job(state, &head, async |observer| {
        let (body, memory) = read_body(state, &head, body, |body| body.image.len()).await?;
        let PluginBody { fields, image } = body;
        let image = EncodedImage {
            bytes: image.into(),
            memory: Some(memory),
        };
        let prepare = |header: &Header| (route.prepare)(state, &fields, header);
        let result = run_plugin(state, &head.caller, image, observer, prepare, route.encode).await?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(result.value.mime));
        if let Ok(name) = HeaderValue::from_str(&result.run.model) {
            headers.insert(X_INPAINT_MODEL, name);
        }
        insert_server_timing(&mut headers, &result.stages, head.caller.arrived.elapsed());
        let body = Body::from(reserved_body(result.value.bytes, result.memory));
        Ok((headers, body).into_response())
    })
    .await
}
