//! The text of a model description, read strictly: an unknown key is an error, not a silence.

use iopaint_inpaint::Padding;
use serde::Deserialize;

use super::{FileSpec, Hashes, ModelContract, ModelSpec, ModelType, Origin};

/// What is compiled in under a name that `builtin = true` may refer to.
const BUILTIN_FILES: [(&str, &[u8]); 1] = [(
    "lama-mini.pt",
    include_bytes!("../../../../models/builtin/lama-mini.pt"),
)];

/// Longer names don't fit on a page or in a log line.
const MAX_NAME_LENGTH: usize = 64;
/// Larger paddings would turn a small photo into a forward that no machine can take.
const MAX_PADDING: u32 = 4096;

/// The whole of `registry.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    model: Vec<Description>,
}

/// One model, in `registry.toml` or in a user's own file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: Option<String>,
    title: Option<String>,
    format: ModelContract,
    #[serde(default)]
    model_type: ModelType,
    padding: Option<PaddingKeys>,
    max_forward_pixels: Option<u64>,
    licence: Option<String>,
    #[serde(default)]
    file: Vec<FileKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaddingKeys {
    modulo: u32,
    #[serde(default)]
    min_size: u32,
    #[serde(default)]
    square: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKeys {
    name: Option<String>,
    url: Option<String>,
    md5: Option<String>,
    sha256: Option<String>,
    size: Option<u64>,
    approximate_size: Option<u64>,
    env: Option<String>,
    #[serde(default)]
    builtin: bool,
}

/// Reads `registry.toml`. The error is a sentence that names the place.
pub(super) fn known_models(text: &str) -> Result<Vec<ModelSpec>, String> {
    let document: Document = toml::from_str(text).map_err(|error| sentence(&error))?;
    let mut known: Vec<ModelSpec> = Vec::with_capacity(document.model.len());
    for mut description in document.model {
        let name = description.name.take().ok_or("a model without a `name`")?;
        let spec = spec(name, description)?;
        if known.iter().any(|other| other.name == spec.name) {
            return Err(format!("`{}` is described twice", spec.name));
        }
        known.push(spec);
    }
    Ok(known)
}

/// Reads a user's description of the model `name` (the stem of the description's file name). Its file is
/// `<name>.pt` unless it names its files. The error is a sentence that names the key.
pub(super) fn user_model(name: &str, text: &str) -> Result<ModelSpec, String> {
    let mut description: Description = toml::from_str(text).map_err(|error| sentence(&error))?;
    if let Some(written) = description.name.take().filter(|written| written != name) {
        return Err(format!(
            "`name` is `{written}` but the file's name says `{name}`; leave `name` out or make them alike"
        ));
    }
    if description
        .file
        .iter()
        .any(|file| file.url.is_some() || file.env.is_some() || file.builtin)
    {
        return Err(
            "`url`, `env` and `builtin` belong to the models that the program knows; put the file beside this one"
                .into(),
        );
    }
    if description.format.file_count() == 1 {
        if description.file.is_empty() {
            description.file.push(FileKeys::default());
        }
        for file in &mut description.file {
            file.name.get_or_insert_with(|| format!("{name}.pt"));
        }
    }
    spec(name.to_owned(), description)
}

/// Checks the values that the types let through.
fn spec(name: String, description: Description) -> Result<ModelSpec, String> {
    check_name("name", &name)?;
    let padding = match description.padding {
        Some(PaddingKeys {
            modulo,
            min_size,
            square,
        }) => {
            if !(1..=MAX_PADDING).contains(&modulo) {
                return Err(format!(
                    "`padding.modulo` is {modulo}; it must be between 1 and {MAX_PADDING}"
                ));
            }
            if min_size > MAX_PADDING {
                return Err(format!(
                    "`padding.min_size` is {min_size}; it must be at most {MAX_PADDING}"
                ));
            }
            Padding {
                modulo,
                min_size,
                square,
            }
        }
        None => description.format.padding(),
    };
    if let Some(limit) = description.max_forward_pixels
        && limit < u64::from(padding.modulo.max(padding.min_size)).pow(2)
    {
        return Err(format!(
            "`max_forward_pixels` is {limit}, less than the smallest image that `padding` allows"
        ));
    }
    let (described, needed) = (description.file.len(), description.format.file_count());
    if described != needed {
        return Err(format!(
            "`file` describes {described} files; a model of this format has {needed}"
        ));
    }
    Ok(ModelSpec {
        title: description.title.unwrap_or_else(|| name.clone()),
        name,
        format: description.format,
        model_type: description.model_type,
        padding,
        max_forward_pixels: description.max_forward_pixels,
        licence: description.licence,
        files: description.file.into_iter().map(file).collect::<Result<_, _>>()?,
    })
}

fn file(keys: FileKeys) -> Result<FileSpec, String> {
    let name = keys.name.ok_or("`file.name` is missing")?;
    check_name("file.name", &name)?;
    let origin = match (keys.url, keys.builtin) {
        (Some(_), true) => return Err("a file is either `builtin` or has a `url`".into()),
        (Some(url), false) if is_http(&url) => Origin::Url(url),
        (Some(url), false) => {
            return Err(format!(
                "`file.url` is `{url}`; it must begin with https:// or http://"
            ));
        }
        (None, true) => BUILTIN_FILES
            .iter()
            .find(|(builtin, _)| *builtin == name)
            .map(|(_, bytes)| Origin::Builtin(bytes))
            .ok_or_else(|| format!("`{name}` is not part of this program"))?,
        (None, false) => Origin::Disk,
    };
    Ok(FileSpec {
        name,
        origin,
        hashes: Hashes {
            md5: keys.md5.map(|hex| hash("file.md5", &hex, 32)).transpose()?,
            sha256: keys.sha256.map(|hex| hash("file.sha256", &hex, 64)).transpose()?,
        },
        size: keys.size,
        approximate_size: keys.approximate_size,
        env: keys.env,
    })
}

/// Whether an address is one that a download understands.
pub(super) fn is_http(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// A hash of `digits` hexadecimal digits, in lower case.
pub(super) fn hash(key: &str, hex: &str, digits: usize) -> Result<String, String> {
    if hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(hex.to_ascii_lowercase())
    } else {
        Err(format!("`{key}` must be {digits} hexadecimal digits"))
    }
}

/// Names travel in JSON, logs, addresses and file names; what is plain in all of them is allowed.
pub(super) fn check_name(key: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.is_empty() && name.len() <= MAX_NAME_LENGTH && !name.starts_with('.') && name.chars().all(plain)
    {
        Ok(())
    } else {
        Err(format!(
            "`{key}` is {name:?}; it must be 1 to {MAX_NAME_LENGTH} ASCII letters, digits, `.`, `_` or `-`, not \
             beginning with a dot"
        ))
    }
}

/// The parser's message on one line, with the line number.
fn sentence(error: &toml::de::Error) -> String {
    error
        .to_string()
        .trim_end()
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}
