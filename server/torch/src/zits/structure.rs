//! The networks that predict edges and lines inside the hole.

use iopaint_imaging::opencv_resize::{area_mask, area_rgb, linear_rgb};
use iopaint_imaging::{Mask, RgbImage, Threshold};
use iopaint_inpaint::ForwardError;
use iopaint_vision::structure::{Line, canny, line_map};
use tch::{Kind, TchError, Tensor};

use super::network::{load_network, named, unchanged};
use crate::module::{Loading, Module, Outputs};
use crate::tensor::{download, forward_error, from_gray, from_mask, from_rgb};
use crate::{Device, Source, TorchScriptError};

/// Side in pixels of the images in which edges and lines are completed.
pub(super) const SIDE: u32 = 256;
/// Side in pixels of the image in which lines are found.
const WIREFRAME_SIDE: u32 = 512;
/// Mean and standard deviation of the colours in the training of the wireframe network, 0 to 255.
const WIREFRAME_MEAN: [f32; 3] = [109.730, 103.832, 98.681];
const WIREFRAME_DEVIATION: [f32; 3] = [22.275, 22.124, 23.229];
/// Colour of the hole in the wireframe network's input, 0 to 255.
const WIREFRAME_HOLE: f64 = 127.5;
/// Lines with a score of at most this one are dropped, 0 to 1.
const MIN_LINE_SCORE: f64 = 0.85;
/// Edges of at least this probability are drawn.
const MIN_EDGE: f64 = 0.25;
/// The offset and the factor of the lines' logits, which make lines more distinct.
const LINE_OFFSET: f64 = 0.05;
const LINE_FACTOR: f64 = 4.0;
/// The offset and the factor of the logits of an enlarged map.
const ENLARGED_OFFSET: f64 = 2.0;
const ENLARGED_FACTOR: f64 = 2.0;

/// Three TorchScript networks.
///
/// `wireframe(image [1, 3, 512, 512], normalized) -> {lines_pred [N, 4], lines_score [N], num_proposals}`: x
/// and y of both ends as shares of the sides, scores in 0..1, and a number, 0 if there are no lines.
/// `edge_line(image [1, 3, 256, 256] in -1..1, edges [1, 1, 256, 256], lines [1, 1, 256, 256], masks [1, 1,
/// 256, 256]) -> (edges, lines)`, logits. `structure_upsample(map [1, 1, H, W] in 0..1) -> [1, 1, 2 H, 2 W]`,
/// logits.
pub(super) struct StructureNetworks {
    pub wireframe: Module,
    pub edge_line: Module,
    pub structure_upsample: Module,
    pub device: Device,
}

impl StructureNetworks {
    /// Loads the networks in the order of the fields.
    ///
    /// # Errors
    /// A file can't be read as TorchScript.
    pub fn load(sources: [Source<'_>; 3], device: Device) -> Result<Self, TorchScriptError> {
        let [wireframe, edge_line, structure_upsample] = sources;
        Ok(Self {
            wireframe: load_network("wireframe", wireframe, unchanged(device))?,
            edge_line: load_network("edge-line", edge_line, unchanged(device))?,
            structure_upsample: load_network("structure-upsample", structure_upsample, Loading::on(device))?,
            device,
        })
    }

    /// Returns other handles of the networks on the CPU.
    pub fn share(&self) -> Option<Self> {
        Some(Self {
            wireframe: self.wireframe.share()?,
            edge_line: self.edge_line.share()?,
            structure_upsample: self.structure_upsample.share()?,
            device: self.device,
        })
    }

    /// Finds lines outside the hole.
    ///
    /// # Errors
    /// The network fails, as the published one does without a single corner, or its result isn't lines.
    pub fn find_lines(&mut self, image: &RgbImage, mask: &Mask) -> Result<Vec<Line>, ForwardError> {
        let input = self
            .wireframe_input(image, mask)
            .map_err(|error| forward_error(&error))?;
        let outputs = self.wireframe.forward_all(&mut [(None, input)]);
        named("wireframe", outputs.and_then(|outputs| certain_lines(&outputs)))
    }

    /// Returns the image with a gray hole, normalized.
    fn wireframe_input(&self, image: &RgbImage, mask: &Mask) -> Result<Tensor, TchError> {
        let device = self.device;
        let mask = area_mask(mask.as_coverage(), WIREFRAME_SIDE, WIREFRAME_SIDE);
        let mask = from_mask(&mask, Threshold::ANY, device)?;
        let known = mask.f_neg()?.f_add_scalar(1.0)?;
        let constant = |values: [f32; 3]| {
            Tensor::f_from_slice(&values)?
                .f_view([1, 3, 1, 1])?
                .f_to_device(device.to_tch())
        };
        // The division and the multiplication round as in IOPaint.
        from_rgb(&resized(image, WIREFRAME_SIDE), device)?
            .f_div_scalar(255.0)?
            .f_mul_scalar(255.0)?
            .f_mul(&known)?
            .f_add(&mask.f_mul_scalar(WIREFRAME_HOLE)?)?
            .f_sub(&constant(WIREFRAME_MEAN)?)?
            .f_div(&constant(WIREFRAME_DEVIATION)?)
    }

    /// Returns the edges and the lines of the image, completed inside the hole, in 0..1, `[1, 1, H, W]`.
    pub fn complete(
        &mut self,
        image: &RgbImage,
        mask: &Mask,
        lines: &[Line],
    ) -> Result<[Tensor; 2], ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let size = [image.height(), image.width()].map(i64::from);
        let [pixels, edges, lines, mask] = self.edge_line_inputs(image, mask, lines).map_err(failed)?;
        let mut inputs = [
            (None, pixels),
            (None, edges.shallow_clone()),
            (None, lines.shallow_clone()),
            (Some(c"masks"), mask.shallow_clone()),
        ];
        let outputs = self.edge_line.forward_all(&mut inputs);
        let [edge_logits, line_logits] = named("edge-line", outputs.and_then(two_maps))?;
        let edges = completed(&edges, &edge_logits.f_sigmoid().map_err(failed)?, &mask)
            .and_then(|edges| edges.f_ge(MIN_EDGE)?.f_to_kind(Kind::Float))
            .map_err(failed)?;
        let lines = sharpened(&line_logits, LINE_OFFSET, LINE_FACTOR)
            .and_then(|prediction| completed(&lines, &prediction, &mask))
            .map_err(failed)?;
        Ok([self.resized_map(edges, size)?, self.resized_map(lines, size)?])
    }

