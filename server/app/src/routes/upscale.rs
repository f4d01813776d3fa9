//! `POST /api/v1/upscale`: enlarges an image.

use axum::extract::{Request, State};
use axum::response::Response;
use iopaint_engine::PluginKind;

use super::plugin_job::{EncodedOutput, PluginRoute, run_plugin_job};
use crate::error::{ApiError, ErrorBody, JobErrors};
use crate::middleware::client_id::ClientId;
use crate::plugins::{PluginTask, image_png};
use crate::request::plugin_request::{Upscale, check_scale};
use crate::state::AppState;

/// Enlarges an image by a network.
#[utoipa::path(
    post, path = "/upscale", tag = "plugins", request_body = Upscale,
    responses(
        (status = OK, content_type = "image/png", body = Vec<u8>, description = "The enlarged image as PNG"),
        JobErrors,
        (status = PAYLOAD_TOO_LARGE, description = "The body or the result is too large", body = ErrorBody),
    ),
)]
pub async fn upscale(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let route = PluginRoute {
        take_image: |fields: &mut Upscale| std::mem::take(&mut fields.image),
        prepare: |state, fields, _| {
            let task = PluginTask::Upscale {
                scale: check_scale(fields.scale)?,
                max_forward_pixels: state.settings.images.max_forward_pixels,
            };
            Ok((state.plugins.of_kind(PluginKind::Upscale)?, task))
        },
        encode: |output, options| {
            Ok(EncodedOutput {
                bytes: image_png(output, options)?,
                mime: "image/png",
            })
        },
    };
    Box::pin(run_plugin_job(&state, &client, request, route)).await
}
