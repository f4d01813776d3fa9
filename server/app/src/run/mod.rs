//! `iopaint run`: fills a picture or a folder of pictures, without a server.

mod batch;
mod pairing;
mod plan;
mod progress;
mod report;
mod resume;
mod shard;
mod write;

pub use shard::Shard;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use futures_util::StreamExt;
use iopaint_engine::{DefaultModel, DownloadOptions, Engine, EngineOptions, ModelSpec};
use iopaint_imaging::EncodeOptions;
use tokio::runtime::Runtime;

use self::batch::Batch;
use self::plan::Plan;
use self::progress::Progress;
use self::report::Report;
use crate::cli::{ModelFlags, Run};
use crate::codec::CodecPool;
use crate::download_report::StderrReporter;
use crate::request::InpaintRequest;
use crate::text_encoding::read_text;
use crate::{error_advice, shutdown, startup};

/// Pictures on their way at once: one is decoded and one written while one is in the model.
const AT_A_TIME: usize = 3;
/// The exit code after Ctrl-C or SIGTERM, as shells count it.
const INTERRUPTED: u8 = 130;

/// Runs the batch, says on stderr how it went, and returns the exit code.
///
/// # Errors
/// What keeps it from beginning: files, the configuration, the model.
pub fn run(runtime: &Runtime, flags: &Run) -> anyhow::Result<u8> {
    let fields = flags.config.as_deref().map_or_else(
        || Ok(InpaintRequest::default()),
        |path| read_fields(path).with_context(|| format!("--config {}", path.display())),
    )?;
    let plan = Plan::new(flags)?;
    let threads = startup::threads(&flags.models).get();
    let at_a_time = if flags.models.low_mem { 1 } else { AT_A_TIME };
    let engine = start_engine(&flags.models, at_a_time)?;
    let model = runtime.block_on(loaded(&engine))?;

    let total = plan.pairs.len();
    let batch = Arc::new(Batch {
        engine,
        codecs: CodecPool::new(threads),
        fields,
        max_forward_pixels: startup::max_forward_pixels(&flags.models),
        limits: startup::image_limits(&flags.pictures),
        encode: EncodeOptions {
            strip_metadata: flags.pictures.strip_metadata,
            ..EncodeOptions::default()
        },
        concat: flags.concat,
        // Who works in shares is started anew by an orchestrator, and goes on where it was.
        resume: flags.resume.unwrap_or(flags.shard.is_some()),
        images: plan.images,
        masks: plan.masks,
        output: plan.output,
    });
    let mut report = Report::default();
    let mut progress = Progress::new(total);
    let interrupted = runtime.block_on(async {
        let told_to_stop = shutdown::signal();
        let work = async {
            let mut outcomes = std::pin::pin!(batch.fill_all(plan.pairs, at_a_time));
            while let Some((pair, outcome)) = outcomes.next().await {
                let image = pair.image.to_string_lossy();
                report.add(&image, outcome);
                progress.advance(&image);
            }
        };
        tokio::select! {
            () = work => false,
            () = told_to_stop => true,
        }
    });
    drop(progress);
    eprintln!("iopaint: of {total} with the model `{}`: {report}", model.name);
    if interrupted {
        eprintln!("iopaint: interrupted; with --resume the next run goes on from here");
        return Ok(INTERRUPTED);
    }
    Ok(report.exit_code())
}

fn start_engine(flags: &ModelFlags, places: usize) -> anyhow::Result<Engine> {
    let (registry, store) = startup::models(flags.model_dir.as_deref())?;
    let options = EngineOptions {
        model: Some(flags.model.clone()),
        // All pictures of a batch by one model.
        default_model: DefaultModel::DownloadFirst,
        max_queue: places,
        max_models: 1,
        local_files_only: flags.local_files_only,
        download: DownloadOptions::default(),
        download_reporter: Arc::new(StderrReporter),
        ..EngineOptions::default()
    };
    iopaint_engine::init_torch(startup::torch_settings(flags));
    let loader = startup::loader(flags)?;
    Engine::start(registry, store, Arc::new(loader), &options).map_err(error_advice::start_error)
}

/// Waits for the model, so that one that can't be loaded is told once and not for every picture.
async fn loaded(engine: &Engine) -> anyhow::Result<ModelSpec> {
    let status = engine.status();
    let on_its_way = status.loading.into_iter().next().map(|loading| loading.name);
    match status.model.map(|model| model.name).or(on_its_way) {
        Some(name) => Ok(engine.switch(&name).await?),
        None => bail!(status.failure.unwrap_or_else(|| "no model was found".to_owned())),
    }
}

/// A JSON file with fields of the inpaint request.
fn read_fields(path: &Path) -> anyhow::Result<InpaintRequest> {
    let text = read_text(path)?;
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).context("not a JSON object")?;
    // A request that was written to a file whole has these too, often as null.
    for elsewhere in ["image", "mask", "result"] {
        fields.remove(elsewhere);
    }
    if fields
        .remove("model")
        .is_some_and(|model| model.as_str().is_some_and(|name| !name.is_empty()))
    {
        tracing::warn!("`model` in --config has no effect; --model names one");
    }
    let text = serde_json::to_vec(&fields)?;
    InpaintRequest::from_json(&text).map_err(|error| anyhow::anyhow!(error.detail().to_owned()))
}
