//! `iopaint run`, `cutout` and `upscale`: an image or a folder of images, without a server.

mod atomic_write;
mod batch;
mod batch_context;
mod pairing;
mod plan;
mod plugin_model;
mod progress;
mod report;
mod resume;
mod work;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use futures_util::StreamExt;
use iopaint_engine::{
    DefaultModel, Device, DownloadOptions, Engine, EngineOptions, ModelSpec, PluginDevices, PluginKind,
};
use iopaint_imaging::EncodeOptions;
use tokio::runtime::Runtime;

use self::batch::Batch;
use self::batch_context::BatchContext;
use self::plan::{BatchPaths, BatchPlan, create_folder};
use self::plugin_model::plugin_model;
use self::progress::BatchProgress;
use self::report::Report;
use self::work::{FillWork, MaskSource, Work};
use crate::cli::{
    AutoMask, CutoutArgs, ImageArgs, MaskArg, ModelArgs, PluginRunArgs, RunArgs, Shard, UpscaleArgs,
};
use crate::codec::CodecPool;
use crate::devices::devices;
use crate::download_report::StderrReporter;
use crate::fill::OutputForm;
use crate::parallelism::{self, Parallelism};
use crate::plugins::PluginModel;
use crate::request::InpaintRequest;
use crate::text_encoding::read_text;
use crate::{error_advice, shutdown, startup};

/// Images in flight besides those on the devices: one is decoded and one is written.
const DECODED_OR_WRITTEN: usize = 2;
/// Model of batches that fill nothing: the engine needs a current model, and this one has no weights.
const UNUSED_MODEL: &str = "cv2";
/// Exit code after SIGINT or SIGTERM: 128 + SIGINT, as in shells.
const INTERRUPTED: u8 = 130;

/// Runs `iopaint run`, prints a summary to stderr and returns the exit code.
///
/// # Errors
/// Returns an error if the batch can't start: invalid paths, an invalid `--config`, or no model.
pub fn fill(runtime: &Runtime, args: &RunArgs) -> anyhow::Result<u8> {
    let mut fields = args.config.as_deref().map_or_else(
        || Ok(InpaintRequest::default()),
        |path| read_fields(path).with_context(|| format!("--config {}", path.display())),
    )?;
    fields.cover_strokes |= args.cover_strokes;
    fields.dilate = args.dilate.map_or(fields.dilate, i64::from);
    fields.feather = args.feather.map_or(fields.feather, i64::from);
    let mask_files = match &args.mask {
        MaskArg::Path(path) => Some(path.as_path()),
        MaskArg::Auto(_) => None,
    };
    let plan = BatchPlan::new(&BatchPaths {
        images: &args.image,
        masks: mask_files,
        output: &args.output,
        shard: args.shard,
        keep_names: args.keep_format,
    })?;
    let masks = match &args.mask {
        MaskArg::Path(_) => MaskSource::Folder(plan.masks.clone()),
        MaskArg::Auto(content) => {
            if let Some(folder) = &args.write_masks {
                create_folder("--write-masks", folder)?;
            }
            let kind = match content {
                AutoMask::Text => PluginKind::SelectText,
                AutoMask::Object => PluginKind::Select,
                AutoMask::Background => PluginKind::RemoveBackground,
            };
            MaskSource::Detected {
                content: *content,
                model: plugin_model(&args.models, kind, "")?,
                written_to: args.write_masks.clone(),
            }
        }
    };
    let model = Some(args.models.model.clone());
    let devices = devices(&args.models.device).context("--device")?;
    let max_in_flight = max_in_flight(&args.models, devices.len());
    let engine = start_engine(&args.models, &devices, model, max_in_flight)?;
    let model = runtime.block_on(load_model(&engine))?;
    let settings = BatchSettings {
        participle: "filled",
        model: model.name,
        models: &args.models,
        images: &args.images,
        max_in_flight,
        resume: resumes(args.resume, args.shard),
    };
    let work = Work::Fill(Box::new(FillWork {
        fields,
        masks,
        form: if args.concat {
            OutputForm::SideBySide
        } else if args.keep_format {
            OutputForm::InputFormat
        } else {
            OutputForm::Png
        },
    }));
    Ok(run(runtime, engine, plan, work, &settings))
}

/// Runs `iopaint cutout`, prints a summary to stderr and returns the exit code.
///
/// # Errors
/// Returns an error if the batch can't start: invalid paths, or no model.
pub fn cut_out(runtime: &Runtime, args: &CutoutArgs) -> anyhow::Result<u8> {
    let kind = PluginKind::RemoveBackground;
    run_plugin(runtime, &args.run, kind, "cut out", Work::CutOut)
}

