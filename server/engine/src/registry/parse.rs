//! Parsing of model descriptions in TOML. Unknown keys are errors.

use iopaint_inpaint::Padding;
use serde::Deserialize;

use super::builtin_file::BuiltinFile;
use super::spec::HubFile;
use super::{FileSpec, Hashes, ModelContract, ModelSpec, ModelTask, Origin, PluginKind, PluginSpec};

/// Longest name in bytes, so that names fit into the user interface and log lines.
const MAX_NAME_LENGTH: usize = 64;
/// Largest padding modulo and minimum side in pixels, which bounds the memory that a small image needs.
const MAX_PADDING: u32 = 4096;

/// Contents of `registry.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    model: Vec<Description>,
    #[serde(default)]
    plugin: Vec<PluginKeys>,
}

/// A plugin in `registry.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginKeys {
    name: String,
    title: String,
    kind: PluginKind,
    model: String,
    #[serde(default)]
    optional: bool,
}

/// A model in `registry.toml` or in a user's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: Option<String>,
    title: Option<String>,
    format: ModelContract,
    model_type: Option<ModelType>,
    padding: Option<PaddingKeys>,
    max_forward_pixels: Option<u64>,
    licence: Option<String>,
    #[serde(default)]
    file: Vec<FileKeys>,
}

/// Type of a model that fills holes, in IOPaint's API.
#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum ModelType {
    Inpaint,
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
    hub: Option<HubFile>,
    env: Option<String>,
    #[serde(default)]
    builtin: bool,
}

/// Parses `registry.toml`: its models and plugins. The error message contains the position.
pub(super) fn known_models(text: &str) -> Result<(Vec<ModelSpec>, Vec<PluginSpec>), String> {
    let document: Document = toml::from_str(text).map_err(|error| single_line(&error))?;
    let mut known: Vec<ModelSpec> = Vec::with_capacity(document.model.len());
    for mut description in document.model {
        let name = description.name.take().ok_or("a model without a `name`")?;
        let spec = spec(name, description)?;
        if known.iter().any(|other| other.name == spec.name) {
            return Err(format!("`{}` is defined twice", spec.name));
        }
        known.push(spec);
    }
    let mut plugins: Vec<PluginSpec> = Vec::with_capacity(document.plugin.len());
    for keys in document.plugin {
        let plugin = plugin(keys, &known)?;
        if plugins.iter().any(|other| other.name == plugin.name) {
            return Err(format!("the plugin `{}` is defined twice", plugin.name));
        }
        plugins.push(plugin);
    }
    Ok((known, plugins))
}

fn plugin(keys: PluginKeys, models: &[ModelSpec]) -> Result<PluginSpec, String> {
    check_name("plugin.name", &keys.name)?;
    let fits = models.iter().any(|spec| {
        spec.name == keys.model && spec.task() == keys.kind.task() && (keys.optional || spec.is_builtin())
    });
    if !fits {
        return Err(format!(
            "`{}` is not a built-in model of the task of the plugin `{}`",
            keys.model, keys.name
        ));
    }
    Ok(PluginSpec {
        name: keys.name,
        title: keys.title,
        kind: keys.kind,
        model: keys.model,
        optional: keys.optional,
    })
}

/// Parses a user's description of the model `name` (the file stem of the description). Its weights are
/// `<name>.pt`, `.onnx`, `.pth` or `.safetensors` (see [`ModelContract::extension`]) unless the description
/// names files. The error message contains the key.
pub(super) fn user_model(name: &str, text: &str) -> Result<ModelSpec, String> {
    let mut description: Description = toml::from_str(text).map_err(|error| single_line(&error))?;
    if let Some(written) = description.name.take().filter(|written| written != name) {
        return Err(format!(
            "`name` is `{written}`, but the file is called `{name}.toml`; remove `name` or make them equal"
        ));
    }
    if description
        .file
        .iter()
        .any(|file| file.url.is_some() || file.env.is_some() || file.builtin)
    {
        return Err(
            "`url`, `env` and `builtin` are reserved for built-in descriptions; place the weights beside this file"
                .into(),
        );
    }
    if description.format.file_count() == 1 {
        let extension = description.format.extension();
        if description.file.is_empty() {
            description.file.push(FileKeys::default());
        }
        for file in &mut description.file {
            file.name.get_or_insert_with(|| format!("{name}.{extension}"));
        }
    }
    spec(name.to_owned(), description)
}

/// Converts a description after checking its values.
fn spec(name: String, description: Description) -> Result<ModelSpec, String> {
    check_name("name", &name)?;
    if description.model_type.is_some() && description.format.task() != ModelTask::Inpaint {
        return Err("`model_type` is a key of models that fill holes".into());
    }
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
            "`file` lists {described} files; a model of this format has {needed}"
        ));
    }
    Ok(ModelSpec {
        title: description.title.unwrap_or_else(|| name.clone()),
        name,
        format: description.format,
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
        (Some(_), true) => return Err("a file can't have both `builtin` and `url`".into()),
        (Some(url), false) if is_http(&url) => Origin::Url(url),
        (Some(url), false) => {
            return Err(format!(
                "`file.url` is `{url}`; it must begin with https:// or http://"
            ));
        }
        (None, true) => BuiltinFile::named(&name)
            .map(Origin::Builtin)
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
        hub: keys.hub,
        env: keys.env,
    })
}

/// Returns true if `url` has the scheme `http` or `https`.
pub(super) fn is_http(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Parses a hash of `digits` hexadecimal digits and returns it in lower case.
pub(super) fn hash(key: &str, hex: &str, digits: usize) -> Result<String, String> {
    if hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(hex.to_ascii_lowercase())
    } else {
        Err(format!("`{key}` must be {digits} hexadecimal digits"))
    }
}

/// Checks that a name can be used unescaped in JSON, logs, URLs and file names.
pub(super) fn check_name(key: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.is_empty() && name.len() <= MAX_NAME_LENGTH && !name.starts_with('.') && name.chars().all(plain)
    {
        Ok(())
    } else {
        Err(format!(
            "`{key}` is {name:?}; it must have 1 to {MAX_NAME_LENGTH} ASCII letters, digits, `.`, `_` or `-`, and not \
             begin with a dot"
        ))
    }
}

/// Joins the lines of the parser's message, which contains the line number.
fn single_line(error: &toml::de::Error) -> String {
    error
        .to_string()
        .trim_end()
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}
