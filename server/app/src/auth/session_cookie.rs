//! Session cookies: an expiry time, signed with a secret derived from the API key.
//!
//! Sessions are not stored, so that every replica accepts them and they survive a restart. Removing an API
//! key ends the sessions that it opened.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use subtle::ConstantTimeEq;

use super::hmac_sha256::hmac_sha256;
use crate::middleware::root_path::RootPath;

/// Lifetime of a session: 30 days.
const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "iopaint_session";

/// The value of a session cookie: `<expiry in Unix seconds>.<HMAC-SHA-256 of the expiry, in lower-case
/// hexadecimal>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie(String);

impl SessionCookie {
    /// Returns a session that begins now; `None` if it can't be signed.
    pub(super) fn sign(secret: &[u8; 32], now: SystemTime) -> Option<Self> {
        let expiry = unix_seconds(now)
            .saturating_add(SESSION_LIFETIME.as_secs())
            .to_string();
        let signature = signature(secret, &expiry)?;
        Some(Self(format!("{expiry}.{signature}")))
    }

    /// Returns whether a value has a valid signature and hasn't expired. Compares signatures in constant
    /// time.
    pub(super) fn is_valid(value: &str, secret: &[u8; 32], now: SystemTime) -> bool {
        let Some((expiry, presented)) = value.split_once('.') else {
            return false;
        };
        let genuine = signature(secret, expiry)
            .is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(presented.as_bytes())));
        genuine
            && expiry
                .parse::<u64>()
                .is_ok_and(|expiry| unix_seconds(now) < expiry)
    }

    /// Returns the values of all session cookies in `Cookie` headers.
    pub fn values<'a>(headers: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
        headers
            .flat_map(|header| header.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
    }

    /// Returns the `Set-Cookie` value for this session: not readable by scripts, not sent with cross-site
    /// requests.
    #[must_use]
    pub fn set_cookie(&self, root: &RootPath, secure: bool) -> String {
        set_cookie(&self.0, SESSION_LIFETIME, root, secure)
    }

    /// Returns the `Set-Cookie` value that removes a session cookie.
    #[must_use]
    pub fn removal(root: &RootPath, secure: bool) -> String {
        set_cookie("", Duration::ZERO, root, secure)
    }
}

fn set_cookie(value: &str, lifetime: Duration, root: &RootPath, secure: bool) -> String {
    let path = root.to_string();
    let path = if path.is_empty() { "/" } else { &path };
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{SESSION_COOKIE}={value}; Max-Age={}; Path={path}; HttpOnly; SameSite=Strict{secure}",
        lifetime.as_secs()
    )
}

/// Returns the HMAC of an expiry in lower-case hexadecimal.
fn signature(secret: &[u8; 32], expiry: &str) -> Option<String> {
    let code = hmac_sha256(secret, expiry.as_bytes()).ok()?;
    Some(base16ct::lower::encode_string(&code))
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    #[test]
    fn session_expires() {
        let now = SystemTime::now();
        let SessionCookie(value) = SessionCookie::sign(&SECRET, now).unwrap();
        assert!(SessionCookie::is_valid(&value, &SECRET, now));
        assert!(SessionCookie::is_valid(
            &value,
            &SECRET,
            now + SESSION_LIFETIME - Duration::from_secs(2)
        ));
        assert!(!SessionCookie::is_valid(&value, &SECRET, now + SESSION_LIFETIME));
    }

    #[test]
    fn forged_session_is_invalid() {
        let now = SystemTime::now();
        let SessionCookie(value) = SessionCookie::sign(&SECRET, now).unwrap();
        let (expiry, signature) = value.split_once('.').unwrap();
        let later = expiry.parse::<u64>().unwrap() + 1;
        for forged in [
            format!("{later}.{signature}"),
            format!("{expiry}.{}", signature.to_uppercase()),
            format!("{expiry}.{}", &signature[1..]),
            format!("{expiry}."),
            expiry.to_owned(),
            String::new(),
        ] {
            assert!(!SessionCookie::is_valid(&forged, &SECRET, now), "{forged}");
        }
        assert!(!SessionCookie::is_valid(&value, &[8; 32], now));
    }

    #[test]
    fn session_is_found_among_other_cookies() {
        let found: Vec<&str> = SessionCookie::values(
            [
                "a=1; iopaint_session=one;b=2",
                "iopaint_session_old=x",
                "iopaint_session=two",
            ]
            .into_iter(),
        )
        .collect();
        assert_eq!(found, ["one", "two"]);
    }

    #[test]
    fn set_cookie_attributes() {
        let session = SessionCookie("1.ab".into());
        assert_eq!(
            session.set_cookie(&RootPath::default(), false),
            "iopaint_session=1.ab; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            SessionCookie::removal(&"/photos".parse().unwrap(), true),
            "iopaint_session=; Max-Age=0; Path=/photos; HttpOnly; SameSite=Strict; Secure"
        );
    }
}
