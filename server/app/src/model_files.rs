//! `iopaint download` and `iopaint list`: model files, without loading a model.

use std::io::Write;

use iopaint_engine::{
    CatalogueEntry, DownloadOptions, ModelFile, ModelTask, Presence, StartError, fetch_model,
};

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

/// Prints the names of the models that fill holes and need no download, one per line; with `--all`, a table
/// of all models.
///
/// # Errors
/// Returns an error if the model folder can't be determined or stdout is closed.
pub fn list(args: &ListArgs) -> anyhow::Result<()> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let mut stdout = std::io::stdout().lock();
    if args.all {
        let entries: Vec<_> = registry
            .iter()
            .map(|spec| CatalogueEntry::new(spec, &store))
            .collect();
        stdout.write_all(table(&entries).as_bytes())?;
        return Ok(());
    }
    let models = store.servable(&registry).into_iter();
    for spec in models.filter(|spec| spec.task() == ModelTask::Inpaint) {
        writeln!(stdout, "{}", spec.name)?;
    }
    Ok(())
}

/// Returns a line per model, in columns separated by two spaces or more.
fn table(entries: &[CatalogueEntry]) -> String {
    let header = ["NAME", "TASK", "SIZE", "STATE", "LICENCE"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(header)
        .chain(entries.iter().map(|entry| {
            let size = entry.bytes.filter(|bytes| *bytes > 0);
            [
                entry.name.clone(),
                task(entry.task).to_owned(),
                size.map_or_else(|| "-".to_owned(), megabytes),
                state(entry).to_owned(),
                entry.licence.clone().unwrap_or_else(|| "unknown".to_owned()),
            ]
        }))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let [first, second, third, fourth] = widths;
    let lines = rows.iter().map(|[name, task, size, state, licence]| {
        format!("{name:first$}  {task:second$}  {size:>third$}  {state:fourth$}  {licence}\n")
    });
    lines.collect()
}

fn task(task: ModelTask) -> &'static str {
    match task {
        ModelTask::Inpaint => "fill",
        ModelTask::Segment => "select, cut out",
        ModelTask::SegmentByPrompt => "select by click",
        ModelTask::DetectText => "find text",
        ModelTask::Upscale => "upscale",
        ModelTask::RestoreFaces => "restore faces",
    }
}

fn state(entry: &CatalogueEntry) -> &'static str {
    match entry.presence {
        Presence::Builtin => "built in",
        Presence::Ready => "on disk",
        Presence::Absent | Presence::Downloading(_) if entry.downloadable => "download",
        Presence::Absent | Presence::Downloading(_) => "missing",
    }
}

/// Returns a size in megabytes, rounded up.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
