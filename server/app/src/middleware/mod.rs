//! HTTP middleware. [`apply`] is the complete, ordered list.
//!
//! Each module has one layer, or a few that belong together. A layer receives its own settings instead of the
//! whole [`AppState`].

mod authentication;
mod body_length;
pub mod client_id;
pub mod content_encoding;
mod cors;
pub mod host_guard;
pub mod min_body_rate;
pub mod origin_guard;
mod panic_response;
pub mod rate_limit;
pub mod request_id;
mod request_log;
pub mod root_path;
mod security_headers;
mod socket_limit;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use self::authentication::{AuthenticationSettings, require_api_key};
use self::body_length::{MaxBodyBytes, limit_declared_length};
use self::client_id::identify_client;
use self::content_encoding::decode_content;
use self::cors::cors;
use self::host_guard::require_allowed_host;
use self::min_body_rate::require_min_body_rate;
use self::origin_guard::reject_cross_origin;
use self::panic_response::panic_response;
use self::request_id::discard_unsafe_id;
use self::request_log::log_request;
use self::security_headers::{content_security_policy, security_headers};
use self::socket_limit::{SocketLimit, limit_sockets};
use crate::state::AppState;

/// Wraps the routes in all middleware. A request passes the layers from top to bottom, its response from
/// bottom to top. `exposed_headers` are the response headers that pages of allowed origins may read.
pub fn apply(
    routes: Router<AppState>,
    state: &AppState,
    exposed_headers: Vec<HeaderName>,
) -> Router<AppState> {
    let settings = &state.settings;
    let (access, bodies) = (&settings.access, &settings.bodies);
    let authentication = AuthenticationSettings {
        keys: access.keys.clone(),
        rate_limit: access.rate.clone(),
    };
    let layers = ServiceBuilder::new()
        // Before the log: every log line and every response carries the request's id.
        .layer(map_request(discard_unsafe_id))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        // Before the log, the rate limit and the queue, which all distinguish clients.
        .layer(from_fn_with_state(
            access.trusted_proxies.clone(),
            identify_client,
        ))
        // Around all layers that may reject a request: rejections are logged and counted too.
        .layer(from_fn_with_state(state.metrics.clone(), log_request))
        // Around all layers that create responses: errors carry the security headers too.
        .layer(security_headers(&access.origins))
        .layer(from_fn(content_security_policy))
        // Inside the log: a panic becomes a logged response with status 500.
        .layer(CatchPanicLayer::custom(panic_response))
        // Cheap checks of headers come before everything that depends on the client.
        .layer(from_fn_with_state(access.hosts.clone(), require_allowed_host))
        .layer(from_fn_with_state(access.origins.clone(), reject_cross_origin))
        // Outside authentication: preflights carry no key, and allowed origins must be able to read a 401.
        .layer(cors(access.origins.clone(), exposed_headers))
        // Before the body is read: an unauthorised client can't make the server receive one.
        .layer(from_fn_with_state(authentication, require_api_key))
        // Limits of the received body, before it is decoded; the first one holds for the decoded body too.
        .layer(DefaultBodyLimit::max(bodies.max_bytes))
        .layer(from_fn_with_state(
            MaxBodyBytes(bodies.max_bytes),
            limit_declared_length,
        ))
        .layer(from_fn_with_state(bodies.min_rate, require_min_body_rate))
        // Decodes compressed bodies for all routes.
        .layer(from_fn(decode_content))
        // Socket.IO, which is a layer itself: it handles its own path and passes on all others.
        .layer(from_fn_with_state(
            SocketLimit::new(settings.max_sockets),
            limit_sockets,
        ))
        .layer(state.events.layer());
    routes.layer(layers)
}
