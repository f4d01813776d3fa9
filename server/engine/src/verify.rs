//! Whether a model's file is the one that the registry describes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::locate::ModelFile;
use crate::registry::{FileSpec, Hashes};

/// Read at once while hashing, in bytes.
const BLOCK: usize = 1 << 20;

/// The hashes of a file, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// MD5.
    pub md5: String,
    /// SHA-256.
    pub sha256: String,
}

/// How a file compares with what is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All hashes that are written down agree.
    Same,
    /// No hash is written down.
    Unknown,
    /// A hash differs.
    Different,
}

/// Why a file is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Only files with known hashes are wanted, and this one has none written down.
    #[error("no hash of the file of `{model}` is known, and --strict-models loads only known files")]
    Unknown {
        /// The model's name.
        model: String,
    },
    /// Only files with known hashes are wanted, and this one differs.
    #[error(
        "the file of `{model}` is not the known one (its SHA-256 is {sha256}), and --strict-models loads only known \
         files"
    )]
    Different {
        /// The model's name.
        model: String,
        /// What the file hashes to.
        sha256: String,
    },
    /// The file can't be read.
    #[error("the file of `{model}` can't be read: {source}")]
    Read {
        /// The model's name.
        model: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Digest {
    /// The hashes of `bytes`.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            md5: hex(&Md5::digest(bytes)),
            sha256: hex(&Sha256::digest(bytes)),
        }
    }

    /// The hashes of all that `reader` gives.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
        let mut block = vec![0; BLOCK];
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

    /// The hashes of the file at `path`.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_reader(File::open(path)?)
    }

    /// How this compares with what is written down.
    #[must_use]
    pub fn compare(&self, expected: &Hashes) -> Verdict {
        let differs = |hash: &Option<String>, own: &str| {
            hash.as_ref().is_some_and(|hash| !hash.eq_ignore_ascii_case(own))
        };
        if expected.is_empty() {
            Verdict::Unknown
        } else if differs(&expected.md5, &self.md5) || differs(&expected.sha256, &self.sha256) {
            Verdict::Different
        } else {
            Verdict::Same
        }
    }
}

/// Sees to it that a file of the model called `model` is the known one: `found`, which should be what `expected`
/// describes. What is part of the program needs no check. Reads the whole file: half a second for 200 MB.
///
/// # Errors
/// [`VerifyError`]; the file itself is never touched.
pub fn verify(model: &str, expected: &FileSpec, found: &ModelFile) -> Result<(), VerifyError> {
    let ModelFile::Path(path) = found else {
        return Ok(());
    };
    let model = model.to_owned();
    match Digest::of_file(path) {
        Err(source) => Err(VerifyError::Read { model, source }),
        Ok(digest) => match digest.compare(&expected.hashes) {
            Verdict::Same => Ok(()),
            Verdict::Unknown => Err(VerifyError::Unknown { model }),
            Verdict::Different => Err(VerifyError::Different {
                model,
                sha256: digest.sha256,
            }),
        },
    }
}

/// Says in the log where a file that was loaded isn't the known one, or where nobody has written a hash down for it:
/// people bring their own weights. Takes as long as [`verify`].
pub fn report(model: &str, expected: &FileSpec, found: &ModelFile) {
    let ModelFile::Path(path) = found else {
        return;
    };
    let file = path.display();
    let digest = match Digest::of_file(path) {
        Ok(digest) => digest,
        Err(error) => {
            tracing::warn!(model, %file, %error, "a model's file can't be compared with the known one");
            return;
        }
    };
    let known = match digest.compare(&expected.hashes) {
        Verdict::Same => return,
        Verdict::Unknown => "no hash of it is known",
        Verdict::Different => "it is not the known file",
    };
    tracing::warn!(
        model, %file, sha256 = %digest.sha256,
        "a model's file was loaded although {known}; a TorchScript file is a program, so be sure of its source"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string can't fail.
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
    fn hashes_are_those_of_the_standards_examples() {
        let digest = Digest::of_bytes(b"abc");
        assert_eq!(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            digest.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Digest::of_reader(&b"abc"[..]).unwrap(), digest);
    }

    #[test]
    fn a_known_file_passes() {
        let (_folder, file) = file();
        let known = spec("md5='900150983CD24FB0D6963F7D28E17F72'");
        verify("a", &known, &file).unwrap();
    }

    #[test]
    fn an_unknown_or_different_file_is_refused_and_never_deleted() {
        let (_folder, file) = file();
        for (hashes, sentence) in [
            ("", "no hash"),
            ("md5='00000000000000000000000000000000'", "not the known one"),
        ] {
            let error = verify("a", &spec(hashes), &file).unwrap_err().to_string();
            assert!(
                error.contains(sentence) && error.contains("--strict-models"),
                "{error}"
            );
        }
        let ModelFile::Path(path) = file else {
            panic!("a path")
        };
        assert_eq!(std::fs::read(path).unwrap(), b"abc");
    }

    #[test]
    fn one_wrong_hash_of_two_is_a_difference() {
        let expected = Hashes {
            md5: Some("900150983cd24fb0d6963f7d28e17f72".into()),
            sha256: Some("0".repeat(64)),
        };
        assert_eq!(Digest::of_bytes(b"abc").compare(&expected), Verdict::Different);
    }

    #[test]
    fn a_file_that_vanished_is_an_error_with_the_models_name() {
        let error = verify("a", &spec(""), &ModelFile::Path("/nowhere/a.pt".into())).unwrap_err();
        assert!(error.to_string().contains("`a`"), "{error}");
    }
}
