//! Restoration of faces: detection, alignment, restoration by a network, and composition.
//!
//! Constants and rounding follow `IOPaint` 1.6.0's plugins.

mod alignment;
mod detection;
mod mask;
mod networks;
mod warp;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};

use crate::Tensor;
use crate::network::FaceStages;
use alignment::{Affine, SIDE, inverse, similarity};
use mask::{CLASSES, soft_mask};
pub use networks::FaceNetworks;
use networks::single_output;
use warp::{Position, bounds, warp};

/// Colour around the image in an aligned face, RGB: the mean of the training images.
const BORDER: [u8; 3] = [132, 133, 135];

/// Restores every face of `image`, blends them into `canvas`, and returns their number. `canvas` is the image
/// or another version of it, of the same size; its pixels outside the faces are kept.
///
/// Faces are detected in the image reduced to `max_detection_pixels` pixels if it is larger. `monitor.crop`
/// is called before each face and after the last one.
///
/// # Errors
/// A network's error, [`ForwardError::Stopped`] if the monitor stops the run, and [`ForwardError::Failed`]
/// for outputs or a canvas of the wrong shape.
pub fn restore_faces(
    networks: &mut FaceStages<'_>,
    image: &RgbImage,
    canvas: &mut RgbImage,
    max_detection_pixels: u64,
    monitor: &dyn Monitor,
) -> Result<usize, ForwardError> {
    if canvas.dimensions() != image.dimensions() {
        return Err(ForwardError::Failed(String::from(
            "the background does not have the image's size",
        )));
    }
    let faces = detection::detect(networks.detector, image, max_detection_pixels)?;
    let matrices: Vec<(Affine, Affine)> = faces
        .iter()
        .filter_map(similarity)
        .filter_map(|matrix| Some((matrix, inverse(&matrix)?)))
        .collect();
    let stopped = |index| match monitor.crop(index, matrices.len()) {
        std::ops::ControlFlow::Continue(()) => Ok(()),
        std::ops::ControlFlow::Break(stop) => Err(ForwardError::Stopped(stop)),
    };
    for (index, (matrix, inverse)) in matrices.iter().enumerate() {
        stopped(index)?;
        // All faces are those of the image, even where they overlap.
        let face = warp(image, inverse, SIDE, BORDER);
        let restored = restore(networks, &face)?;
        let mask = parse(networks, &restored)?;
        paste(canvas, &restored, &mask, matrix, inverse);
    }
    stopped(matrices.len())?;
    Ok(matrices.len())
}

/// Returns the restored aligned face.
fn restore(networks: &mut FaceStages<'_>, face: &RgbImage) -> Result<RgbImage, ForwardError> {
    let side = SIDE as usize;
    let shape = [Some(1), Some(3), Some(side), Some(side)];
    let output = single_output(networks.restorer, normalized(face)?, shape)?;
    let plane = side * side;
    Ok(RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let index = y as usize * side + x as usize;
        let value = |channel: usize| {
            let value = output[channel * plane + index].clamp(-1.0, 1.0);
            ((value + 1.0) * 127.5).round_ties_even() as u8
        };
        [value(0), value(1), value(2)].into()
    }))
}

/// Returns the mask of an aligned face in 0..1.
fn parse(networks: &mut FaceStages<'_>, face: &RgbImage) -> Result<Vec<f32>, ForwardError> {
    let side = SIDE as usize;
    let shape = [Some(1), Some(CLASSES), Some(side), Some(side)];
    let logits = single_output(networks.parser, normalized(face)?, shape)?;
    Ok(soft_mask(&logits))
}

/// Returns an aligned face as `[1, 3, SIDE, SIDE]` in -1..1.
fn normalized(face: &RgbImage) -> Result<Tensor, ForwardError> {
    let side = SIDE as usize;
    let plane = side * side;
    let mut values = vec![0.0; 3 * plane];
    for (index, pixel) in face.pixels().enumerate() {
        for (channel, value) in pixel.0.iter().enumerate() {
            values[channel * plane + index] = (f32::from(*value) / 255.0 - 0.5) / 0.5;
        }
    }
    Tensor::new(vec![1, 3, side, side], values).map_err(|error| ForwardError::Failed(error.to_string()))
}

/// Blends an aligned face into `image`. `matrix` maps the image to the aligned face.
fn paste(image: &mut RgbImage, face: &RgbImage, mask: &[f32], matrix: &Affine, inverse: &Affine) {
    let (columns, rows) = bounds(inverse, SIDE, image.dimensions());
    for y in rows {
        for x in columns.clone() {
            let position = Position::of(matrix, x, y);
            let weight = position.value(mask, SIDE);
            if weight > 0.0 {
                let colour = position.colour(face, [0; 3]);
                let pixel = image.get_pixel_mut(x, y);
                for (value, new) in pixel.0.iter_mut().zip(colour) {
                    let blend = weight * f32::from(new) + (1.0 - weight) * f32::from(*value);
                    *value = blend.round() as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
