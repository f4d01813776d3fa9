//! The enabled plugins and their current models.

use std::collections::BTreeSet;
use std::sync::Arc;

use iopaint_engine::{Engine, ModelTask, PluginKind, PluginSpec, Registry, Unavailable};
use parking_lot::Mutex;

use super::model::PluginModel;
use super::task::PluginTask;
use crate::error::{ApiError, ErrorCode};

/// The operator's choice of plugins and models.
#[derive(Clone, Debug, Default)]
pub struct PluginChoices {
    /// True if no plugin is enabled.
    pub none: bool,
    /// Names of disabled plugins, in any case.
    pub disabled: BTreeSet<String>,
    /// Kinds of optional plugins that are enabled without their model on disk.
    pub enabled: Vec<PluginKind>,
    /// Models by kind; `None`: the built-in one.
    pub models: Vec<(PluginKind, String)>,
    /// True if the plugin that enlarges images repaints the background of restored faces.
    pub repaint_background: bool,
}

/// The plugins that are not disabled. Clones share their current models.
#[derive(Clone)]
pub struct Plugins(Arc<PluginList>);

struct PluginList {
    plugins: Vec<EnabledPlugin>,
    repaint_background: bool,
    /// Returns true for the names of models whose files are on disk.
    is_available: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

struct EnabledPlugin {
    spec: PluginSpec,
    builtin: PluginModel,
    model: Mutex<PluginModel>,
    /// True for an optional plugin that is on only while its model is on disk.
    requires_model: bool,
}

/// An enabled plugin and its current model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginStatus {
    /// The plugin.
    pub spec: PluginSpec,
    /// Its current model.
    pub model: PluginModel,
    /// Its default model.
    pub builtin: PluginModel,
}

impl PluginStatus {
    /// Returns the model for `task`: the current one, or the built-in one for the image's main object if the
    /// current one requires a prompt.
    #[must_use]
    pub fn model_for(&self, task: &PluginTask) -> &PluginModel {
        let needs_prompt = self.model.contract.task() == ModelTask::SegmentByPrompt;
        match task {
            PluginTask::Select(prompt) if needs_prompt && prompt.is_empty() => &self.builtin,
            _ => &self.model,
        }
    }
}

impl Plugins {
    /// Returns the plugins of `registry` that `choices` does not disable. An optional plugin is listed if
    /// `choices` enables it, or while its model is on disk. A chosen model that the registry lacks is logged
    /// and replaced by the built-in one. `is_available`: true for the names of models whose files are on
    /// disk.
    #[must_use]
    pub fn new(
        registry: &Registry,
        choices: &PluginChoices,
        is_available: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let enabled = |plugin: &&PluginSpec| {
            let mut disabled = choices.disabled.iter();
            !choices.none && !disabled.any(|name| name.eq_ignore_ascii_case(&plugin.name))
        };
        let with_model = |spec: &PluginSpec| {
            let chosen = choices.models.iter().find(|(kind, _)| *kind == spec.kind);
            let chosen = chosen.and_then(|(kind, name)| {
                let model = model_of(registry, *kind, name);
                if model.is_none() {
                    tracing::warn!(
                        plugin = spec.name,
                        model = name,
                        builtin = spec.model,
                        "Unknown model of a plugin; using the built-in model"
                    );
                }
                model
            });
            let builtin = model_of(registry, spec.kind, &spec.model)?;
            let is_enabled = choices.enabled.contains(&spec.kind);
            if spec.optional && is_enabled && !is_available(&spec.model) {
                warn_of_missing_model(spec);
            }
            Some(EnabledPlugin {
                spec: spec.clone(),
                model: Mutex::new(chosen.unwrap_or_else(|| builtin.clone())),
                builtin,
                requires_model: spec.optional && !is_enabled,
            })
        };
        let enabled = registry.plugins().iter().filter(enabled);
        let plugins = enabled.filter_map(with_model).collect();
        Self(Arc::new(PluginList {
            plugins,
            repaint_background: choices.repaint_background,
            is_available: Box::new(is_available),
        }))
    }

    /// Returns the model that repaints the background of restored faces; `None` if the background is kept.
    #[must_use]
    pub fn background_model(&self) -> Option<PluginModel> {
        let upscaler = self.of_kind(PluginKind::Upscale).ok();
        upscaler
            .filter(|_| self.0.repaint_background)
            .map(|plugin| plugin.model)
    }

    fn listed(&self) -> impl Iterator<Item = &EnabledPlugin> {
        let list = &self.0;
        let is_listed =
            |plugin: &&EnabledPlugin| !plugin.requires_model || (list.is_available)(&plugin.spec.model);
        list.plugins.iter().filter(is_listed)
    }

    /// Returns all plugins that are on, in display order.
    pub fn iter(&self) -> impl Iterator<Item = PluginStatus> {
        self.listed().map(EnabledPlugin::status)
    }

    /// Returns the plugin `name`; case-sensitive.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownPlugin`].
    pub fn get(&self, name: &str) -> Result<PluginStatus, ApiError> {
        let plugin = self.listed().find(|plugin| plugin.spec.name == name);
        plugin.map(EnabledPlugin::status).ok_or_else(|| unknown(name))
    }

    /// Returns the plugin of a kind.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownPlugin`] if it is disabled.
    pub fn of_kind(&self, kind: PluginKind) -> Result<PluginStatus, ApiError> {
        let plugin = self.listed().find(|plugin| plugin.spec.kind == kind);
        plugin
            .map(EnabledPlugin::status)
            .ok_or_else(|| ApiError::new(ErrorCode::UnknownPlugin, "this plugin is disabled on this server"))
    }

    /// Selects the model of the plugin `name`; an unknown plugin is ignored, as by `IOPaint`.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownModel`] if the plugin has no model of this name, or its files are missing.
    pub fn switch(&self, engine: &Engine, name: &str, model: &str) -> Result<(), ApiError> {
        let Some(plugin) = self.listed().find(|plugin| plugin.spec.name == name) else {
            return Ok(());
        };
        let found = model_of(engine.registry(), plugin.spec.kind, model)
            .ok_or_else(|| Unavailable::Unknown(model.to_owned()))?;
        if !engine.is_available(&found.name) {
            return Err(Unavailable::Absent(found.name).into());
        }
        *plugin.model.lock() = found;
        Ok(())
    }
}

impl EnabledPlugin {
    fn status(&self) -> PluginStatus {
        PluginStatus {
            spec: self.spec.clone(),
            model: self.model.lock().clone(),
            builtin: self.builtin.clone(),
        }
    }
}

/// Logs that the model of an enabled plugin is not on disk.
fn warn_of_missing_model(plugin: &PluginSpec) {
    tracing::warn!(
        plugin = plugin.name,
        model = plugin.model,
        "The plugin's model is not on this machine; `iopaint download --model {}` downloads it",
        plugin.model
    );
}

/// Returns the model `name` if it performs a task of the plugins of `kind`. `IOPaint` names models of Hugging
/// Face after owner and repository.
fn model_of(registry: &Registry, kind: PluginKind, name: &str) -> Option<PluginModel> {
    let name = name.strip_prefix("briaai/").unwrap_or(name);
    let spec = registry
        .get(name)
        .filter(|spec| kind.tasks().contains(&spec.task()))?;
    Some(PluginModel {
        name: spec.name.clone(),
        contract: spec.format,
    })
}

fn unknown(name: &str) -> ApiError {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    ApiError::new(
        ErrorCode::UnknownPlugin,
        &format!("plugin not found: this server has no plugin `{name}`"),
    )
}
