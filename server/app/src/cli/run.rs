//! Flags of `iopaint run`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{ModelFlags, PictureFlags, switch};
use crate::run::Shard;

/// Shown below the flags.
pub const EXIT_CODES: &str = "Exit codes: 0 all is done (pictures without a mask aside), 1 nothing could be done, \
                              2 wrong flags, 3 some pictures failed, 130 interrupted.";

/// Flags of `iopaint run`. Each but `--config` is also read from `IOPAINT_<FLAG>`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct Run {
    /// A picture, or a folder of pictures.
    #[arg(long, env = "IOPAINT_IMAGE")]
    pub image: PathBuf,
    /// A mask for all pictures, or a folder of masks that are called as the pictures are (`photo.jpg`, `photo.png`).
    /// Brighter than the middle is filled. A mask of another size is scaled.
    #[arg(long, env = "IOPAINT_MASK")]
    pub mask: PathBuf,
    /// Folder for the results, which are called `<picture>.png`; made if it isn't there.
    #[arg(long, env = "IOPAINT_OUTPUT")]
    pub output: PathBuf,
    /// A JSON file with fields of the inpaint request, such as `{"hd_strategy": "Resize"}`.
    // IOPAINT_CONFIG is `start`'s, whose file has other keys.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Writes picture, mask and result side by side.
    #[arg(long, env = "IOPAINT_CONCAT")]
    pub concat: bool,
    /// Works on one share of the pictures: INDEX/COUNT, from 0/4 to 3/4. Implies --resume.
    #[arg(long, env = "IOPAINT_SHARD", value_name = "INDEX/COUNT")]
    pub shard: Option<Shard>,
    /// Passes over pictures whose result is there, whole, and not older than picture and mask. `--no-resume` makes
    /// all anew.
    #[arg(long, env = "IOPAINT_RESUME", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub resume: Option<bool>,
    /// Which model runs, and where.
    #[command(flatten)]
    pub models: ModelFlags,
    /// Which pictures are taken, and how results are written.
    #[command(flatten)]
    pub pictures: PictureFlags,
}
