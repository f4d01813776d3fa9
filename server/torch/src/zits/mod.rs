//! ZITS (Dong et al. 2022, "Incremental Transformer Structure Enhanced Image Inpainting with Masking
//! Positional Encoding"): a network that inpaints along edges and lines, which others predict for the hole.

mod network;
mod structure;
#[cfg(test)]
mod tests;

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};
use iopaint_vision::structure::{Line, PositionEncoding};
use tch::{Kind, TchError, Tensor};

use crate::module::Module;
use crate::tensor::{forward_error, from_mask, from_rgb, to_rgb};
use crate::{Device, Source, TorchScriptError};
use network::{load_network, named, unchanged};
use structure::StructureNetworks;

/// The smallest image, in pixels, whose structure is enlarged.
const MIN_ENLARGED_SIDE: u32 = structure::SIDE + 1;

/// Four TorchScript networks, for square images.
///
/// `inpaint(image [1, 3, H, W] in 0..1, mask [1, 1, H, W] of 0 and 1 (1 = hole), edges [1, 1, H, W] in 0..1,
/// lines [1, 1, H, W] in 0..1, distances [1, H, W], directions [1, H, W, 4]) -> [1, 3, H, W] in 0..1`; the
/// last two inputs are int64, see [`PositionEncoding`]. [`StructureNetworks`] has the other networks.
pub struct ZitsModel {
    structure: StructureNetworks,
    inpaint: Module,
    device: Device,
    padding: Padding,
}

impl ZitsModel {
    /// Loads and freezes the networks and runs them on a small drawing. `sources`: the networks that find
    /// lines, complete edges and lines, enlarge them, and inpaint.
    ///
    /// # Errors
    /// A file can't be read as TorchScript, or a network doesn't return what its successor takes.
    pub fn load(
        sources: [Source<'_>; 4],
        device: Device,
        padding: Padding,
    ) -> Result<Self, TorchScriptError> {
        let [wireframe, edge_line, structure_upsample, inpaint] = sources;
        let mut model = Self {
            structure: StructureNetworks::load([wireframe, edge_line, structure_upsample], device)?,
            inpaint: load_network("inpaint", inpaint, unchanged(device))?,
            device,
            padding,
        };
        let side = padding
            .min_size
            .max(MIN_ENLARGED_SIDE)
            .next_multiple_of(padding.modulo.max(1));
        let (drawing, mask) = (nested_squares(side), square_hole(side));
        model
            .structure
            .find_lines(&drawing, &mask)
            .and_then(|lines| model.fill(&drawing, &mask, Some(&lines)))
            .map_err(|error| TorchScriptError::Contract(error.to_string()))?;
        Ok(model)
    }

    /// Fills the hole along the edges and the `lines`; `None`: without them.
    fn fill(
        &mut self,
        image: &RgbImage,
        mask: &Mask,
        lines: Option<&[Line]>,
    ) -> Result<RgbImage, ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let pixels = from_rgb(image, self.device)
            .and_then(|pixels| pixels.f_div_scalar(255.0))
            .map_err(failed)?;
        let hole = from_mask(mask.as_coverage(), Threshold::ANY, self.device).map_err(failed)?;
        let [edges, lines] = if let Some(lines) = lines {
            self.structure.complete(image, mask, lines)?
        } else {
            let zeros = hole.f_zeros_like().map_err(failed)?;
            [zeros.shallow_clone(), zeros]
        };
        let [distances, directions] = positions(mask, self.device).map_err(failed)?;
        let mut inputs = [pixels, hole, edges, lines, distances, directions];
        let output = named("inpaint", self.inpaint.forward(&mut inputs))?;
        let pixels = output.f_mul_scalar(255.0).map_err(failed)?;
        to_rgb(&pixels, image.width(), image.height())
    }
}

/// Returns the position encoding of a mask: distances `[1, H, W]` and directions `[1, H, W, 4]`, int64.
fn positions(mask: &Mask, device: Device) -> Result<[Tensor; 2], TchError> {
    let encoding = PositionEncoding::new(mask);
    let [height, width] = [mask.height(), mask.width()].map(i64::from);
    let upload = |values: &[u8], shape: &[i64]| {
        Tensor::f_from_slice(values)?
            .f_view(shape)?
            .f_to_device(device.to_tch())?
            .f_to_kind(Kind::Int64)
    };
    Ok([
        upload(&encoding.distances, &[1, height, width])?,
        upload(encoding.directions.as_flattened(), &[1, height, width, 4])?,
    ])
}

/// Returns black and white squares inside each other, in which lines and corners can be found.
fn nested_squares(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let to_border = x.min(y).min(side - 1 - x).min(side - 1 - y);
        let is_white = to_border * 8 / side % 2 == 1;
        [if is_white { 255 } else { 0 }; 3].into()
    })
}

/// Returns a mask with a hole in the middle.
fn square_hole(side: u32) -> Mask {
    let middle = side * 2 / 5..side * 3 / 5;
    Mask::from_fn(side, side, |x, y| middle.contains(&x) && middle.contains(&y))
}

impl Inpainter for ZitsModel {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self {
            structure: self.structure.share()?,
            inpaint: self.inpaint.share()?,
            ..*self
        }))
    }

    fn padding(&self) -> Padding {
        self.padding
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let mask = mask.clone().binarized(Threshold::ZITS);
        if !context.options.zits.wireframe {
            return self.fill(image, &mask, None);
        }
        let lines = match self.structure.find_lines(image, &mask) {
            // The published network fails on images without a single corner.
            Err(ForwardError::Failed(reason)) => {
                tracing::debug!(reason, "No lines were found");
                Vec::new()
            }
            lines => lines?,
        };
        self.fill(image, &mask, Some(&lines))
    }
}
