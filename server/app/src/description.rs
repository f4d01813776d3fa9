//! What the API's description says of all routes alike: keys, and refusals that come before a route is reached.

use axum::http::{Method, StatusCode};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

use crate::auth;

const BEARER: &str = "bearer";
const HEADER: &str = "api_key";
const SESSION: &str = "session";

type Refusals = &'static [(StatusCode, &'static str)];

/// Refusals of every route.
const ALWAYS: Refusals = &[(
    StatusCode::MISDIRECTED_REQUEST,
    "The server isn't known under this name",
)];
/// Besides, of those that want a key.
const WITH_KEY: Refusals = &[
    (
        StatusCode::UNAUTHORIZED,
        "The server wants a key; there was none or a wrong one",
    ),
    (
        StatusCode::FORBIDDEN,
        "The request comes from a page of another site",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "The client has sent too many requests in a short time",
    ),
];
/// Besides, of those that take a body.
const WITH_BODY: Refusals = &[
    (StatusCode::BAD_REQUEST, "The body is broken"),
    (StatusCode::REQUEST_TIMEOUT, "The body comes too slowly"),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is over a limit, or something in it",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body's type is not taken here",
    ),
    (
        StatusCode::FORBIDDEN,
        "The request comes from a page of another site",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "The client has sent too many requests in a short time",
    ),
];

/// Completes the description of routes that say only what they answer themselves.
pub fn complete(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components
            .security_schemes
            .insert(name.to_owned(), RefOr::T(scheme));
    }
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(operation, &method, path);
        }
    }
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let value = |name: &str, words: &str| ApiKeyValue::with_description(name, words);
    [
        (BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
        (
            HEADER,
            SecurityScheme::ApiKey(ApiKey::Header(value(
                "X-API-Key",
                "The same key, for clients that can't set `Authorization`",
            ))),
        ),
        (
            SESSION,
            SecurityScheme::ApiKey(ApiKey::Cookie(value(
                auth::SESSION_COOKIE,
                "What the page gets for the key",
            ))),
        ),
    ]
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, item.get.as_mut()),
        (Method::POST, item.post.as_mut()),
        (Method::PUT, item.put.as_mut()),
        (Method::PATCH, item.patch.as_mut()),
        (Method::DELETE, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete_operation(operation: &mut Operation, method: &Method, path: &str) {
    if !auth::is_open(method, path) {
        // The last one stands for a server without keys.
        let requirement = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        operation.security = Some(vec![
            requirement(BEARER),
            requirement(HEADER),
            requirement(SESSION),
            SecurityRequirement::default(),
        ]);
        put(operation, WITH_KEY);
    }
    put(operation, ALWAYS);
    if operation.request_body.is_some() {
        put(operation, WITH_BODY);
    }
}

/// Adds answers that the operation doesn't tell of itself.
fn put(operation: &mut Operation, refusals: Refusals) {
    for (status, words) in refusals {
        let mut response = Response::new(*words);
        let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name("ErrorBody"))));
        response
            .content
            .insert("application/json".to_owned(), RefOr::T(body));
        operation
            .responses
            .responses
            .entry(status.as_str().to_owned())
            .or_insert(RefOr::T(response));
    }
}
