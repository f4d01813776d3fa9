//! Routes of the HTTP API, the page and the API documentation.

use axum::Router;
use axum::http::HeaderName;
use axum::response::Redirect;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::{ApiError, ErrorCode};
use crate::events::ModelEvent;
use crate::jobs::JobEvent;
use crate::mcp;
use crate::middleware::{self, request_id::X_REQUEST_ID};
use crate::openapi::complete_description;
use crate::routes::{
    catalogue, config, decode, detect, files, gen_info, inpaint, job, legacy, mask, media, model, patch,
    plugins, probes, prometheus, session, upscale,
};
use crate::state::AppState;
use crate::ui;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "IOPaint",
        description = "Removes objects from images. Compatible with the API of IOPaint 1.6.0.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    // Relative to the description's URL, since the server may be behind a sub-path.
    servers((url = "./")),
    components(schemas(JobEvent, ModelEvent)),
    tags(
        (name = "inpaint", description = "Inpainting and its jobs"),
        (name = "models", description = "The current model, and downloads"),
        (name = "files", description = "Images on the server's disk, if the operator configured folders"),
        (name = "plugins", description = "Selecting objects and text, removing the background, upscaling"),
        (name = "server", description = "Capabilities of the server, and sessions"),
        (name = "health", description = "Health checks and metrics"),
    ),
)]
struct ApiDoc;

/// Returns the API description of all routes of [`router`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().1
}

fn described() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (routes, mut description) = api().split_for_parts();
    complete_description(&mut description);
    (routes, description)
}

fn api() -> OpenApiRouter<AppState> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(config::server_config))
        .routes(routes!(config::samplers))
        .routes(routes!(session::begin_session, session::end_session))
        .routes(routes!(model::current_model, model::switch_model))
        .routes(routes!(inpaint::inpaint))
        .routes(routes!(job::cancel_job))
        .routes(routes!(catalogue::models))
        .routes(routes!(catalogue::download_model))
        .routes(routes!(mask::adjust_mask))
        .routes(routes!(decode::decode))
        .routes(routes!(patch::apply_patch))
        .routes(routes!(gen_info::gen_info))
        .routes(routes!(files::input_image))
        .routes(routes!(files::save_image))
        .routes(routes!(media::medias))
        .routes(routes!(media::media_file))
        .routes(routes!(media::media_thumbnail_file))
        .routes(routes!(plugins::run_plugin_gen_mask))
        .routes(routes!(plugins::run_plugin_gen_image))
        .routes(routes!(plugins::switch_plugin_model))
        .routes(routes!(detect::detect))
        .routes(routes!(upscale::upscale));
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .nest("/api/v1", v1)
        .routes(routes!(legacy::inpaint))
        .routes(routes!(probes::livez))
        .routes(routes!(probes::readyz))
        .routes(routes!(prometheus::metrics))
}

/// Returns the server as one service: routes, page and API documentation, wrapped in the middleware.
pub fn router(state: AppState) -> Router {
    let (routes, description) = described();
    let routes = routes
        .merge(mcp_route(&state))
        .method_not_allowed_fallback(method_not_allowed)
        // Documentation path of FastAPI, and so of IOPaint.
        .route("/redoc", get(async || Redirect::permanent("docs/")))
        .merge(
            SwaggerUi::new("/docs")
                .url("/openapi.json", description)
                // Relative, since the server may be behind a sub-path.
                .config(Config::from("../openapi.json")),
        )
        .fallback_service(get(ui::page).fallback(not_found));
    let root_path = state.settings.root_path.clone();
    let server = middleware::apply(routes, &state, exposed_headers()).with_state(state);
    root_path.mount(server)
}

/// Returns the route of the Model Context Protocol, or none if it is disabled.
fn mcp_route(state: &AppState) -> Router<AppState> {
    if state.settings.mcp {
        Router::new().route(mcp::PATH, mcp::route(state))
    } else {
        Router::new()
    }
}

/// Returns the response headers that pages of allowed origins may read.
fn exposed_headers() -> Vec<HeaderName> {
    inpaint::EXPOSED_HEADERS
        .into_iter()
        .chain(decode::EXPOSED_HEADERS)
        .chain(media::EXPOSED_HEADERS)
        .chain(files::EXPOSED_HEADERS)
        .chain(mcp::EXPOSED_HEADERS)
        .chain([X_REQUEST_ID])
        .collect()
}

async fn not_found() -> ApiError {
    ApiError::not_found()
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(
        ErrorCode::MethodNotAllowed,
        "this address does not support this method",
    )
}
