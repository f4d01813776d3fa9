//! IOPaint's environment variables that move a known model's files: `LAMA_MODEL_URL`, `LAMA_MODEL_MD5` and the like.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{FileSpec, Hashes, Origin, Registry, RegistryError, parse};

impl Registry {
    /// Applies `<env>_URL` (an address, or a path on this machine) and `<env>_MD5` (empty: nothing is compared) to
    /// the files that have such a prefix. `env` reads an environment variable. Returns the variables that make no
    /// sense; those leave the file as it was.
    #[must_use = "variables that make no sense should be told to the user"]
    pub fn apply_env(&mut self, env: impl Fn(&str) -> Option<OsString>) -> Vec<RegistryError> {
        let mut refused = Vec::new();
        for file in self.models.iter_mut().flat_map(|spec| &mut spec.files) {
            let Some(prefix) = file.env.clone() else {
                continue;
            };
            let variables: [(String, Apply); 2] = [
                (format!("{prefix}_URL"), move_file),
                (format!("{prefix}_MD5"), replace_hash),
            ];
            for (variable, apply) in variables {
                if let Some(value) = env(&variable)
                    && let Err(reason) = apply(file, value)
                {
                    refused.push(RegistryError::Variable { variable, reason });
                }
            }
        }
        refused
    }
}

type Apply = fn(&mut FileSpec, OsString) -> Result<(), String>;

/// A path that exists is taken as it is; an address brings its own file name.
fn move_file(file: &mut FileSpec, value: OsString) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    let path = PathBuf::from(&value);
    if path.is_file() {
        file.origin = Origin::Path(std::path::absolute(&path).unwrap_or(path));
        return Ok(());
    }
    let url =
        value.into_string().ok().filter(|url| parse::is_http(url)).ok_or(
            "it is neither a file on this machine nor an address that begins with https:// or http://",
        )?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    parse::check_name("the last part of the address", name)?;
    name.clone_into(&mut file.name);
    file.origin = Origin::Url(url);
    Ok(())
}

/// Another MD5 means another file, so that what else is known of the old one falls.
fn replace_hash(file: &mut FileSpec, value: OsString) -> Result<(), String> {
    let hex = value.into_string().unwrap_or_default();
    let md5 = if hex.is_empty() {
        None
    } else {
        Some(parse::hash("MD5", &hex, 32)?)
    };
    if md5 != file.hashes.md5 {
        file.hashes = Hashes { md5, sha256: None };
        file.size = None;
        file.approximate_size = None;
    }
    Ok(())
}
