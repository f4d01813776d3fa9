//! Flags of `iopaint run`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args};

use super::Shard;
use super::shared_args::{ImageArgs, ModelArgs, parse_switch};
use crate::request::{MAX_DILATE, MAX_FEATHER};

/// Text below the flags in `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 success (images without a mask are not an error), 1 no image was \
                              processed, 2 invalid flags, 3 some images failed, 130 interrupted.";

/// Source of the masks of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaskArg {
    /// A mask for all images, or a folder of masks.
    Path(PathBuf),
    /// Masks that the program detects.
    Auto(AutoMask),
}

/// The content that a detected mask covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoMask {
    /// Text.
    Text,
    /// The main object.
    Object,
    /// Everything but the main object.
    Background,
}

impl FromStr for MaskArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.strip_prefix("auto:") {
            None => Self::Path(text.into()),
            Some("text") => Self::Auto(AutoMask::Text),
            Some("object") => Self::Auto(AutoMask::Object),
            Some("background") => Self::Auto(AutoMask::Background),
            Some(_) => return Err("expected auto:text, auto:object or auto:background, or a path".to_owned()),
        })
    }
}

/// Flags of `iopaint run`. Each one except `--config` is also read from `IOPAINT_<FLAG>`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct RunArgs {
    /// Image, or folder of images.
    #[arg(long, env = "IOPAINT_IMAGE")]
    pub image: PathBuf,
    /// Mask for all images, or folder of masks with the names of the images (`photo.png` for `photo.jpg`).
    /// Mask pixels of 127 or brighter are filled. A mask of another size is scaled to the image. Detected
    /// masks need no files: auto:text, auto:object (the main object) or auto:background.
    #[arg(long, env = "IOPAINT_MASK", value_name = "MASK")]
    pub mask: MaskArg,
    /// Folder for the masks that --mask auto:... detects, named as the results; created if it does not exist.
    #[arg(long, env = "IOPAINT_WRITE_MASKS", value_name = "DIR")]
    pub write_masks: Option<PathBuf>,
    /// Folder for the results, named `<stem>.png` unless --keep-format is set; created if it does not exist.
    #[arg(long, env = "IOPAINT_OUTPUT")]
    pub output: PathBuf,
    /// JSON file with fields of the inpaint request, for example `{"hd_strategy": "Resize"}`.
    // IOPAINT_CONFIG belongs to `start`, whose file has other keys.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Extends masks over the rest of letters, scratches and wires that they mostly cover. Same as
    /// `cover_strokes` in --config.
    #[arg(long, env = "IOPAINT_COVER_STROKES")]
    pub cover_strokes: bool,
    /// Radius in pixels by which masks are dilated, 0 to 64. Replaces `dilate` in --config.
    #[arg(long, env = "IOPAINT_DILATE", value_name = "PIXELS", value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_DILATE)))]
    pub dilate: Option<u8>,
    /// Width in pixels of the band inside the mask in which the original changes gradually into the filling,
    /// 0 to 32. Replaces `feather` in --config.
    #[arg(long, env = "IOPAINT_FEATHER", value_name = "PIXELS", value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_FEATHER)))]
    pub feather: Option<u8>,
    /// Writes image, mask and result side by side, for visual comparison.
    #[arg(long, env = "IOPAINT_CONCAT")]
    pub concat: bool,
    /// Writes each result in the format and with the name of its image; GIF becomes PNG. A JPEG keeps its
    /// quality: only blocks of pixels with filled parts are encoded again.
    #[arg(long, env = "IOPAINT_KEEP_FORMAT", conflicts_with = "concat")]
    pub keep_format: bool,
    /// Processes one share of the images, INDEX from 0 to COUNT - 1: `0/4` to `3/4` split a folder between
    /// four machines. Implies --resume.
    #[arg(long, env = "IOPAINT_SHARD", value_name = "INDEX/COUNT")]
    pub shard: Option<Shard>,
    /// Skips images with a complete result that is not older than image and mask. Use `--no-resume` to
    /// process all images again, for example after changing the model.
    #[arg(long, env = "IOPAINT_RESUME", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_switch, action = ArgAction::Set)]
    pub resume: Option<bool>,
    /// Flags of the model and its device.
    #[command(flatten)]
    pub models: ModelArgs,
    /// Flags of input images and results.
    #[command(flatten)]
    pub images: ImageArgs,
}
