//! Flags of the plugins.

use clap::{ArgAction, Args};
use iopaint_engine::PluginKind;

use super::shared_args::parse_switch;
use crate::plugins::PluginChoices;

/// Flags of the plugins. The switches of IOPaint that enable a plugin are accepted; the plugins are on by
/// default.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of an existing command line"
)]
pub struct PluginArgs {
    /// Enables the plugins: selecting objects and text, removing the background, upscaling. Use
    /// `--no-plugins` to disable them all.
    #[arg(
        long,
        env = "IOPAINT_PLUGINS",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = parse_switch
    )]
    pub plugins: bool,
    /// Disables a plugin: `InteractiveSeg`, `TextMask`, `RemoveBG`, `RealESRGAN`, `AnimeSeg`, `GFPGAN` or
    /// `RestoreFormer`. Repeatable.
    #[arg(
        long,
        env = "IOPAINT_DISABLE_PLUGIN",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub disable_plugin: Vec<String>,
    /// Model of the plugin that selects objects. Default: `u2netp`, which is built in.
    #[arg(long, env = "IOPAINT_INTERACTIVE_SEG_MODEL", value_name = "MODEL")]
    pub interactive_seg_model: Option<String>,
    /// Model of the plugin that removes the background. Default: `u2netp`, which is built in.
    #[arg(long, env = "IOPAINT_REMOVE_BG_MODEL", value_name = "MODEL")]
    pub remove_bg_model: Option<String>,
    /// Model of the plugin that enlarges images. Default: `realesr-animevideov3`, which is built in.
    #[arg(long, env = "IOPAINT_REALESRGAN_MODEL", value_name = "MODEL")]
    pub realesrgan_model: Option<String>,
    /// Device of the networks that select objects and remove the background: cpu, cuda or cuda:N. Default:
    /// that of `--device`.
    #[arg(long, env = "IOPAINT_INTERACTIVE_SEG_DEVICE", value_name = "DEVICE")]
    pub interactive_seg_device: Option<String>,
    /// The same as `--interactive-seg-device`, and has priority over it.
    #[arg(long, env = "IOPAINT_REMOVE_BG_DEVICE", value_name = "DEVICE")]
    pub remove_bg_device: Option<String>,
    /// Device of the networks that enlarge images. Default: that of `--device`.
    #[arg(long, env = "IOPAINT_REALESRGAN_DEVICE", value_name = "DEVICE")]
    pub realesrgan_device: Option<String>,
    /// Enables `AnimeSeg`, which removes the background of drawn characters. It needs the model `isnetis`,
    /// and is on without the flag if the model is on disk.
    #[arg(long, env = "IOPAINT_ENABLE_ANIME_SEG")]
    pub enable_anime_seg: bool,
    /// Enables `GFPGAN`, which restores faces. It needs the model `GFPGANv1.4`, and is on without the flag if
    /// the model is on disk.
    #[arg(long, env = "IOPAINT_ENABLE_GFPGAN")]
    pub enable_gfpgan: bool,
    /// Device of the networks of `GFPGAN`. Default: that of `--device`.
    #[arg(long, env = "IOPAINT_GFPGAN_DEVICE", value_name = "DEVICE")]
    pub gfpgan_device: Option<String>,
    /// Enables `RestoreFormer`, which restores faces too. It needs the model `RestoreFormer`, and is on
    /// without the flag if the model is on disk.
    #[arg(long, env = "IOPAINT_ENABLE_RESTOREFORMER")]
    pub enable_restoreformer: bool,
    /// Device of the networks of `RestoreFormer`. Default: that of `--device`.
    #[arg(long, env = "IOPAINT_RESTOREFORMER_DEVICE", value_name = "DEVICE")]
    pub restoreformer_device: Option<String>,
    /// Accepted for IOPaint's scripts; the plugin is on by default.
    #[arg(long, env = "IOPAINT_ENABLE_INTERACTIVE_SEG", hide = true)]
    pub enable_interactive_seg: bool,
    /// Accepted for IOPaint's scripts; the plugin is on by default.
    #[arg(long, env = "IOPAINT_ENABLE_REMOVE_BG", hide = true)]
    pub enable_remove_bg: bool,
    /// Lets `RealESRGAN` repaint the whole image when `GFPGAN` or `RestoreFormer` restores faces. Without the
    /// flag, pixels outside the faces are kept. The plugin itself is on by default.
    #[arg(long, env = "IOPAINT_ENABLE_REALESRGAN")]
    pub enable_realesrgan: bool,
}

impl PluginArgs {
    /// Returns the plugins and models to use.
    #[must_use]
    pub fn choices(&self) -> PluginChoices {
        let models = [
            (PluginKind::Select, &self.interactive_seg_model),
            (PluginKind::RemoveBackground, &self.remove_bg_model),
            (PluginKind::Upscale, &self.realesrgan_model),
        ];
        let enabled = [
            (PluginKind::AnimeSeg, self.enable_anime_seg),
            (PluginKind::RestoreFaces, self.enable_gfpgan),
            (PluginKind::RestoreFormer, self.enable_restoreformer),
        ];
        PluginChoices {
            none: !self.plugins,
            disabled: self.disable_plugin.iter().cloned().collect(),
            enabled: enabled
                .into_iter()
                .filter_map(|(kind, on)| on.then_some(kind))
                .collect(),
            models: models
                .into_iter()
                .filter_map(|(kind, model)| Some((kind, model.clone()?)))
                .collect(),
            repaint_background: self.enable_realesrgan,
        }
    }
}
