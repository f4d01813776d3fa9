//! `iopaint run`: fills an image or a folder of images, without a server.

mod atomic_write;
mod batch;
mod pairing;
mod plan;
mod progress;
mod report;
mod resume;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use futures_util::StreamExt;
use iopaint_engine::{DefaultModel, DownloadOptions, Engine, EngineOptions, ModelSpec};
use iopaint_imaging::EncodeOptions;
use tokio::runtime::Runtime;

use self::batch::Batch;
use self::plan::BatchPlan;
use self::progress::BatchProgress;
use self::report::Report;
use crate::cli::{ModelArgs, RunArgs};
use crate::codec::CodecPool;
use crate::download_report::StderrReporter;
use crate::request::InpaintRequest;
use crate::text_encoding::read_text;
use crate::{error_advice, shutdown, startup};

/// Images in flight: one is decoded and one is written while the model fills a third.
const MAX_IN_FLIGHT: usize = 3;
/// Exit code after SIGINT or SIGTERM: 128 + SIGINT, as in shells.
const INTERRUPTED: u8 = 130;

/// Runs the batch, prints a summary to stderr and returns the exit code.
///
/// # Errors
/// Returns an error if the batch can't start: invalid paths, an invalid `--config`, or no model.
pub fn run(runtime: &Runtime, args: &RunArgs) -> anyhow::Result<u8> {
    let fields = args.config.as_deref().map_or_else(
        || Ok(InpaintRequest::default()),
        |path| read_fields(path).with_context(|| format!("--config {}", path.display())),
    )?;
    let plan = BatchPlan::new(args)?;
    let threads = startup::threads(&args.models).get();
    let max_in_flight = if args.models.low_mem { 1 } else { MAX_IN_FLIGHT };
    let engine = start_engine(&args.models, max_in_flight)?;
    let model = runtime.block_on(load_model(&engine))?;

    let total = plan.pairs.len();
    let batch = Arc::new(Batch {
        engine,
        codecs: CodecPool::new(threads),
        fields,
        max_forward_pixels: startup::max_forward_pixels(&args.models),
        limits: startup::image_limits(&args.images),
        encode: EncodeOptions {
            strip_metadata: args.images.strip_metadata,
            ..EncodeOptions::default()
        },
        concat: args.concat,
        // Orchestrators restart an interrupted share with the same arguments.
        resume: args.resume.unwrap_or(args.shard.is_some()),
        images: plan.images,
        masks: plan.masks,
        output: plan.output,
    });
    let mut report = Report::default();
    let mut progress = BatchProgress::new(total);
    let interrupted = runtime.block_on(async {
        let shutdown_signal = shutdown::shutdown_signal();
        let work = async {
            let mut outcomes = std::pin::pin!(batch.fill_all(plan.pairs, max_in_flight));
            while let Some((pair, outcome)) = outcomes.next().await {
                let image = pair.image.to_string_lossy();
                report.add(&image, outcome);
                progress.advance(&image);
            }
        };
        tokio::select! {
            () = work => false,
            () = shutdown_signal => true,
        }
    });
    drop(progress);
    let images = if total == 1 { "image" } else { "images" };
    eprintln!("iopaint: {total} {images}, model `{}`: {report}", model.name);
    if interrupted {
        eprintln!("iopaint: interrupted; run again with --resume to continue");
        return Ok(INTERRUPTED);
    }
    Ok(report.exit_code())
}

fn start_engine(args: &ModelArgs, max_queue: usize) -> anyhow::Result<Engine> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let options = EngineOptions {
        model: Some(args.model.clone()),
        // One model for all images: the built-in model must not fill some while `lama` is downloaded.
        default_model: DefaultModel::DownloadFirst,
        max_queue,
        max_models: 1,
        local_files_only: args.local_files_only,
        download: DownloadOptions::default(),
        download_reporter: Arc::new(StderrReporter),
        ..EngineOptions::default()
    };
    iopaint_engine::init_torch(startup::torch_settings(args));
    let loader = startup::loader(args)?;
    Engine::start(registry, store, Arc::new(loader), &options).map_err(error_advice::start_error)
}

/// Waits until the model is loaded, so that a load error is reported once and not for each image.
async fn load_model(engine: &Engine) -> anyhow::Result<ModelSpec> {
    let status = engine.status();
    let loading = status.loading.into_iter().next().map(|loading| loading.name);
    match status.model.map(|model| model.name).or(loading) {
        Some(name) => Ok(engine.switch(&name).await?),
        None => bail!(status.failure.unwrap_or_else(|| "no model found".to_owned())),
    }
}

/// Reads a JSON file with fields of the inpaint request.
fn read_fields(path: &Path) -> anyhow::Result<InpaintRequest> {
    let text = read_text(path)?;
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).context("not a JSON object")?;
    // Present, often as null, in a file that holds a whole request; flags replace them.
    for field in ["image", "mask", "result"] {
        fields.remove(field);
    }
    if fields
        .remove("model")
        .is_some_and(|model| model.as_str().is_some_and(|name| !name.is_empty()))
    {
        tracing::warn!("Field `model` in --config ignored; use --model");
    }
    let text = serde_json::to_vec(&fields)?;
    InpaintRequest::from_json(&text).map_err(|error| anyhow::anyhow!(error.detail().to_owned()))
}
