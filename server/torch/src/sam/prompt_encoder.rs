//! The prompt encoder of SAM and SAM 2: clicks and boxes as tokens, by random Fourier features of their
//! positions (Tancik et al. 2020, "Fourier Features Let Networks Learn High Frequency Functions in Low
//! Dimensional Domains").

use std::f64::consts::TAU;

use iopaint_vision::selection::PromptPoint;
use tch::{TchError, Tensor};

use super::layers::length;
use crate::weights::{NetworkLoadError, Weights};

/// Kinds of points: outside and inside of the object, upper left and lower right corner of a box.
const POINT_KINDS: usize = 4;

/// The prompts that end with a token of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointsEnd {
    /// Points without a box.
    WithoutBox,
    /// All points.
    Always,
}

pub(crate) struct PromptEncoder {
    /// Frequencies, `[2, C / 2]`.
    frequencies: Tensor,
    /// A token `[1, C]` per kind of point.
    points: [Tensor; POINT_KINDS],
    /// The token that ends a list of points.
    end: Tensor,
    points_end: PointsEnd,
    /// Added to the image's features without a mask, `[1, C]`.
    pub no_mask: Tensor,
    /// Channels of the tokens.
    pub channels: usize,
}

impl PromptEncoder {
    /// Takes the weights named `NAME.*`.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        points_end: PointsEnd,
    ) -> Result<Self, NetworkLoadError> {
        let frequencies_name = format!("{name}.pe_layer.positional_encoding_gaussian_matrix");
        let half = length(weights, &frequencies_name, 2, 1)?;
        let channels = 2 * half;
        let mut token = |key: &str| weights.take(&format!("{name}.{key}.weight"), &[1, channels]);
        let points = [
            token("point_embeddings.0")?,
            token("point_embeddings.1")?,
            token("point_embeddings.2")?,
            token("point_embeddings.3")?,
        ];
        let (end, no_mask) = (token("not_a_point_embed")?, token("no_mask_embed")?);
        skip_masks(weights, name, channels)?;
        Ok(Self {
            frequencies: weights.take(&frequencies_name, &[2, half])?,
            points,
            end,
            points_end,
            no_mask,
            channels,
        })
    }

    /// Returns the encoding `[1, side * side, C]` of the cells of a grid over the input.
    pub fn grid(&self, side: usize) -> Result<Tensor, TchError> {
        let centre = |cell: usize| (cell as f32 + 0.5) / side as f32;
        let positions: Vec<f32> = (0..side * side)
            .flat_map(|cell| [centre(cell % side), centre(cell / side)])
            .collect();
        self.encode(&positions)
    }

    /// Returns the tokens `[1, N, C]` of points and of a box in an input of `side` x `side` pixels.
    pub fn forward(
        &self,
        points: &[PromptPoint],
        area: Option<[f32; 4]>,
        side: usize,
    ) -> Result<Tensor, TchError> {
        // The centres of pixels, relative to the input.
        let relative = |position: f32| (position + 0.5) / side as f32;
        let corners = area.map(|[left, top, right, bottom]| [(left, top), (right, bottom)]);
        let [outside, inside, first, second] = &self.points;
        let clicks = points
            .iter()
            .map(|point| ((point.x, point.y), if point.positive { inside } else { outside }));
        let corners = corners
            .into_iter()
            .flat_map(|[start, end]| [(start, first), (end, second)]);
        let (positions, mut kinds): (Vec<_>, Vec<_>) = clicks.chain(corners).unzip();
        let positions: Vec<f32> = positions
            .into_iter()
            .flat_map(|(x, y)| [relative(x), relative(y)])
            .collect();
        let mut encoded = vec![self.encode(&positions)?];
        if area.is_none() || self.points_end == PointsEnd::Always {
            let zeros = self.end.f_zeros_like()?.f_unsqueeze(0)?;
            encoded.push(zeros);
            kinds.push(&self.end);
        }
        Tensor::f_cat(&encoded, 1)?.f_add(&Tensor::f_cat(&kinds, 0)?)
    }

    /// Encodes N positions (x, y), 0 to 1 within the input, to `[1, N, C]`.
    fn encode(&self, positions: &[f32]) -> Result<Tensor, TchError> {
        let phases = Tensor::f_from_slice(positions)?
            .f_view([1, -1, 2])?
            .f_to_device(self.frequencies.device())?
            .f_mul_scalar(2.0)?
            .f_sub_scalar(1.0)?
            .f_matmul(&self.frequencies)?
            .f_mul_scalar(TAU)?;
        Tensor::f_cat(&[phases.f_sin()?, phases.f_cos()?], -1)
    }
}

/// The encoder of masks is a part of the files, but masks aren't prompts here.
fn skip_masks(weights: &mut Weights<'_>, name: &str, channels: usize) -> Result<(), NetworkLoadError> {
    let name = format!("{name}.mask_downscaling");
    let few = length(weights, &format!("{name}.0.weight"), 4, 0)?;
    let many = length(weights, &format!("{name}.3.weight"), 4, 0)?;
    for (index, shape) in [
        (0, vec![few, 1, 2, 2]),
        (1, vec![few]),
        (3, vec![many, few, 2, 2]),
        (4, vec![many]),
        (6, vec![channels, many, 1, 1]),
    ] {
        weights.skip(&format!("{name}.{index}.weight"), &shape)?;
        weights.skip(&format!("{name}.{index}.bias"), &shape[..1])?;
    }
    Ok(())
}
