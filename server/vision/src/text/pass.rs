//! Forward passes of the detector over a part of the image.

use iopaint_imaging::{Rect, RgbImage};
use iopaint_inpaint::ForwardError;

use super::TextRegion;
use super::input::{input_size, input_values};
use super::regions::ProbabilityMap;
use crate::{Network, Tensor};

/// Pixels of the network's input. Larger images are reduced.
pub const MAX_INPUT_PIXELS: f64 = 1_500_000.0;
/// Largest magnification of small images: letters of 10 pixels are found more often at twice their size.
const MAX_SCALE: f64 = 2.0;
/// Reductions of the coarse passes. The network misses letters of more than about 120 pixels of its input.
const COARSE: [f64; 2] = [2.0, 4.0];
/// Shorter side of a coarse pass's input from which it runs, in pixels: smaller images have no letters that
/// the finer passes miss.
const MIN_COARSE_SIDE: f64 = 192.0;

/// Returns the scales of the passes over a crop of `width` x `height` pixels, the finest first.
pub fn scales((width, height): (u32, u32), with_coarse: bool) -> Vec<f64> {
    let pixels = f64::from(width) * f64::from(height);
    let scale = (MAX_INPUT_PIXELS / pixels).sqrt().min(MAX_SCALE);
    let mut scales = vec![scale];
    if with_coarse {
        let coarse = COARSE.iter().map(|reduction| scale / reduction);
        let shorter = f64::from(width.min(height));
        scales.extend(coarse.filter(|scale| shorter * scale >= MIN_COARSE_SIDE));
    }
    scales
}

/// Returns the regions that the network finds in a crop of the image, resampled by each of `scales`.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape.
pub fn regions_at(
    network: &mut dyn Network,
    image: &RgbImage,
    crop: Rect,
    scales: &[f64],
    min_score: f32,
) -> Result<Vec<Vec<TextRegion>>, ForwardError> {
    let sizes: Vec<_> = scales
        .iter()
        .map(|scale| input_size(crop.size(), *scale))
        .collect();
    let inputs: Result<Vec<_>, _> = sizes.iter().map(|size| input(image, crop, *size)).collect();
    let outputs = network.forward_all(inputs?)?;
    let passes = sizes.into_iter().zip(&outputs);
    passes
        .map(|(size, outputs)| regions_in(outputs, size, crop, min_score))
        .collect()
}

fn input(image: &RgbImage, crop: Rect, (width, height): (u32, u32)) -> Result<Tensor, ForwardError> {
    let shape = vec![1, 3, height as usize, width as usize];
    Tensor::new(shape, input_values(image, crop, (width, height)))
        .map_err(|error| ForwardError::Failed(error.to_string()))
}

/// Returns the regions in the outputs of a pass over `crop`, whose input has the size `(width, height)`.
fn regions_in(
    outputs: &[Tensor],
    (width, height): (u32, u32),
    crop: Rect,
    min_score: f32,
) -> Result<Vec<TextRegion>, ForwardError> {
    let expected = [1, 1, height as usize, width as usize];
    let map = match outputs.first() {
        Some(map) if map.shape() == expected => ProbabilityMap {
            width: width as usize,
            height: height as usize,
            values: map.values(),
        },
        other => {
            let shape = other.map(Tensor::shape);
            let message = format!("the text detector returned the shape {shape:?} instead of {expected:?}");
            return Err(ForwardError::Failed(message));
        }
    };
    let scale = (
        crop.width as f32 / width as f32,
        crop.height as f32 / height as f32,
    );
    let to_image = |(x, y): (f32, f32)| {
        // Pixel centres of the map to pixel centres of the image.
        (
            (x + 0.5) * scale.0 - 0.5 + crop.x as f32,
            (y + 0.5) * scale.1 - 0.5 + crop.y as f32,
        )
    };
    let regions = map.regions(min_score).into_iter();
    let regions = regions.map(|(rect, score)| TextRegion {
        polygon: rect.corners().map(to_image),
        score,
    });
    Ok(regions.collect())
}
