//! Comparison of model files with the hashes in the registry.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::model_store::ModelFile;
use crate::registry::{FileSpec, Hashes, ModelSpec};

/// Size of a read while hashing, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// The hashes of a file, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// MD5.
    pub md5: String,
    /// SHA-256.
    pub sha256: String,
}

/// Result of comparing a file with its pinned hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashMatch {
    /// All pinned hashes match.
    Match,
    /// No hash is pinned.
    NotPinned,
    /// A hash differs.
    Mismatch,
}

/// Error of [`verify`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No hash is pinned for the file.
    #[error(
        "no hash of the file of `{model}` is known, and strict verification allows only files with known hashes"
    )]
    NotPinned {
        /// Name of the model.
        model: String,
    },
    /// The file's hash differs from the pinned one.
    #[error(
        "the file of `{model}` has an unexpected hash (its SHA-256 is {sha256}), and strict verification allows only \
         files with known hashes"
    )]
    Mismatch {
        /// Name of the model.
        model: String,
        /// The file's SHA-256.
        sha256: String,
    },
    /// The file could not be read.
    #[error("the file of `{model}` can't be read: {source}")]
    Read {
        /// Name of the model.
        model: String,
        /// The operating system's error.
        source: io::Error,
    },
}

impl FileDigest {
    /// Returns the hashes of `bytes`.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            md5: hex(&Md5::digest(bytes)),
            sha256: hex(&Sha256::digest(bytes)),
        }
    }

    /// Returns the hashes of all bytes from `reader`.
    ///
    /// # Errors
    /// Errors of `reader`.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let read = match reader.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = block.get(..read).unwrap_or_default();
            md5.update(bytes);
            sha256.update(bytes);
        }
        Ok(Self {
            md5: hex(&md5.finalize()),
            sha256: hex(&sha256.finalize()),
        })
    }

    /// Returns the hashes of the file at `path`.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_reader(File::open(path)?)
    }

    /// Compares this digest with the pinned hashes.
    #[must_use]
    pub fn compare(&self, expected: &Hashes) -> HashMatch {
        let differs = |hash: &Option<String>, own: &str| {
            hash.as_ref().is_some_and(|hash| !hash.eq_ignore_ascii_case(own))
        };
        if expected.is_empty() {
            HashMatch::NotPinned
        } else if differs(&expected.md5, &self.md5) || differs(&expected.sha256, &self.sha256) {
            HashMatch::Mismatch
        } else {
            HashMatch::Match
        }
    }
}

/// Verifies that the file `found` of `model` has the hashes of `expected`. Built-in files are not checked.
/// Reads the whole file, which takes about 0.5 s for 200 MB.
///
/// # Errors
/// [`VerifyError`]. The file is never modified.
pub fn verify(model: &str, expected: &FileSpec, found: &ModelFile) -> Result<(), VerifyError> {
    let ModelFile::Path(path) = found else {
        return Ok(());
    };
    let model = model.to_owned();
    match FileDigest::of_file(path) {
        Err(source) => Err(VerifyError::Read { model, source }),
        Ok(digest) => match digest.compare(&expected.hashes) {
            HashMatch::Match => Ok(()),
            HashMatch::NotPinned => Err(VerifyError::NotPinned { model }),
            HashMatch::Mismatch => Err(VerifyError::Mismatch {
                model,
                sha256: digest.sha256,
            }),
        },
    }
}

/// Logs mismatched hashes of a model's files on a background thread.
pub fn log_mismatch_in_background(spec: &ModelSpec, files: &[ModelFile]) {
    let (name, expected, found) = (spec.name.clone(), spec.files.clone(), files.to_vec());
    let spawned = thread::Builder::new().name("verify".into()).spawn(move || {
        for (expected, found) in expected.iter().zip(&found) {
            log_mismatch(&name, expected, found);
        }
    });
    if let Err(error) = spawned {
        tracing::warn!(model = spec.name, %error, "Could not start a thread to verify the model files");
    }
}

/// Logs a warning if the loaded file `found` does not have the hashes of `expected`, or no hash is pinned, as
/// for users' own weights. Takes as long as [`verify`].
fn log_mismatch(model: &str, expected: &FileSpec, found: &ModelFile) {
    let ModelFile::Path(path) = found else {
        return;
    };
    let file = path.display();
    let digest = match FileDigest::of_file(path) {
        Ok(digest) => digest,
        Err(error) => {
            tracing::warn!(model, %file, %error, "Could not read the model file to verify its hash");
            return;
        }
    };
    let sha256 = digest.sha256.as_str();
    match digest.compare(&expected.hashes) {
        HashMatch::Match => {}
        HashMatch::NotPinned => tracing::warn!(
            model, %file, sha256,
            "Loaded a model file without a known hash; TorchScript files contain code, so use trusted sources only"
        ),
        HashMatch::Mismatch => tracing::warn!(
            model, %file, sha256,
            "Loaded a model file with an unexpected hash; TorchScript files contain code, so use trusted sources only"
        ),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a `String` can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    fn spec(hashes: &str) -> FileSpec {
        let text = format!("[[model]]\nname='a'\nformat='lama'\n[[model.file]]\nname='a.pt'\n{hashes}");
        Registry::from_toml(&text).unwrap().get("a").unwrap().files[0].clone()
    }

    fn file() -> (tempfile::TempDir, ModelFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pt");
        std::fs::write(&path, "abc").unwrap();
        (folder, ModelFile::Path(path))
    }

    #[test]
    fn hashes_match_published_test_vectors() {
        let digest = FileDigest::of_bytes(b"abc");
        assert_eq!(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            digest.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(FileDigest::of_reader(&b"abc"[..]).unwrap(), digest);
    }

    #[test]
    fn matching_file_passes() {
        let (_folder, file) = file();
        let known = spec("md5='900150983CD24FB0D6963F7D28E17F72'");
        verify("a", &known, &file).unwrap();
    }

    #[test]
    fn unpinned_or_mismatched_file_is_rejected_and_kept() {
        let (_folder, file) = file();
        for (hashes, sentence) in [
            ("", "no hash"),
            ("md5='00000000000000000000000000000000'", "unexpected hash"),
        ] {
            let error = verify("a", &spec(hashes), &file).unwrap_err().to_string();
            assert!(
                error.contains(sentence) && error.contains("strict verification"),
                "{error}"
            );
        }
        let ModelFile::Path(path) = file else {
            panic!("a path")
        };
        assert_eq!(std::fs::read(path).unwrap(), b"abc");
    }

    #[test]
    fn one_wrong_hash_of_two_is_a_mismatch() {
        let expected = Hashes {
            md5: Some("900150983cd24fb0d6963f7d28e17f72".into()),
            sha256: Some("0".repeat(64)),
        };
        assert_eq!(
            FileDigest::of_bytes(b"abc").compare(&expected),
            HashMatch::Mismatch
        );
    }

    #[test]
    fn unreadable_file_error_names_the_model() {
        let error = verify("a", &spec(""), &ModelFile::Path("/nowhere/a.pt".into())).unwrap_err();
        assert!(error.to_string().contains("`a`"), "{error}");
    }
}
