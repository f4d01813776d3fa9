//! A browser's session: a cookie that says until when it is good, signed with what its key was made into.
//!
//! Nothing is kept on the server, so that every replica knows the session and a restart ends none. Taking a key away
//! ends the sessions that it opened.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use subtle::ConstantTimeEq;

use super::keys::authenticate;
use crate::root_path::RootPath;

/// How long a browser is remembered.
const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);

/// The name of the cookie.
pub const SESSION_COOKIE: &str = "iopaint_session";

/// The value of a session's cookie: `<seconds since 1970>.<HMAC-SHA-256 of them in hexadecimal>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie(String);

impl SessionCookie {
    /// A session that begins now.
    pub(super) fn sign(secret: &[u8; 32], now: SystemTime) -> Self {
        let end = seconds(now).saturating_add(SESSION_LIFE.as_secs()).to_string();
        let signature = signature(secret, &end);
        Self(format!("{end}.{signature}"))
    }

    /// Whether a value was signed with this secret and hasn't run out.
    pub(super) fn is_signed(value: &str, secret: &[u8; 32], now: SystemTime) -> bool {
        let Some((end, given)) = value.split_once('.') else {
            return false;
        };
        let genuine = signature(secret, end).as_bytes().ct_eq(given.as_bytes());
        bool::from(genuine) && end.parse::<u64>().is_ok_and(|end| seconds(now) < end)
    }

    /// The values of sessions in `Cookie` headers.
    pub fn find<'a>(headers: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
        headers
            .flat_map(|header| header.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
    }

    /// `Set-Cookie` for this session. Scripts of the page can't read it, and no other site's page sends it.
    #[must_use]
    pub fn set(&self, root: &RootPath, secure: bool) -> String {
        cookie(&self.0, SESSION_LIFE, root, secure)
    }

    /// `Set-Cookie` that ends a session.
    #[must_use]
    pub fn forget(root: &RootPath, secure: bool) -> String {
        cookie("", Duration::ZERO, root, secure)
    }
}

fn cookie(value: &str, life: Duration, root: &RootPath, secure: bool) -> String {
    let path = root.to_string();
    let path = if path.is_empty() { "/" } else { &path };
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{SESSION_COOKIE}={value}; Max-Age={}; Path={path}; HttpOnly; SameSite=Strict{secure}",
        life.as_secs()
    )
}

fn signature(secret: &[u8; 32], end: &str) -> String {
    authenticate(secret, end.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    #[test]
    fn a_session_lasts_until_its_end() {
        let now = SystemTime::now();
        let SessionCookie(value) = SessionCookie::sign(&SECRET, now);
        assert!(SessionCookie::is_signed(&value, &SECRET, now));
        assert!(SessionCookie::is_signed(
            &value,
            &SECRET,
            now + SESSION_LIFE - Duration::from_secs(2)
        ));
        assert!(!SessionCookie::is_signed(&value, &SECRET, now + SESSION_LIFE));
    }

    #[test]
    fn a_forged_session_is_none() {
        let now = SystemTime::now();
        let SessionCookie(value) = SessionCookie::sign(&SECRET, now);
        let (end, signature) = value.split_once('.').unwrap();
        let later = end.parse::<u64>().unwrap() + 1;
        for forged in [
            format!("{later}.{signature}"),
            format!("{end}.{}", signature.to_uppercase()),
            format!("{end}.{}", &signature[1..]),
            format!("{end}."),
            end.to_owned(),
            String::new(),
        ] {
            assert!(!SessionCookie::is_signed(&forged, &SECRET, now), "{forged}");
        }
        assert!(!SessionCookie::is_signed(&value, &[8; 32], now));
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let found: Vec<&str> = SessionCookie::find(
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
    fn cookies_are_kept_from_scripts_and_other_sites_and_below_the_sub_path() {
        let session = SessionCookie("1.ab".into());
        assert_eq!(
            session.set(&RootPath::default(), false),
            "iopaint_session=1.ab; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            SessionCookie::forget(&"/photos".parse().unwrap(), true),
            "iopaint_session=; Max-Age=0; Path=/photos; HttpOnly; SameSite=Strict; Secure"
        );
    }
}
