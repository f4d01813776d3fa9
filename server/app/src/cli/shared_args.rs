//! Flags that several subcommands share, and the parsers of their values.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use iopaint_engine::Precision;

use super::LIMITS;
use crate::files::FileSettings;

/// Flags of the model and its device.
#[derive(Args, Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "flags are independent switches")]
pub struct ModelArgs {
    /// Model to use. Default: `lama`, downloaded on first start; the built-in model serves until the download
    /// completes, or if it fails.
    #[arg(long, env = "IOPAINT_MODEL", default_value = "")]
    pub model: String,
    /// Folder of model files. Default: `$XDG_CACHE_HOME` or `~/.cache`.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
    /// Device that runs models: cpu, cuda or cuda:N. If the GPU is unavailable, the CPU is used, with a
    /// warning. Several GPUs, each with its own copy of the models: cuda:0,cuda:1 or cuda:all.
    #[arg(long, env = "IOPAINT_DEVICE", default_value = "cpu")]
    pub device: String,
    /// Reduces memory use: at most 2^20 pixels per forward pass and one loaded model. Larger regions run
    /// scaled down, which costs detail.
    #[arg(long, env = "IOPAINT_LOW_MEM")]
    pub low_mem: bool,
    /// Rewrites model graphs for speed on the CPU. Use `--no-optimize-graph` to run models unchanged, for
    /// example to compare results.
    #[arg(
        long,
        env = "IOPAINT_OPTIMIZE_GRAPH",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = parse_switch
    )]
    pub optimize_graph: bool,
    /// Number format in which LaMa and the built-in networks that fill holes multiply on the CPU: f32, or
    /// bf16, which is faster on processors with AMX and changes results slightly. Other processors use f32,
    /// with a warning.
    #[arg(long, env = "IOPAINT_PRECISION", default_value = "f32", value_parser = parse_precision)]
    pub precision: Precision,
    /// Allows TF32 on the GPU: multiplications round to 10 bits. `--no-tf32` is slower and more precise.
    #[arg(
        long,
        env = "IOPAINT_TF32",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = parse_switch
    )]
    pub tf32: bool,
    /// Maximum share of GPU memory to allocate, 0.05 to 1. Lower it if other programs use the GPU; regions
    /// that do not fit run scaled down.
    #[arg(long, env = "IOPAINT_GPU_MEMORY", default_value = "1", value_parser = parse_gpu_share, help_heading = LIMITS)]
    pub gpu_memory: f64,
    /// Disables downloads, for machines without internet access.
    #[arg(long, env = "IOPAINT_LOCAL_FILES_ONLY")]
    pub local_files_only: bool,
    /// Loads only model files with a known hash. TorchScript files can contain code: use it if others can
    /// write to the model folder.
    #[arg(long, env = "IOPAINT_STRICT_MODELS")]
    pub strict_models: bool,
    /// Number of CPU threads per forward pass. Default: the number of CPUs available to the process.
    #[arg(long, env = "IOPAINT_THREADS")]
    pub threads: Option<usize>,
    /// Maximum number of pixels per forward pass; larger regions run scaled down. A pixel needs up to 1.7 kB
    /// of memory.
    #[arg(
        long,
        env = "IOPAINT_MAX_FORWARD_PIXELS",
        default_value = "4194304",
        help_heading = LIMITS
    )]
    pub max_forward_pixels: u64,
}

/// Flags of input images and results.
#[derive(Args, Clone, Debug)]
pub struct ImageArgs {
    /// Maximum number of pixels of an image; larger ones are rejected before they are decoded.
    #[arg(long, env = "IOPAINT_MAX_PIXELS", default_value = "100000000", help_heading = LIMITS)]
    pub max_pixels: u64,
    /// Maximum side length of an image in pixels; larger ones are rejected before they are decoded.
    #[arg(long, env = "IOPAINT_MAX_SIDE", default_value = "32768", help_heading = LIMITS)]
    pub max_side: u32,
    /// Removes metadata from results, except for the colour profile.
    #[arg(long, env = "IOPAINT_STRIP_METADATA")]
    pub strip_metadata: bool,
}

/// Folders that clients may use.
#[derive(Args, Clone, Debug)]
pub struct FolderArgs {
    /// Image to open in the page, or folder of images for the file manager. A folder requires --output-dir.
    #[arg(long, env = "IOPAINT_INPUT")]
    pub input: Option<PathBuf>,
    /// Folder of masks for the file manager.
    #[arg(long, env = "IOPAINT_MASK_DIR")]
    pub mask_dir: Option<PathBuf>,
    /// Folder to save results to; created if it does not exist. Without it the server saves no results.
    #[arg(long, env = "IOPAINT_OUTPUT_DIR")]
    pub output_dir: Option<PathBuf>,
    /// Replaces a saved file of the same name. By default the new file gets a number: `photo-1.png`.
    #[arg(long, env = "IOPAINT_ALLOW_OVERWRITE")]
    pub allow_overwrite: bool,
}

impl FolderArgs {
    /// Returns the settings of the folders, with `thumbnail_cache_bytes` bytes for cached thumbnails.
    #[must_use]
    pub fn settings(&self, thumbnail_cache_bytes: u64) -> FileSettings {
        FileSettings {
            input: self.input.clone(),
            mask_dir: self.mask_dir.clone(),
            output_dir: self.output_dir.clone(),
            allow_overwrite: self.allow_overwrite,
            thumbnail_cache_bytes,
        }
    }
}

/// Parses a share of GPU memory, 0.05 to 1. CUDA's own libraries may fail to load in less than 0.05.
fn parse_gpu_share(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|share| (0.05..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0.05 to 1".to_owned())
}

/// Parses a number format of products.
fn parse_precision(text: &str) -> Result<Precision, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "f32" => Ok(Precision::F32),
        "bf16" => Ok(Precision::Bf16),
        _ => Err("expected f32 or bf16".to_owned()),
    }
}

/// Parses the value of a switch as environment variables hold it.
pub fn parse_switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}
