//! The operator's API keys. Only one-way derivations of them are kept in memory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use hmac::digest::InvalidLength;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::hmac_sha256::hmac_sha256;
use super::session_cookie::SessionCookie;
use crate::text_encoding::read_text;

/// Shortest key in bytes that is accepted without a warning; a shorter one is open to brute force.
const RECOMMENDED_KEY_BYTES: usize = 16;
/// Domain separation of the session secret: HMAC key under which it is derived from an API key.
const SESSION_SECRET_CONTEXT: [u8; 32] = *b"iopaint's browser sessions, v1 \0";

/// A secret text, hidden in `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl FromStr for SecretText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// Index of a key in the operator's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub usize);

/// The operator's keys. Clones share them.
#[derive(Clone, Default)]
pub struct ApiKeys(Arc<[Key]>);

/// The values derived from a key.
struct Key {
    /// SHA-256 of the key.
    hash: [u8; 32],
    /// Secret that signs the key's sessions. A function of the key alone: equal in every replica and after a
    /// restart.
    session_secret: [u8; 32],
}

/// A reason for which the operator's keys are rejected.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file of `--api-key-file` can't be read.
    #[error("--api-key-file: can't read `{0}` ({1})")]
    File(PathBuf, #[source] std::io::Error),
    /// The file contains no key. Starting without keys would leave the server open.
    #[error("--api-key-file: `{0}` contains no key; write one key per line")]
    EmptyFile(PathBuf),
    /// A key can't be sent in a header.
    #[error(
        "an API key contains a space, a comma or a non-ASCII character; use letters, digits and - . _ ~ + /"
    )]
    InvalidCharacter,
    /// The session secret can't be derived. HMAC accepts any length, so this doesn't occur.
    #[error("an API key can't be used for HMAC ({0})")]
    Hmac(#[from] InvalidLength),
}

impl ApiKeys {
    /// Reads the keys of `--api-key` and those of a file, one per line; skips empty lines and lines that
    /// begin with `#`.
    ///
    /// # Errors
    /// The file is unreadable or contains no key, or a key can't be sent in a header.
    pub fn load(given: &[SecretText], file: Option<&Path>) -> Result<Self, KeyError> {
        let mut texts: Vec<String> = given.iter().map(|key| key.0.clone()).collect();
        if let Some(path) = file {
            let text = read_text(path).map_err(|error| KeyError::File(path.to_owned(), error))?;
            let before = texts.len();
            texts.extend(
                text.lines()
                    .map(|line| line.trim().to_owned())
                    .filter(|line| !line.is_empty() && !line.starts_with('#')),
            );
            if texts.len() == before {
                return Err(KeyError::EmptyFile(path.to_owned()));
            }
        }
        Self::new(texts.iter().map(String::as_str))
    }

    /// Returns the given keys without the empty ones.
    ///
    /// # Errors
    /// [`KeyError::InvalidCharacter`].
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyError> {
        let keys = keys.into_iter().map(str::trim).filter(|key| !key.is_empty());
        keys.map(Key::new).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether no key is configured, so that requests need none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the id of a key; `None` if it isn't one of the operator's. Runs in time independent of the
    /// key's value.
    #[must_use]
    pub fn identify(&self, key: &[u8]) -> Option<KeyId> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let mut found = Choice::from(0);
        let mut found_index = 0_u64;
        for (index, configured) in self.0.iter().enumerate() {
            let same = configured.hash.ct_eq(&hash);
            found_index.conditional_assign(&(index as u64), same);
            found |= same;
        }
        bool::from(found).then_some(KeyId(found_index as usize))
    }

    /// Returns a new session of a key; `None` for an unknown key.
    #[must_use]
    pub fn open_session(&self, id: KeyId, now: SystemTime) -> Option<SessionCookie> {
        self.0
            .get(id.0)
            .and_then(|key| SessionCookie::sign(&key.session_secret, now))
    }

    /// Returns the key that opened a session; `None` for an invalid or expired session.
    #[must_use]
    pub fn identify_session(&self, session: &str) -> Option<KeyId> {
        let now = SystemTime::now();
        let opened_by = |key: &Key| SessionCookie::is_valid(session, &key.session_secret, now);
        self.0.iter().position(opened_by).map(KeyId)
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({} keys)", self.0.len())
    }
}

impl Key {
    fn new(text: &str) -> Result<Self, KeyError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
            return Err(KeyError::InvalidCharacter);
        }
        if text.len() < RECOMMENDED_KEY_BYTES {
            tracing::warn!(
                length_bytes = text.len(),
                "An API key is short and open to brute force; generate one with `openssl rand -hex 32`"
            );
        }
        Ok(Self {
            hash: Sha256::digest(text).into(),
            session_secret: hmac_sha256(&SESSION_SECRET_CONTEXT, text.as_bytes())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn keys() -> ApiKeys {
        ApiKeys::new(["first-key-of-the-server", "", "second-key-of-the-server"]).unwrap()
    }

    #[test]
    fn keys_are_identified_by_index() {
        let keys = keys();
        assert_eq!(keys.identify(b"first-key-of-the-server"), Some(KeyId(0)));
        assert_eq!(keys.identify(b"second-key-of-the-server"), Some(KeyId(1)));
        for other in [
            "",
            "first-key-of-the-serve",
            "FIRST-KEY-OF-THE-SERVER",
            "first-key-of-the-server ",
        ] {
            assert_eq!(keys.identify(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn debug_output_hides_keys() {
        let printed = format!("{:?} {:?}", keys(), "first-key".parse::<SecretText>().unwrap());
        assert_eq!(printed, "ApiKeys(2 keys) SecretText(..)");
    }

    #[test]
    fn key_file_has_one_key_per_line() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"# for the office\r\noffice-key-0123456789\r\n\n  home-key-0123456789  \n")
            .unwrap();
        let given = ["given-key-0123456789".parse().unwrap()];
        let keys = ApiKeys::load(&given, Some(file.path())).unwrap();
        for (index, key) in [
            "given-key-0123456789",
            "office-key-0123456789",
            "home-key-0123456789",
        ]
        .iter()
        .enumerate()
        {
            assert_eq!(keys.identify(key.as_bytes()), Some(KeyId(index)));
        }
    }

    #[test]
    fn key_file_without_keys_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(
            ApiKeys::load(&[], Some(file.path())),
            Err(KeyError::EmptyFile(_))
        ));
        assert!(matches!(
            ApiKeys::load(&[], Some(Path::new("/nowhere/at/all"))),
            Err(KeyError::File(..))
        ));
    }

    #[test]
    fn invalid_key_is_rejected_without_echo() {
        for key in ["a key with blanks", "schlüssel-0123456789", "a,b"] {
            let error = ApiKeys::new([key]).unwrap_err();
            assert!(matches!(error, KeyError::InvalidCharacter));
            assert!(!error.to_string().contains(key));
        }
    }
}
