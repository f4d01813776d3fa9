//! IOPaint's environment variables that override the URL and hash of model files: `LAMA_MODEL_URL`,
//! `LAMA_MODEL_MD5` and so on.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{FileSpec, Hashes, Origin, Registry, RegistryError, parse};

impl Registry {
    /// Applies `<env>_URL` (a URL or a local path) and `<env>_MD5` (empty: no verification) to the files with
    /// such a prefix. `env` reads an environment variable. Returns the errors of invalid variables, which
    /// have no effect.
    #[must_use = "errors should be reported to the user"]
    pub fn apply_env(&mut self, env: impl Fn(&str) -> Option<OsString>) -> Vec<RegistryError> {
        let mut errors = Vec::new();
        for file in self.models.iter_mut().flat_map(|spec| &mut spec.files) {
            let Some(prefix) = file.env.clone() else {
                continue;
            };
            let variables: [(String, Override); 2] = [
                (format!("{prefix}_URL"), override_url),
                (format!("{prefix}_MD5"), override_md5),
            ];
            for (variable, apply) in variables {
                if let Some(value) = env(&variable)
                    && let Err(reason) = apply(file, value)
                {
                    errors.push(RegistryError::Variable { variable, reason });
                }
            }
        }
        errors
    }
}

type Override = fn(&mut FileSpec, OsString) -> Result<(), String>;

/// Sets the origin to an existing local file, or to a URL, whose last path segment becomes the file name.
fn override_url(file: &mut FileSpec, value: OsString) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    let path = PathBuf::from(&value);
    if path.is_file() {
        file.origin = Origin::Path(std::path::absolute(&path).unwrap_or(path));
        return Ok(());
    }
    let url = value
        .into_string()
        .ok()
        .filter(|url| parse::is_http(url))
        .ok_or("it is neither an existing file nor a URL that begins with https:// or http://")?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    parse::check_name("the last segment of the URL", name)?;
    name.clone_into(&mut file.name);
    file.origin = Origin::Url(url);
    Ok(())
}

/// Sets the MD5. A different MD5 means a different file, so SHA-256 and sizes are cleared.
fn override_md5(file: &mut FileSpec, value: OsString) -> Result<(), String> {
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