/// Runs `iopaint upscale`, prints a summary to stderr and returns the exit code.
///
/// # Errors
/// Returns an error if the batch can't start: invalid paths, or no model.
pub fn upscale(runtime: &Runtime, args: &UpscaleArgs) -> anyhow::Result<u8> {
    let scale = args.scale;
    let work = |model| Work::Upscale { model, scale };
    run_plugin(runtime, &args.run, PluginKind::Upscale, "upscaled", work)
}

fn run_plugin(
    runtime: &Runtime,
    args: &PluginRunArgs,
    kind: PluginKind,
    participle: &'static str,
    work: impl FnOnce(PluginModel) -> Work,
) -> anyhow::Result<u8> {
    let plan = BatchPlan::new(&BatchPaths {
        images: &args.image,
        masks: None,
        output: &args.output,
        shard: args.shard,
        keep_names: false,
    })?;
    let model = plugin_model(&args.models, kind, &args.models.model)?;
    let devices = devices(&args.models.device).context("--device")?;
    let max_in_flight = max_in_flight(&args.models, devices.len());
    let settings = BatchSettings {
        participle,
        model: model.name.clone(),
        models: &args.models,
        images: &args.images,
        max_in_flight,
        resume: resumes(args.resume, args.shard),
    };
    let unused = Some(UNUSED_MODEL.to_owned());
    let engine = start_engine(&args.models, &devices, unused, max_in_flight)?;
    Ok(run(runtime, engine, plan, work(model), &settings))
}

/// Settings of a batch apart from its work.
struct BatchSettings<'a> {
    /// Past participle of the work, for the summary.
    participle: &'static str,
    /// Name of the model in the summary.
    model: String,
    models: &'a ModelArgs,
    images: &'a ImageArgs,
    /// Maximum number of images in flight.
    max_in_flight: usize,
    /// Skips images with a complete, current result.
    resume: bool,
}

/// Orchestrators restart an interrupted share with the same arguments.
fn resumes(resume: Option<bool>, shard: Option<Shard>) -> bool {
    resume.unwrap_or(shard.is_some())
}

/// Returns the maximum number of images in flight.
fn max_in_flight(models: &ModelArgs, devices: usize) -> usize {
    if models.low_mem {
        devices
    } else {
        devices + DECODED_OR_WRITTEN
    }
}

fn run(runtime: &Runtime, engine: Engine, plan: BatchPlan, work: Work, settings: &BatchSettings<'_>) -> u8 {
    let total = plan.pairs.len();
    let batch = Arc::new(Batch {
        context: BatchContext {
            engine,
            codecs: CodecPool::new(parallelism::threads(settings.models).get()),
            max_forward_pixels: startup::max_forward_pixels(settings.models),
            limits: startup::image_limits(settings.images),
            encode: EncodeOptions {
                strip_metadata: settings.images.strip_metadata,
                threads: parallelism::threads(settings.models),
                ..EncodeOptions::default()
            },
            images: plan.images,
            output: plan.output,
        },
        work,
        resume: settings.resume,
    });
    let mut report = Report::new(settings.participle);
    let mut progress = BatchProgress::new(total);
    let interrupted = runtime.block_on(async {
        let shutdown_signal = shutdown::shutdown_signal();
        let work = async {
            let in_flight = settings.max_in_flight;
            let mut outcomes = std::pin::pin!(batch.process_all(plan.pairs, in_flight));
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
    eprintln!("iopaint: {total} {images}, model `{}`: {report}", settings.model);
    if interrupted {
        eprintln!("iopaint: interrupted; run again with --resume to continue");
        return INTERRUPTED;
    }
    report.exit_code()
}

fn start_engine(
    args: &ModelArgs,
    devices: &[Device],
    model: Option<String>,
    max_queue: usize,
) -> anyhow::Result<Engine> {
    let (registry, store) = startup::models(args.model_dir.as_deref())?;
    let options = EngineOptions {
        model,
        // One model for all images: the built-in model must not fill some while `lama` is downloaded.
        default_model: DefaultModel::DownloadFirst,
        max_queue,
        // A model that fills, and a plugin's.
        max_models: 2,
        local_files_only: args.local_files_only,
        download: DownloadOptions::default(),
        download_reporter: Arc::new(StderrReporter),
        ..EngineOptions::default()
    };
    let parallelism = Parallelism::single(args, devices);
    iopaint_engine::init_torch(startup::torch_settings(args, parallelism));
    let loaders = startup::loaders(args, devices, PluginDevices::default(), parallelism)?;
    Engine::start(registry, store, loaders, &options).map_err(error_advice::start_error)
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
