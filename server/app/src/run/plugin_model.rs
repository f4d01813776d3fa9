//! The model of a plugin on the command line.

use iopaint_engine::{DownloadOptions, PluginKind, fetch_model};

use crate::cli::ModelArgs;
use crate::download_report::StderrReporter;
use crate::plugins::PluginModel;
use crate::startup;

/// Returns the model `name` of the plugins of a kind, or the built-in one for an empty name. Missing files
/// are downloaded.
///
/// # Errors
/// Returns an error if the plugins have no such model, or its files are missing and can't be downloaded.
pub fn plugin_model(args: &ModelArgs, kind: PluginKind, name: &str) -> anyhow::Result<PluginModel> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let builtin = registry.plugins().iter().find(|plugin| plugin.kind == kind);
    let name = match (name, builtin) {
        ("", Some(plugin)) => plugin.model.as_str(),
        (name, _) => name,
    };
    let Some(spec) = registry
        .get(name)
        .filter(|spec| kind.tasks().contains(&spec.task()))
    else {
        let known: Vec<String> = registry
            .of_task(kind.task())
            .map(|spec| format!("`{}`", spec.name))
            .collect();
        anyhow::bail!(
            "there is no model called `{name}` for this task; the models are {}",
            known.join(", ")
        );
    };
    if store.locate(spec).is_none() {
        anyhow::ensure!(
            !args.local_files_only,
            "the model `{name}` is not on this machine, and downloads are disabled"
        );
        fetch_model(&store, spec, &DownloadOptions::default(), &StderrReporter)?;
    }
    Ok(PluginModel {
        name: spec.name.clone(),
        contract: spec.format,
    })
}
