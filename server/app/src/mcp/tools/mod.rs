//! The tools, one file each.

mod erase;
mod image_plugin;
mod list_models;
mod remove_background;
mod select;
mod upscale;

use std::sync::Arc;

use iopaint_engine::PluginKind;
use rmcp::handler::server::common::schema_for_type;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};

use super::arguments::{EditArguments, EraseArguments, NoArguments, SelectArguments, UpscaleArguments};
use super::call::ToolCall;
use crate::error::ApiError;
use crate::plugins::Plugins;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolName {
    /// Erases an area, an object or text.
    Erase,
    /// Selects an object.
    Select,
    /// Removes the background.
    RemoveBackground,
    /// Enlarges an image.
    Upscale,
    /// Lists the models.
    ListModels,
}

impl ToolName {
    /// All tools.
    const ALL: [Self; 5] = [
        Self::Erase,
        Self::Select,
        Self::RemoveBackground,
        Self::Upscale,
        Self::ListModels,
    ];

    /// Returns the tools that work with the enabled plugins.
    pub fn enabled(plugins: &Plugins) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(|tool| tool.plugin().is_none_or(|plugin| plugins.of_kind(plugin).is_ok()))
    }

    /// Returns the tool `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Select => "select",
            Self::RemoveBackground => "remove_background",
            Self::Upscale => "upscale",
            Self::ListModels => "list_models",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Erase => "Erase",
            Self::Select => "Select object",
            Self::RemoveBackground => "Remove background",
            Self::Upscale => "Upscale",
            Self::ListModels => "List models",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Erase => {
                "Erases a part of an image and fills it to match its surroundings. Set exactly one of `mask` or \
                 `mask_file` (a mask), `box` (a rectangle), `text` (all text) and `clicks` (an object). Returns \
                 the image as PNG."
            }
            Self::Select => {
                "Selects an object by clicks on it or a box around it. Returns a mask as PNG: white inside the \
                 object, black elsewhere. Pass it as `mask` to `erase`."
            }
            Self::RemoveBackground => {
                "Removes the background of an image. Returns its main object as PNG on a transparent \
                 background."
            }
            Self::Upscale => "Enlarges an image and sharpens its details. Returns the image as PNG.",
            Self::ListModels => "Lists the models of `erase`, and the current one.",
        }
    }

    /// Returns the plugin that the tool can't do without.
    fn plugin(self) -> Option<PluginKind> {
        match self {
            Self::Select => Some(PluginKind::Select),
            Self::RemoveBackground => Some(PluginKind::RemoveBackground),
            Self::Upscale => Some(PluginKind::Upscale),
            Self::Erase | Self::ListModels => None,
        }
    }

    fn input_schema(self) -> Arc<JsonObject> {
        match self {
            Self::Erase => schema_for_type::<EditArguments<EraseArguments>>(),
            Self::Select => schema_for_type::<EditArguments<SelectArguments>>(),
            Self::RemoveBackground => schema_for_type::<EditArguments<NoArguments>>(),
            Self::Upscale => schema_for_type::<EditArguments<UpscaleArguments>>(),
            Self::ListModels => schema_for_type::<NoArguments>(),
        }
    }

    /// Returns the description of the tool for clients.
    pub fn describe(self) -> Tool {
        // Results are saved under new names; existing files are kept.
        let annotations = ToolAnnotations::new()
            .read_only(self == Self::ListModels)
            .destructive(false)
            .open_world(false);
        let mut schema = (*self.input_schema()).clone();
        // The names and comments of the Rust types.
        schema.remove("title");
        schema.remove("description");
        Tool::new(self.name(), self.description(), schema)
            .with_title(self.title())
            .with_annotations(annotations)
    }

    /// Runs the tool.
    ///
    /// # Errors
    /// Those of the arguments and of the job.
    pub async fn run(self, call: &ToolCall<'_>, arguments: JsonObject) -> Result<CallToolResult, ApiError> {
        match self {
            Self::Erase => erase::run(call, EditArguments::read(arguments)?).await,
            Self::Select => select::run(call, EditArguments::read(arguments)?).await,
            Self::RemoveBackground => remove_background::run(call, EditArguments::read(arguments)?).await,
            Self::Upscale => upscale::run(call, EditArguments::read(arguments)?).await,
            Self::ListModels => list_models::run(call).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed() {
        for tool in ToolName::ALL {
            assert_eq!(ToolName::parse(tool.name()), Some(tool));
        }
        assert_eq!(ToolName::parse("Erase"), None);
    }

    #[test]
    fn schemas_are_objects_with_described_fields() {
        for tool in ToolName::ALL {
            let described = tool.describe();
            let schema = &described.input_schema;
            assert_eq!(schema["type"], "object", "{tool:?}");
            let empty = JsonObject::new();
            let fields = schema
                .get("properties")
                .and_then(|fields| fields.as_object())
                .unwrap_or(&empty);
            assert_eq!(fields.is_empty(), tool == ToolName::ListModels);
            assert!(
                fields.values().all(|field| field["description"].is_string()),
                "{tool:?}"
            );
            assert!(!schema.contains_key("required"), "{tool:?}");
        }
    }
}
