//! Flags of `iopaint cutout` and `iopaint upscale`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::Shard;
use super::shared_args::{ImageArgs, ModelArgs, parse_switch};

/// Flags that `iopaint cutout` and `iopaint upscale` share. Each one is also read from `IOPAINT_<FLAG>`.
#[derive(Args, Clone, Debug)]
pub struct PluginRunArgs {
    /// Image, or folder of images.
    #[arg(long, env = "IOPAINT_IMAGE")]
    pub image: PathBuf,
    /// Folder for the results, named `<stem>.png`; created if it does not exist.
    #[arg(long, env = "IOPAINT_OUTPUT")]
    pub output: PathBuf,
    /// Processes one share of the images, INDEX from 0 to COUNT - 1: `0/4` to `3/4` split a folder between
    /// four machines. Implies --resume.
    #[arg(long, env = "IOPAINT_SHARD", value_name = "INDEX/COUNT")]
    pub shard: Option<Shard>,
    /// Skips images with a complete result that is not older than the image. Use `--no-resume` to process all
    /// images again, for example after changing the model.
    #[arg(long, env = "IOPAINT_RESUME", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_switch, action = ArgAction::Set)]
    pub resume: Option<bool>,
    /// Flags of the model and its device.
    #[command(flatten)]
    pub models: ModelArgs,
    /// Flags of input images and results.
    #[command(flatten)]
    pub images: ImageArgs,
}

/// Flags of `iopaint cutout`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct CutoutArgs {
    /// Shared flags.
    #[command(flatten)]
    pub run: PluginRunArgs,
}

/// Flags of `iopaint upscale`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct UpscaleArgs {
    /// Factor of both sides, above 0 and at most 4.
    #[arg(long, env = "IOPAINT_SCALE", default_value = "2", value_parser = parse_scale)]
    pub scale: f64,
    /// Shared flags.
    #[command(flatten)]
    pub run: PluginRunArgs,
}

fn parse_scale(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|scale| *scale > 0.0 && *scale <= 4.0)
        .ok_or_else(|| "expected a number above 0 and at most 4".to_owned())
}
