//! The operator's keys, of which only what can't be turned back is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::session::SessionCookie;
use crate::text_encoding::read_text;

/// A key that is shorter can be guessed by trying; it is taken, with a warning.
const ADVISED_LENGTH: usize = 16;
/// What a session is signed with is made from the key under this name, so that it is no use for anything else.
const SESSION_PURPOSE: [u8; 32] = *b"iopaint's browser sessions, v1 \0";

/// A text that no log and no error shows.
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

/// Which key a request brought: its place among the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub usize);

/// The operator's keys. Clones share them.
#[derive(Clone, Default)]
pub struct ApiKeys(Arc<[Key]>);

/// What is kept of a key.
struct Key {
    /// SHA-256 of the key.
    hash: [u8; 32],
    /// Signs the sessions that the key opens. The same key makes the same one in every replica and after a restart.
    session_secret: [u8; 32],
}

/// Why the operator's keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file of `--api-key-file` can't be read.
    #[error("--api-key-file: `{0}` can't be read ({1})")]
    File(PathBuf, #[source] std::io::Error),
    /// There is no key in it; a server that was meant to be closed would be open.
    #[error("--api-key-file: there is no key in `{0}`; write one a line")]
    EmptyFile(PathBuf),
    /// A key that couldn't be sent in a header.
    #[error(
        "an API key has a blank, a comma or a character beyond ASCII in it; use letters, digits and - . _ ~ + /"
    )]
    Unfit,
}

impl ApiKeys {
    /// Reads the keys of `--api-key` and those of a file, one a line; empty ones and lines after `#` are none.
    ///
    /// # Errors
    /// The file can't be read or holds no key, or a key couldn't be sent in a header.
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

    /// The keys that are not empty.
    ///
    /// # Errors
    /// [`KeyError::Unfit`].
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyError> {
        let keys = keys.into_iter().map(str::trim).filter(|key| !key.is_empty());
        keys.map(Key::new).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the server is open to everybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which key this is, if it is one. Takes the same time for every text of a length.
    #[must_use]
    pub fn identify(&self, key: &[u8]) -> Option<KeyId> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let mut found = Choice::from(0);
        let mut place = 0_u64;
        for (index, own) in self.0.iter().enumerate() {
            let same = own.hash.ct_eq(&hash);
            place.conditional_assign(&(index as u64), same);
            found |= same;
        }
        bool::from(found).then_some(KeyId(place as usize))
    }

    /// A new session of a key; none for a key that isn't there.
    #[must_use]
    pub fn open_session(&self, id: KeyId, now: SystemTime) -> Option<SessionCookie> {
        self.0
            .get(id.0)
            .map(|key| SessionCookie::sign(&key.session_secret, now))
    }

    /// Which key opened a session, if one did and it hasn't run out.
    #[must_use]
    pub fn resume(&self, session: &str) -> Option<KeyId> {
        let now = SystemTime::now();
        let opened = |key: &Key| SessionCookie::is_signed(session, &key.session_secret, now);
        self.0.iter().position(opened).map(KeyId)
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({} of them)", self.0.len())
    }
}

impl Key {
    fn new(text: &str) -> Result<Self, KeyError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
            return Err(KeyError::Unfit);
        }
        if text.len() < ADVISED_LENGTH {
            tracing::warn!(
                "an API key has only {} characters and can be guessed; `openssl rand -hex 32` makes a good one",
                text.len()
            );
        }
        Ok(Self {
            hash: Sha256::digest(text).into(),
            session_secret: authenticate(&SESSION_PURPOSE, text.as_bytes()),
        })
    }
}

/// HMAC-SHA-256.
pub(super) fn authenticate(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC fills a key up with zeros to a block of the hash.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn keys() -> ApiKeys {
        ApiKeys::new(["first-key-of-the-server", "", "second-key-of-the-server"]).unwrap()
    }

    #[test]
    fn every_key_is_known_by_its_place_and_no_other_text_is_one() {
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
    fn neither_keys_nor_what_is_kept_of_them_can_be_printed() {
        let printed = format!("{:?} {:?}", keys(), "first-key".parse::<SecretText>().unwrap());
        assert_eq!(printed, "ApiKeys(2 of them) SecretText(..)");
    }

    #[test]
    fn a_file_has_one_key_a_line_and_notes() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"# for the office\r\noffice-key-0123456789\r\n\n  home-key-0123456789  \n")
            .unwrap();
        let given = ["given-key-0123456789".parse().unwrap()];
        let keys = ApiKeys::load(&given, Some(file.path())).unwrap();
        for (place, key) in [
            "given-key-0123456789",
            "office-key-0123456789",
            "home-key-0123456789",
        ]
        .iter()
        .enumerate()
        {
            assert_eq!(keys.identify(key.as_bytes()), Some(KeyId(place)));
        }
    }

    #[test]
    fn a_file_without_a_key_opens_nothing() {
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
    fn a_key_that_no_header_can_carry_is_refused_without_being_shown() {
        for key in ["a key with blanks", "schlüssel-0123456789", "a,b"] {
            let error = ApiKeys::new([key]).unwrap_err();
            assert!(matches!(error, KeyError::Unfit));
            assert!(!error.to_string().contains(key));
        }
    }

    #[test]
    fn authentication_is_hmac_sha_256() {
        // RFC 4231, test case 1; its key is filled up with zeros either way.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let code = authenticate(&key, b"Hi There");
        assert_eq!(code[..4], [0xb0, 0x34, 0x4c, 0x61]);
        assert_eq!(code[28..], [0x2e, 0x32, 0xcf, 0xf7]);
    }
}
