//! Embeddings of positions, points and boxes (Kirillov et al. 2023, "Segment Anything", appendix A).

use std::f64::consts::TAU;

use iopaint_vision::selection::Click;
use tch::{TchError, Tensor};

use super::layers::Parts;
use crate::weights::NetworkLoadError;

const NAME: &str = "sam_prompt_encoder";

/// Rows of the table of point types, in the file's order, then the padding.
const NEGATIVE: i64 = 0;
const POSITIVE: i64 = 1;
const TOP_LEFT: i64 = 2;
const BOTTOM_RIGHT: i64 = 3;
const PADDING: i64 = 4;

/// The embedding of prompts.
pub(super) struct PromptEncoder {
    /// Random frequencies of positions, `[2, C / 2]`.
    frequencies: Tensor,
    /// Embeddings of the types of points, `[5, C]`.
    types: Tensor,
    /// Added to every cell of an image embedding without a mask as a prompt, `[1, C]`.
    pub no_mask: Tensor,
    channels: i64,
    /// Side of the input image in pixels.
    image_side: f32,
}

impl PromptEncoder {
    pub fn take(
        parts: &mut Parts<'_, '_>,
        channels: usize,
        image_side: usize,
    ) -> Result<Self, NetworkLoadError> {
        let mut types = Vec::new();
        for index in 0..PADDING {
            types.push(parts.take(&format!("{NAME}.point_embeddings.{index}.weight"), &[1, channels])?);
        }
        types.push(parts.take(&format!("{NAME}.not_a_point_embed.weight"), &[1, channels])?);
        let frequencies = format!("{NAME}.pe_layer.positional_encoding_gaussian_matrix");
        Ok(Self {
            frequencies: parts.take(&frequencies, &[2, channels / 2])?,
            types: Tensor::f_cat(&types, 0)?,
            no_mask: parts.take(&format!("{NAME}.no_mask_embed.weight"), &[1, channels])?,
            channels: channels as i64,
            image_side: image_side as f32,
        })
    }

    /// Returns the embeddings `[1, cells * cells, C]` of the centres of a grid's cells.
    pub fn grid(&self, cells: usize) -> Result<Tensor, TchError> {
        let centre = |index: usize| (index as f32 + 0.5) / cells as f32;
        let centres: Vec<[f32; 2]> = (0..cells * cells)
            .map(|cell| [centre(cell % cells), centre(cell / cells)])
            .collect();
        self.positions(&centres)?.f_unsqueeze(0)
    }

    /// Returns the embeddings `[1, N, C]` of clicks and a box (left, top, right, bottom) in an image of
    /// `size` pixels.
    pub fn prompts(
        &self,
        clicks: &[Click],
        area: Option<[f32; 4]>,
        (width, height): (u32, u32),
    ) -> Result<Tensor, TchError> {
        let scale = |value: f32, side: u32| {
            let pixel = value / side as f32 * self.image_side;
            (pixel + 0.5) / self.image_side
        };
        let position = |x: f32, y: f32| [scale(x, width), scale(y, height)];
        let mut positions = Vec::new();
        let mut types = Vec::new();
        if let Some([left, top, right, bottom]) = area {
            positions.extend([position(left, top), position(right, bottom)]);
            types.extend([TOP_LEFT, BOTTOM_RIGHT]);
        }
        for click in clicks {
            positions.push(position(click.x as f32, click.y as f32));
            types.push(if click.positive { POSITIVE } else { NEGATIVE });
        }
        // The padding has a type and no position.
        types.push(PADDING);
        let positions = self.positions(&positions)?.f_constant_pad_nd([0, 0, 0, 1])?;
        let types = Tensor::f_from_slice(&types)?.f_to_device(self.types.device())?;
        positions
            .f_add(&self.types.f_index_select(0, &types)?)?
            .f_unsqueeze(0)
    }

    /// Returns the embeddings `[N, C]` of positions (x, y) in 0..1: sines and cosines of random projections.
    fn positions(&self, positions: &[[f32; 2]]) -> Result<Tensor, TchError> {
        let projections = Tensor::f_from_slice(positions.as_flattened())?
            .f_view([-1, 2])?
            .f_to_device(self.frequencies.device())?
            .f_mul_scalar(2.0)?
            .f_sub_scalar(1.0)?
            .f_matmul(&self.frequencies)?
            .f_mul_scalar(TAU)?;
        Tensor::f_cat(&[projections.f_sin()?, projections.f_cos()?], -1)?.f_view([-1, self.channels])
    }
}
