//! `POST /api/v1/detect`: finds text.

use axum::extract::{Request, State};
use axum::response::Response;
use iopaint_engine::PluginKind;
use iopaint_imaging::EncodeOptions;
use iopaint_vision::TextOptions;
use serde::Serialize;
use utoipa::ToSchema;

use super::plugin_job::{EncodedOutput, PluginRoute, run_plugin_job};
use crate::error::{ApiError, JobErrors};
use crate::middleware::client_id::ClientId;
use crate::plugins::{PluginError, PluginOutput, PluginTask, PluginValue, gray_png};
use crate::request::plugin_request::{DetectText, check_min_score, rect};
use crate::state::AppState;

/// The text of an image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DetectedText {
    /// Regions of text.
    pub regions: Vec<DetectedRegion>,
    /// Mask of the text in base64: a gray PNG of the image's size, white is text.
    pub mask: String,
}

/// A region of text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DetectedRegion {
    /// Corners: x and y in pixels.
    pub polygon: Vec<[f32; 2]>,
    /// Mean probability of text, 0 to 1.
    pub score: f32,
}

/// Finds text and returns its regions and a mask.
#[utoipa::path(
    post, path = "/detect", tag = "plugins", request_body = DetectText,
    responses(
        (status = OK, body = DetectedText),
        JobErrors,
    ),
)]
pub async fn detect(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let route = PluginRoute {
        take_image: |fields: &mut DetectText| std::mem::take(&mut fields.image),
        prepare: |state, fields, header| {
            let plugin = state.plugins.of_kind(PluginKind::SelectText)?;
            let size = (header.width, header.height);
            let region = fields
                .region
                .map(|corners| rect("region", corners, size))
                .transpose()?;
            let options = TextOptions {
                min_score: check_min_score(fields.min_score)?,
                region,
                ..TextOptions::default()
            };
            Ok((plugin, PluginTask::SelectText(options)))
        },
        encode,
    };
    Box::pin(run_plugin_job(&state, &client, request, route)).await
}

fn encode(output: PluginOutput, _: &EncodeOptions) -> Result<EncodedOutput, PluginError> {
    let PluginValue::Text { regions, mask } = output.value else {
        return Err(PluginError::NoMask);
    };
    let answer = DetectedText {
        regions: regions
            .iter()
            .map(|region| DetectedRegion {
                polygon: region.polygon.iter().map(|(x, y)| [*x, *y]).collect(),
                score: region.score,
            })
            .collect(),
        mask: base64_simd::STANDARD.encode_to_string(gray_png(&mask)?),
    };
    Ok(EncodedOutput {
        bytes: serde_json::to_vec(&answer).map_err(PluginError::Json)?,
        mime: "application/json",
    })
}
