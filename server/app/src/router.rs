//! Routes, limits and what surrounds them.

use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderName, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::auth;
use crate::client;
use crate::error::{ApiError, ErrorCode};
use crate::events::{self, ModelEvent};
use crate::guard;
use crate::jobs::JobEvent;
use crate::observe;
use crate::openapi::complete_description;
use crate::request::{X_REQUEST_TIMEOUT_MS, decode_content, limit_length, limit_rate};
use crate::routes::{
    catalogue, config, decode, files, gen_info, inpaint, job, legacy, mask, media, model, plugins, probes,
    prometheus, session,
};
use crate::state::AppState;
use crate::ui;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "IOPaint",
        description = "Removes things from pictures. Speaks the API of IOPaint 1.6.0.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    // Relative to this description, for it may be shown under a sub-path.
    servers((url = "./")),
    components(schemas(JobEvent, ModelEvent)),
    tags(
        (name = "inpaint", description = "Filling holes"),
        (name = "models", description = "Which model answers"),
        (name = "files", description = "Images on the server's disk, where the operator offers them"),
        (name = "plugins", description = "For clients that ask; this server has no plugins"),
        (name = "server", description = "What the server can do"),
        (name = "health", description = "For orchestrators"),
    ),
)]
struct ApiDoc;

/// The API's description, with every route of [`router`].
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
        .routes(routes!(gen_info::gen_info))
        .routes(routes!(files::input_image))
        .routes(routes!(files::save_image))
        .routes(routes!(media::medias))
        .routes(routes!(media::media_file))
        .routes(routes!(media::media_thumbnail_file))
        .routes(routes!(plugins::run_plugin_gen_mask))
        .routes(routes!(plugins::run_plugin_gen_image))
        .routes(routes!(plugins::switch_plugin_model));
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .nest("/api/v1", v1)
        .routes(routes!(legacy::inpaint))
        .routes(routes!(probes::livez))
        .routes(routes!(probes::readyz))
        .routes(routes!(prometheus::metrics))
}

/// The whole server as a service.
pub fn router(state: AppState) -> Router {
    let (routes, description) = described();
    let origins = state.settings.access.origins.clone();
    let exposed: Vec<HeaderName> = inpaint::EXPOSED_HEADERS
        .into_iter()
        .chain(decode::EXPOSED_HEADERS)
        .chain(media::EXPOSED_HEADERS)
        .chain(files::EXPOSED_HEADERS)
        .chain([observe::X_REQUEST_ID])
        .collect();
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origin.to_str().is_ok_and(|origin| origins.allow(origin))
        }))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // IOPaint's page asks for the input image past every cache.
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            CACHE_CONTROL,
            PRAGMA,
            auth::X_API_KEY,
            job::X_JOB_ID,
            X_REQUEST_TIMEOUT_MS,
            observe::X_REQUEST_ID,
        ])
        .expose_headers(exposed);
    let root_path = state.settings.root_path.clone();
    let server = routes
        .method_not_allowed_fallback(method_not_allowed)
        // Documentation path of FastAPI, and so of IOPaint.
        .route(
            "/redoc",
            axum::routing::get(async || Redirect::permanent("docs/")),
        )
        .merge(
            // Relative, for it may be shown under a sub-path.
            SwaggerUi::new("/docs")
                .url("/openapi.json", description)
                .config(Config::from("../openapi.json")),
        )
        .fallback_service(axum::routing::get(ui::page).fallback(not_found))
        .layer(state.events.layer())
        .layer(middleware::from_fn_with_state(
            state.clone(),
            events::limit_sockets,
        ))
        // The rate counts bytes as they are received, before they are decoded.
        .layer(middleware::from_fn(decode_content))
        .layer(middleware::from_fn_with_state(state.clone(), limit_rate))
        .layer(middleware::from_fn_with_state(state.clone(), limit_length))
        .layer(DefaultBodyLimit::max(state.settings.bodies.max_bytes))
        .layer(middleware::from_fn_with_state(state.clone(), auth::require_key))
        // Around the keys: browsers ask beforehand without one, and friends' pages may read the refusal.
        .layer(cors)
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), observe::observe))
        .layer(middleware::from_fn_with_state(state.clone(), client::identify))
        .with_state(state);
    root_path.mount(server)
}

async fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this address")
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(
        ErrorCode::MethodNotAllowed,
        "this address does not take this method",
    )
}

/// What a panic becomes; its words went to the log.
fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::new(
        ErrorCode::Internal,
        "the server met a fault of its own; the log says more",
    )
    .into_response()
}
