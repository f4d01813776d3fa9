//! Gradient-domain blending of the seam between the completed hole and the known pixels.

use super::feature_image::FeatureImage;
use super::features::{COLOUR_CHANNELS, Colour};
use super::pull_push::pull_push_at;

/// The largest colour difference at the rim, in levels of 255, that is corrected. A larger one is an edge of
/// the image: the completed hole shows another object than the known pixel, and the correction would smear
/// one into the other. Set when the model was added, without a recorded comparison, as was the number of
/// sweeps.
const MAX_SEAM_DIFFERENCE: f32 = 12.0;
/// Gauss-Seidel sweeps after the interpolation. They smooth the correction near the seam, where it varies
/// most.
const SWEEPS: usize = 12;

/// Adds a smooth correction c to the hole's colours: Poisson image editing (Pérez, Gangnet and Blake 2003) in
/// its membrane form,
///
/// ```text
/// laplacian(c) = 0 in the hole
/// c = known - voted on the rim
/// ```
///
/// so that the gradients of the completion stay. `rim` are the known pixels next to the hole, and `voted_rim`
/// their colours by the same vote as the hole's. The equation is solved approximately: [`pull_push_at`], then
/// [`SWEEPS`] sweeps.
pub(super) fn blend_seam(
    image: &FeatureImage,
    hole_pixels: &[u32],
    estimates: &mut [Colour],
    rim: &[u32],
    voted_rim: &[Colour],
) {
    let mut boundary = vec![([0.0; COLOUR_CHANNELS], 0.0); image.pixels.len()];
    for (at, voted) in rim.iter().zip(voted_rim) {
        let at = *at as usize;
        if let (Some(entry), Some(pixel)) = (boundary.get_mut(at), image.pixels.get(at)) {
            let mut difference = [0.0; COLOUR_CHANNELS];
            for ((difference, voted), known) in difference.iter_mut().zip(voted).zip(pixel) {
                *difference = f32::from(*known) - voted;
            }
            if difference
                .iter()
                .all(|channel| channel.abs() <= MAX_SEAM_DIFFERENCE)
            {
                *entry = (difference, 1.0);
            }
        }
    }
    let mut is_needed = image.hole.clone();
    for at in rim {
        if let Some(is_needed) = is_needed.get_mut(*at as usize) {
            *is_needed = true;
        }
    }
    let mut correction = pull_push_at(&boundary, image.width, &is_needed);
    for _ in 0..SWEEPS {
        gauss_seidel_sweep(&mut correction, hole_pixels, image.width);
    }
    for (at, estimate) in hole_pixels.iter().zip(estimates) {
        if let Some(correction) = correction.get(*at as usize) {
            for (channel, correction) in estimate.iter_mut().zip(correction) {
                *channel = (*channel + correction).clamp(0.0, 255.0);
            }
        }
    }
}

/// Replaces each hole pixel, in row-major order, by the mean of its 4-neighbours.
fn gauss_seidel_sweep(values: &mut [Colour], hole_pixels: &[u32], width: usize) {
    for at in hole_pixels {
        let at = *at as usize;
        let x = at % width;
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then_some(at + 1),
            at.checked_sub(width),
            Some(at + width),
        ];
        let (mut sum, mut count) = ([0.0; COLOUR_CHANNELS], 0.0_f32);
        for value in neighbours.into_iter().flatten().filter_map(|at| values.get(at)) {
            sum.iter_mut()
                .zip(value)
                .for_each(|(sum, channel)| *sum += channel);
            count += 1.0;
        }
        if let Some(value) = values.get_mut(at) {
            *value = sum.map(|sum| sum / count.max(1.0));
        }
    }
}

/// Returns the known pixels with a 4-neighbour in the hole, ascending.
pub(super) fn rim_pixels(image: &FeatureImage) -> Vec<u32> {
    let is_hole = |at: usize| image.hole.get(at).copied().unwrap_or(false);
    let touches = |at: usize| {
        let x = at % image.width;
        (x > 0 && is_hole(at - 1))
            || (x + 1 < image.width && is_hole(at + 1))
            || at.checked_sub(image.width).is_some_and(is_hole)
            || is_hole(at + image.width)
    };
    let known = (0..image.hole.len()).filter(|at| !is_hole(*at) && touches(*at));
    known.map(|at| at as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::features::features_from_rgb;

    #[test]
    fn constant_offsets_are_corrected() {
        let (width, height) = (24, 20);
        let inside = |at: usize| (6..18).contains(&(at % width)) && (5..15).contains(&(at / width));
        let image = FeatureImage {
            width,
            height,
            pixels: vec![features_from_rgb([100, 120, 140]); width * height],
            hole: (0..width * height).map(inside).collect(),
        };
        let hole_pixels: Vec<u32> = (0..(width * height) as u32)
            .filter(|at| inside(*at as usize))
            .collect();
        let dark = [90.0, 110.0, 130.0];
        let rim = rim_pixels(&image);
        assert_eq!(rim.len(), 2 * (12 + 10));
        let mut estimates = vec![dark; hole_pixels.len()];
        blend_seam(&image, &hole_pixels, &mut estimates, &rim, &vec![dark; rim.len()]);
        for estimate in &estimates {
            assert!((estimate[0] - 100.0).abs() < 0.5 && (estimate[2] - 140.0).abs() < 0.5);
        }
    }

    #[test]
    fn edges_at_the_rim_are_kept() {
        let image = FeatureImage {
            width: 9,
            height: 3,
            pixels: vec![features_from_rgb([200; 3]); 27],
            hole: (0..27)
                .map(|at| (1..8).contains(&(at % 9)) && at / 9 == 1)
                .collect(),
        };
        let hole_pixels: Vec<u32> = (10..17).collect();
        let rim = rim_pixels(&image);
        let dark = [50.0; COLOUR_CHANNELS];
        let mut estimates = vec![dark; hole_pixels.len()];
        blend_seam(&image, &hole_pixels, &mut estimates, &rim, &vec![dark; rim.len()]);
        assert_eq!(estimates, vec![dark; hole_pixels.len()]);
    }
}
