//! The current model, and switching it.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::model_info::ModelInfo;
use crate::request::JsonBody;
use crate::state::AppState;

/// Model to switch to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SwitchModel {
    /// Name of a model from `modelInfos`.
    pub name: String,
}

/// Returns the current model.
#[utoipa::path(
    get, path = "/model", tag = "models",
    responses((status = OK, body = ModelInfo), (status = SERVICE_UNAVAILABLE, body = ErrorBody)),
)]
pub async fn current_model(State(state): State<AppState>) -> Result<Json<ModelInfo>, ApiError> {
    let status = state.engine.status();
    let missing = || {
        let reason = status
            .failure
            .as_deref()
            .unwrap_or("the first model is still loading");
        ApiError::new(ErrorCode::NoModel, reason)
    };
    let info = status.model.as_ref().map(ModelInfo::from);
    info.map(Json).ok_or_else(missing)
}

/// Switches the current model, which requests without `model` use. If the new model fails to load, the old
/// one stays current.
#[utoipa::path(
    post, path = "/model", tag = "models", request_body = SwitchModel,
    responses(
        (status = OK, body = ModelInfo),
        (status = FORBIDDEN, description = "The model of this server is fixed", body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn switch_model(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<SwitchModel>,
) -> Result<Json<ModelInfo>, ApiError> {
    state.check_model_allowed(&request.name)?;
    let spec = state.engine.switch(&request.name).await?;
    Ok(Json(ModelInfo::from(&spec)))
}
