//! One level of the image pyramid: features, hole, target patches and source patches.

use iopaint_imaging::distance_to_known;

use super::feature_image::FeatureImage;
use super::features::{Colour, GRADIENT_X, GRADIENT_Y, luma_times_4, round_to_u8};
use super::patch_ssd::{PATCH_RADIUS, PATCH_SIDE};
use super::texture::interpolate_texture_in_hole;

/// Marks pixels that aren't the centre of a target patch.
const NO_TARGET: u32 = u32::MAX;
/// Gradient per difference of [`luma_times_4`] over two pixels, as a fraction: gradient = luma(x + 1) -
/// luma(x - 1), in levels of 255. The scale sets the weight of gradients against colours in the SSD; it was
/// set when the model was added, without a recorded comparison.
const GRADIENT_SCALE: (i32, i32) = (1, 4);
/// The byte of gradient 0.
const ZERO_GRADIENT: i32 = 128;

/// A level of the pyramid. Pixels are identified by their row-major index.
pub(super) struct PyramidLevel {
    pub(super) image: FeatureImage,
    /// The hole's pixels, ascending.
    pub(super) hole_pixels: Vec<u32>,
    /// Centres of the target patches, ascending: patches inside the image that overlap the hole.
    pub(super) targets: Vec<u32>,
    /// Distance of each target's centre to the nearest known pixel, in pixels of this level; 0 outside the
    /// hole.
    pub(super) target_depths_px: Vec<f32>,
    /// Largest distance of a hole pixel to the nearest known pixel, in pixels of this level.
    pub(super) max_depth_px: f32,
    /// The pixels whose gradients depend on the hole's colours, ascending: the hole and its 4-neighbours.
    gradient_pixels: Vec<u32>,
    /// True for the centres of source patches: patches inside the image without hole pixels.
    source_mask: Vec<bool>,
    /// Index in `targets` of each pixel, or [`NO_TARGET`].
    target_indices: Vec<u32>,
}

impl PyramidLevel {
    pub(super) fn new(mut image: FeatureImage) -> Self {
        interpolate_texture_in_hole(&mut image);
        let (width, height) = (image.width, image.height);
        let overlaps_hole = patches_overlapping_hole(&image.hole, width, height);
        let depths = distance_to_known(&image.hole, width);
        let mut target_indices = vec![NO_TARGET; overlaps_hole.len()];
        let mut source_mask = vec![false; overlaps_hole.len()];
        let (mut targets, mut target_depths_px) = (Vec::new(), Vec::new());
        for y in PATCH_RADIUS..height.saturating_sub(PATCH_RADIUS) {
            for at in (PATCH_RADIUS..width.saturating_sub(PATCH_RADIUS)).map(|x| y * width + x) {
                if overlaps_hole[at] {
                    target_indices[at] = targets.len() as u32;
                    targets.push(at as u32);
                    target_depths_px.push(depths[at]);
                } else {
                    source_mask[at] = true;
                }
            }
        }
        let hole_pixels = (0..).zip(&image.hole).filter(|(_, hole)| **hole);
        let mut level = Self {
            hole_pixels: hole_pixels.map(|(at, _)| at).collect(),
            targets,
            target_depths_px,
            max_depth_px: depths.into_iter().fold(0.0, f32::max),
            gradient_pixels: hole_and_neighbours(&image),
            source_mask,
            target_indices,
            image,
        };
        (0..level.image.pixels.len()).for_each(|at| level.update_gradient(at));
        level
    }

    /// Returns the index in `targets` of the patch centred on the pixel `at`.
    #[inline]
    pub(super) fn target_index(&self, at: usize) -> Option<usize> {
        let target = self.target_indices.get(at).filter(|target| **target != NO_TARGET);
        target.map(|target| *target as usize)
    }

    /// Returns the index in `targets` of the patch centred on the pixel `first` if the patches centred on it
    /// and the next `count` - 1 pixels are all targets; their indices are consecutive.
    #[inline]
    pub(super) fn target_run(&self, first: usize, count: usize) -> Option<usize> {
        let (start, end) = (
            self.target_index(first)?,
            self.target_index(first + count.checked_sub(1)?)?,
        );
        (end - start + 1 == count).then_some(start)
    }

    /// Returns true if the patch centred on the pixel `at` is a source patch.
    #[inline]
    pub(super) fn is_source(&self, at: usize) -> bool {
        self.source_mask.get(at).copied().unwrap_or(false)
    }

    /// Returns the centres of the source patches, ascending.
    pub(super) fn sources(&self) -> impl Iterator<Item = u32> {
        let sources = (0..).zip(&self.source_mask).filter(|(_, source)| **source);
        sources.map(|(at, _)| at)
    }

    /// Writes the colours of `hole_pixels` and updates the gradients that depend on them.
    pub(super) fn write_colours(&mut self, estimates: &[Colour]) {
        for (at, estimate) in self.hole_pixels.iter().zip(estimates) {
            if let Some([red, green, blue, ..]) = self.image.pixels.get_mut(*at as usize) {
                [*red, *green, *blue] = estimate.map(round_to_u8);
            }
        }
        let gradient_pixels = std::mem::take(&mut self.gradient_pixels);
        for at in &gradient_pixels {
            self.update_gradient(*at as usize);
        }
        self.gradient_pixels = gradient_pixels;
    }

