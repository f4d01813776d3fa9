//! The published configurations. Numbers of heads, window sizes and the blocks with global attention don't
//! follow from the tensors' shapes.

use crate::weights::{NetworkLoadError, Weights};

/// The supported architectures, for error messages.
pub(super) const ARCHITECTURES: &str = "SAM 2 (tiny, small, base_plus or large)";

/// Number of stages of the trunk. The sides of the feature map are halved from stage to stage, and the
/// numbers of channels and heads are doubled.
pub(super) const STAGES: usize = 4;

/// Ratio of the sides of the input to those of the first stage.
pub(super) const PATCH: usize = 4;

/// Ratio of the sides of the input to those of the coarse features.
const COARSE_STRIDE: usize = 16;

/// The properties of a network that are chosen by the trunk's shapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration {
    pub name: &'static str,
    /// Side of the input in pixels.
    pub image_side: usize,
    /// Channels of the first stage.
    pub channels: usize,
    /// Attention heads of the first stage.
    pub heads: usize,
    /// Blocks of each stage.
    pub blocks: [usize; STAGES],
    /// Sides of the attention windows of each stage.
    pub windows: [usize; STAGES],
    /// Indices of the blocks that attend to the whole feature map.
    pub global_blocks: &'static [usize],
}

/// The configurations of SAM 2 and SAM 2.1, which differ in the parts for videos alone.
pub(super) const PUBLISHED: &[Configuration] = &[
    Configuration {
        name: "tiny",
        image_side: 1024,
        channels: 96,
        heads: 1,
        blocks: [1, 2, 7, 2],
        windows: [8, 4, 14, 7],
        global_blocks: &[5, 7, 9],
    },
    Configuration {
        name: "small",
        image_side: 1024,
        channels: 96,
        heads: 1,
        blocks: [1, 2, 11, 2],
        windows: [8, 4, 14, 7],
        global_blocks: &[7, 10, 13],
    },
    Configuration {
        name: "base_plus",
        image_side: 1024,
        channels: 112,
        heads: 2,
        blocks: [2, 3, 16, 3],
        windows: [8, 4, 14, 7],
        global_blocks: &[12, 16, 20],
    },
    Configuration {
        name: "large",
        image_side: 1024,
        channels: 144,
        heads: 2,
        blocks: [2, 6, 36, 4],
        windows: [8, 4, 16, 8],
        global_blocks: &[23, 33, 43],
    },
];

impl Configuration {
    /// Returns the configuration of `known` with the trunk's channels and blocks.
    ///
    /// # Errors
    /// [`NetworkLoadError::Architecture`] if there is none.
    pub fn find(weights: &Weights<'_>, known: &[Self]) -> Result<Self, NetworkLoadError> {
        let unknown = NetworkLoadError::Architecture {
            expected: ARCHITECTURES,
        };
        let channels = weights
            .shape("image_encoder.trunk.patch_embed.proj.weight")
            .and_then(|shape| shape.first().copied());
        let depth = weights
            .names()
            .filter_map(block_index)
            .max()
            .map_or(0, |last| last + 1);
        let starts: Vec<usize> = (0..depth)
            .filter(|block| {
                weights
                    .shape(&format!("{}.proj.weight", block_name(*block)))
                    .is_some()
            })
            .collect();
        known
            .iter()
            .find(|known| {
                Some(known.channels) == channels && known.depth() == depth && known.starts() == *starts
            })
            .copied()
            .ok_or(unknown)
    }

    /// Returns the number of blocks.
    pub fn depth(&self) -> usize {
        self.blocks.iter().sum()
    }

    /// Returns the first blocks of all stages but the first.
    fn starts(&self) -> [usize; STAGES - 1] {
        let [first, second, third, _] = self.blocks;
        [first, first + second, first + second + third]
    }

    /// Returns the stage of a block, and true if the block is the first of another stage than the first.
    pub fn stage(&self, block: usize) -> (usize, bool) {
        let starts = self.starts();
        let stage = starts.iter().filter(|start| **start <= block).count();
        (stage, starts.contains(&block))
    }

    /// Returns the side of the attention windows of a block; `None` for global attention. The first block
    /// of a stage pools its queries and has the windows of the stage before.
    pub fn window(&self, block: usize) -> Option<usize> {
        let (stage, starts) = self.stage(block);
        let window = self
            .windows
            .get(stage.saturating_sub(usize::from(starts)))
            .copied();
        window.filter(|_| !self.global_blocks.contains(&block))
    }

    /// Returns the number of channels of a stage.
    pub fn channels(&self, stage: usize) -> usize {
        self.channels << stage
    }

    /// Returns the side of the grid of coarse features.
    pub fn grid(&self) -> usize {
        self.image_side / COARSE_STRIDE
    }
}

/// Returns the prefix of the names of a block's tensors.
pub(super) fn block_name(block: usize) -> String {
    format!("image_encoder.trunk.blocks.{block}")
}

/// Returns N of `image_encoder.trunk.blocks.N...`.
fn block_index(name: &str) -> Option<usize> {
    let rest = name.strip_prefix("image_encoder.trunk.blocks.")?;
    rest.split_once('.')?.0.parse().ok()
}
