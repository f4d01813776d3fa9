//! `iopaint download` and `iopaint list`: models' files, without running one.

use std::io::Write;

use iopaint_engine::{DownloadOptions, ModelFile, StartError, fetch_model};

use crate::cli::{Download, List};
use crate::download_report::StderrReporter;
use crate::startup;

/// Brings a model's files to this machine, if they aren't here.
///
/// # Errors
/// The model isn't known, can't be downloaded at all, or the download failed.
pub fn download(flags: &Download) -> anyhow::Result<()> {
    let (registry, store) = startup::models(flags.model_dir.as_deref())?;
    let spec = registry
        .get(&flags.model)
        .ok_or_else(|| StartError::unknown_model(&flags.model, &registry))?;
    if spec.is_builtin() {
        eprintln!("iopaint: `{}` is part of this program", spec.name);
        return Ok(());
    }
    let (files, now) = match store.locate(spec) {
        Some(files) => (files, ""),
        None => (
            fetch_model(&store, spec, &DownloadOptions::default(), &StderrReporter)?,
            " now",
        ),
    };
    for file in files {
        if let ModelFile::Path(path) = file {
            eprintln!("iopaint: `{}` is here{now}: {}", spec.name, path.display());
        }
    }
    Ok(())
}

/// Prints the names of the models that can be used now.
///
/// # Errors
/// There is no model folder, or nobody reads what is printed.
pub fn list(flags: &List) -> anyhow::Result<()> {
    let (registry, store) = startup::models(flags.model_dir.as_deref())?;
    let mut stdout = std::io::stdout().lock();
    for spec in store.servable(&registry) {
        writeln!(stdout, "{}", spec.name)?;
    }
    Ok(())
}
