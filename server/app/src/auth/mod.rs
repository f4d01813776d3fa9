//! Authentication: API keys, and the browser sessions that they open.

mod api_keys;
mod credentials;
mod hmac_sha256;
mod public_routes;
mod session_cookie;

pub use api_keys::{ApiKeys, KeyError, KeyId, SecretText};
pub use credentials::{X_API_KEY, identify_key, wrong_key};
pub use public_routes::{SESSION_PATH, is_public};
pub use session_cookie::{SESSION_COOKIE, SessionCookie};
