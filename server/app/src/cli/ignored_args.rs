//! Flags of IOPaint that have no effect on this server.

use clap::Args;

/// Flags of IOPaint that are accepted and ignored.
#[expect(missing_docs, reason = "named as in IOPaint; hidden, with a warning on use")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of an existing command line"
)]
#[derive(Args, Clone, Debug)]
pub struct IgnoredArgs {
    #[arg(long, env = "IOPAINT_NO_HALF", hide = true)]
    pub no_half: bool,
    #[arg(long, env = "IOPAINT_CPU_OFFLOAD", hide = true)]
    pub cpu_offload: bool,
    #[arg(long, env = "IOPAINT_DISABLE_NSFW_CHECKER", hide = true)]
    pub disable_nsfw_checker: bool,
    #[arg(long, env = "IOPAINT_CPU_TEXTENCODER", hide = true)]
    pub cpu_textencoder: bool,
}

impl IgnoredArgs {
    /// Returns the ids of these flags as in clap (`no_half`).
    #[must_use]
    pub fn ids() -> Vec<String> {
        Self::augment_args(clap::Command::new("ignored"))
            .get_arguments()
            .map(|argument| argument.get_id().to_string())
            .collect()
    }
}
