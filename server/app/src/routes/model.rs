//! Which model answers, and switching it.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::model_info::ModelInfo;
use crate::request::JsonBody;
use crate::state::AppState;

/// The model to switch to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SwitchModel {
    /// One of the names in `modelInfos`.
    pub name: String,
}

/// The current model.
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
            .unwrap_or("the first model is still being loaded");
        ApiError::new(ErrorCode::NoModel, reason)
    };
    let info = status.model.as_ref().map(ModelInfo::from);
    info.map(Json).ok_or_else(missing)
}

/// Switches the model that answers requests without a `model` of their own. Free where it is the current one; the old
/// one goes on serving where the new one can't be loaded.
#[utoipa::path(
    post, path = "/model", tag = "models", request_body = SwitchModel,
    responses(
        (status = OK, body = ModelInfo),
        (status = FORBIDDEN, description = "This server's model is fixed", body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn switch_model(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<SwitchModel>,
) -> Result<Json<ModelInfo>, ApiError> {
    state.may_use_model(&request.name)?;
    let spec = state.engine.switch(&request.name).await?;
    Ok(Json(ModelInfo::from(&spec)))
}