    /// Returns the image in -1..1, its edges, its lines and the mask at [`SIDE`] pixels; the first three are
    /// 0 in the hole.
    fn edge_line_inputs(
        &self,
        image: &RgbImage,
        mask: &Mask,
        lines: &[Line],
    ) -> Result<[Tensor; 4], TchError> {
        let device = self.device;
        let image = resized(image, SIDE);
        let mask = from_mask(&area_mask(mask.as_coverage(), SIDE, SIDE), Threshold::ANY, device)?;
        let known = mask.f_neg()?.f_add_scalar(1.0)?;
        let pixels = from_rgb(&image, device)?
            .f_div_scalar(255.0)?
            .f_sub_scalar(0.5)?
            .f_div_scalar(0.5)?;
        let edges = from_mask(canny(&image).as_coverage(), Threshold::ANY, device)?;
        let lines = from_gray(&line_map(lines, SIDE), device)?
            .f_to_kind(Kind::Float)?
            .f_div_scalar(255.0)?;
        Ok([
            pixels.f_mul(&known)?,
            edges.f_mul(&known)?,
            lines.f_mul(&known)?,
            mask,
        ])
    }

    /// Resizes a map to height and width in pixels. Enlarges it by the network until it is large enough.
    fn resized_map(&mut self, mut map: Tensor, size: [i64; 2]) -> Result<Tensor, ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let target = size[0].min(size[1]);
        while side(&map) < target {
            let enlarged = named(
                "structure-upsample",
                self.structure_upsample.forward(&mut [map.shallow_clone()]),
            )?;
            if side(&enlarged) <= side(&map) {
                let reason = format!(
                    "structure-upsample network: it returned a tensor of shape {:?} for one of {:?}",
                    enlarged.size(),
                    map.size()
                );
                return Err(ForwardError::Failed(reason));
            }
            map = sharpened(&enlarged, ENLARGED_OFFSET, ENLARGED_FACTOR).map_err(failed)?;
        }
        map.f_upsample_bilinear2d(size, false, None, None).map_err(failed)
    }
}

/// Returns the height of a map `[1, 1, H, W]`; 0 for other shapes.
fn side(map: &Tensor) -> i64 {
    match map.size().as_slice() {
        [1, 1, height, _] => *height,
        _ => 0,
    }
}

/// Resizes to a square of `side` pixels: by averaging if both sides shrink, else linearly.
fn resized(image: &RgbImage, side: u32) -> RgbImage {
    if image.width() > side && image.height() > side {
        area_rgb(image, side, side)
    } else {
        linear_rgb(image, side, side)
    }
}

/// Returns sigmoid((logits + offset) x factor).
fn sharpened(logits: &Tensor, offset: f64, factor: f64) -> Result<Tensor, TchError> {
    logits.f_add_scalar(offset)?.f_mul_scalar(factor)?.f_sigmoid()
}

/// Adds the prediction inside the hole to a map of the known pixels.
fn completed(known: &Tensor, prediction: &Tensor, mask: &Tensor) -> Result<Tensor, TchError> {
    known.f_add(&prediction.f_mul(mask)?)
}

/// Returns both results of the network that completes edges and lines.
fn two_maps(outputs: Outputs) -> Result<[Tensor; 2], ForwardError> {
    let is_map = |map: &Tensor| map.size() == [1, 1, i64::from(SIDE), i64::from(SIDE)];
    outputs
        .tuple::<2>()
        .filter(|maps| maps.iter().all(is_map))
        .ok_or_else(|| ForwardError::Failed(format!("it didn't return two maps of {SIDE}x{SIDE} pixels")))
}

/// Returns the lines of the wireframe network's result with a score above [`MIN_LINE_SCORE`].
fn certain_lines(outputs: &Outputs) -> Result<Vec<Line>, ForwardError> {
    let failed = |error: TchError| forward_error(&error);
    if let Some(count) = outputs.get("num_proposals")
        && count.numel() == 1
        && count.f_double_value(&[]).map_err(failed)? == 0.0
    {
        return Ok(Vec::new());
    }
    let values = |key: &str| {
        let missing = || ForwardError::Failed(format!("it didn't return a tensor {key}"));
        let tensor = outputs.get(key).ok_or_else(missing)?;
        download(&tensor.f_to_kind(Kind::Float).map_err(failed)?)
    };
    let (lines, scores) = (values("lines_pred")?, values("lines_score")?);
    let (ends, rest) = lines.values().as_chunks::<4>();
    if !rest.is_empty() || ends.len() != scores.values().len() {
        return Err(ForwardError::Failed(format!(
            "it returned lines of shape {:?} with scores of shape {:?}",
            lines.shape(),
            scores.shape()
        )));
    }
    Ok(ends
        .iter()
        .zip(scores.values())
        .filter(|(_, score)| f64::from(**score) > MIN_LINE_SCORE)
        .map(|(line, _)| *line)
        .collect())
}
