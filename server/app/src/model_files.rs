//! `iopaint download` and `iopaint list`: model files, without loading a model.

use std::io::Write;

use iopaint_engine::{DownloadOptions, ModelFile, ModelTask, StartError, fetch_model};

use crate::cli::{DownloadArgs, ListArgs};
use crate::download_report::StderrReporter;
use crate::startup;

/// Downloads the files of a model unless they exist, and prints their paths to stderr.
///
/// # Errors
/// Returns an error if the model is unknown, has no download, or the download fails.
pub fn download(args: &DownloadArgs) -> anyhow::Result<()> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let spec = registry
        .get(&args.model)
        .ok_or_else(|| StartError::unknown_model(&args.model, &registry))?;
    if spec.is_builtin() {
        eprintln!("iopaint: `{}` is built in and needs no download", spec.name);
        return Ok(());
    }
    let (files, status) = match store.locate(spec) {
        Some(files) => (files, "already present"),
        None => (
            fetch_model(&store, spec, &DownloadOptions::default(), &StderrReporter)?,
            "downloaded",
        ),
    };
    for file in files {
        if let ModelFile::Path(path) = file {
            eprintln!("iopaint: `{}` {status}: {}", spec.name, path.display());
        }
    }
    Ok(())
}

/// Prints the names of the models that fill holes and need no download, one per line.
///
/// # Errors
/// Returns an error if the model folder can't be determined or stdout is closed.
pub fn list(args: &ListArgs) -> anyhow::Result<()> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let mut stdout = std::io::stdout().lock();
    let models = store.servable(&registry).into_iter();
    for spec in models.filter(|spec| spec.task() == ModelTask::Inpaint) {
        writeln!(stdout, "{}", spec.name)?;
    }
    Ok(())
}