    /// Writes the central differences of luma at the pixel `at`, one-sided at the image's edge.
    fn update_gradient(&mut self, at: usize) {
        let FeatureImage {
            width,
            height,
            pixels,
            ..
        } = &mut self.image;
        let (x, y) = (at % *width, at / *width);
        let luma = |at: usize| pixels.get(at).map_or(0, |pixel| luma_times_4(*pixel));
        let gradient = |before: usize, after: usize| {
            let gradient = (luma(after) - luma(before)) * GRADIENT_SCALE.0 / GRADIENT_SCALE.1;
            (ZERO_GRADIENT + gradient).clamp(0, 255) as u8
        };
        let gradient_x = gradient(at - usize::from(x > 0), at + usize::from(x + 1 < *width));
        let above = if y > 0 { at - *width } else { at };
        let below = if y + 1 < *height { at + *width } else { at };
        let gradient_y = gradient(above, below);
        if let Some(pixel) = pixels.get_mut(at) {
            pixel[GRADIENT_X] = gradient_x;
            pixel[GRADIENT_Y] = gradient_y;
        }
    }
}

/// Returns the hole's pixels and their 4-neighbours, ascending.
fn hole_and_neighbours(image: &FeatureImage) -> Vec<u32> {
    let (width, hole) = (image.width, &image.hole);
    let is_hole = |at: Option<usize>| at.and_then(|at| hole.get(at)).copied().unwrap_or(false);
    let near_hole = |at: &usize| {
        let neighbours = [
            at.checked_sub(width),
            at.checked_sub(1),
            Some(*at),
            Some(at + 1),
            Some(at + width),
        ];
        neighbours.into_iter().any(is_hole)
    };
    (0..hole.len()).filter(near_hole).map(|at| at as u32).collect()
}

/// Returns, per pixel, true if the patch centred on it overlaps the hole: a separable dilation by
/// [`PATCH_RADIUS`].
fn patches_overlapping_hole(hole: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut along_rows = vec![false; hole.len()];
    for (row, out) in hole.chunks_exact(width).zip(along_rows.chunks_exact_mut(width)) {
        let mut end = 0;
        for x in 0..width + PATCH_RADIUS {
            if row.get(x).copied().unwrap_or(false) {
                end = x + PATCH_SIDE;
            }
            if let Some(out) = x.checked_sub(PATCH_RADIUS).and_then(|centre| out.get_mut(centre)) {
                *out = end > x;
            }
        }
    }
    let mut overlaps = vec![false; hole.len()];
    for (y, out) in overlaps.chunks_exact_mut(width).enumerate() {
        let near = y.saturating_sub(PATCH_RADIUS)..(y + PATCH_RADIUS + 1).min(height);
        for row in along_rows.chunks_exact(width).skip(near.start).take(near.len()) {
            out.iter_mut().zip(row).for_each(|(out, row)| *out |= *row);
        }
    }
    overlaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(width: usize, height: usize, hole_pixels: &[usize]) -> PyramidLevel {
        let mut hole = vec![false; width * height];
        for at in hole_pixels {
            hole[*at] = true;
        }
        PyramidLevel::new(FeatureImage {
            width,
            height,
            pixels: vec![[9; 8]; width * height],
            hole,
        })
    }

    #[test]
    fn patches_are_targets_or_sources() {
        let side = 4 * PATCH_SIDE;
        let centre = (side / 2) * side + side / 2;
        let level = level(side, side, &[centre]);
        assert_eq!(level.targets.len(), PATCH_SIDE * PATCH_SIDE);
        assert_eq!(
            level.target_index(centre - PATCH_RADIUS),
            Some(PATCH_SIDE * PATCH_RADIUS)
        );
        assert_eq!(level.target_index(centre - PATCH_SIDE), None);
        let inside = (side - 2 * PATCH_RADIUS).pow(2);
        assert_eq!(level.sources().count(), inside - PATCH_SIDE * PATCH_SIDE);
        assert!(!level.is_source(centre) && !level.is_source(0) && level.is_source(centre - PATCH_SIDE));
    }

    #[test]
    fn image_smaller_than_a_patch() {
        for (width, height) in [(PATCH_SIDE - 1, 30), (30, PATCH_SIDE - 1), (1, 1)] {
            let level = level(width, height, &[0]);
            assert_eq!((level.targets.len(), level.sources().count()), (0, 0));
        }
    }

    #[test]
    fn edges_change_neighbouring_gradients() {
        let mut level = level(20, 20, &[105]);
        level.write_colours(&[[200.0; 3]]);
        assert_eq!(level.image.pixels[105][..3], [200; 3]);
        assert!(level.image.pixels[104][GRADIENT_X] > ZERO_GRADIENT as u8);
        assert!(level.image.pixels[106][GRADIENT_X] < ZERO_GRADIENT as u8);
        assert!(level.image.pixels[85][GRADIENT_Y] > ZERO_GRADIENT as u8);
        assert_eq!(level.image.pixels[85][GRADIENT_X], ZERO_GRADIENT as u8);
    }
}
