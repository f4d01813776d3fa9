//! Completion of the `OpenAPI` description: security schemes, and the error responses that middleware adds to
//! routes.

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

/// Status codes and descriptions of error responses.
type ErrorResponses = &'static [(StatusCode, &'static str)];

/// Error responses of every route.
const ALL_ROUTES: ErrorResponses = &[(
    StatusCode::MISDIRECTED_REQUEST,
    "The server does not accept this host name",
)];
/// Additional error responses of routes that require a key.
const WITH_KEY: ErrorResponses = &[
    (StatusCode::UNAUTHORIZED, "The API key is missing or wrong"),
    (
        StatusCode::FORBIDDEN,
        "The request was sent by a page of another site",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "The client exceeded its request rate",
    ),
];
/// Additional error responses of routes with a request body.
const WITH_BODY: ErrorResponses = &[
    (StatusCode::BAD_REQUEST, "The body is malformed"),
    (StatusCode::REQUEST_TIMEOUT, "The body arrives too slowly"),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body or a part of it exceeds a limit",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The media type of the body is not supported",
    ),
    (
        StatusCode::FORBIDDEN,
        "The request was sent by a page of another site",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "The client exceeded its request rate",
    ),
];

/// Adds security schemes, security requirements and the error responses of middleware to the description.
pub fn complete_description(api: &mut OpenApi) {
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
    let value = |name: &str, text: &str| ApiKeyValue::with_description(name, text);
    [
        (BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
        (
            HEADER,
            SecurityScheme::ApiKey(ApiKey::Header(value(
                "X-API-Key",
                "API key, for clients that can't set `Authorization`",
            ))),
        ),
        (
            SESSION,
            SecurityScheme::ApiKey(ApiKey::Cookie(value(
                auth::SESSION_COOKIE,
                "Session of the web page, created with an API key",
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
    if !auth::is_public(method, path) {
        // The empty requirement stands for a server without keys.
        let requirement = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        operation.security = Some(vec![
            requirement(BEARER),
            requirement(HEADER),
            requirement(SESSION),
            SecurityRequirement::default(),
        ]);
        add_responses(operation, WITH_KEY);
    }
    add_responses(operation, ALL_ROUTES);
    if operation.request_body.is_some() {
        add_responses(operation, WITH_BODY);
    }
}

/// Adds error responses for status codes that the operation does not describe itself.
fn add_responses(operation: &mut Operation, responses: ErrorResponses) {
    for (status, text) in responses {
        let mut response = Response::new(*text);
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
