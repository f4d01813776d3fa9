//! One scale of the image: what is known, what is to be filled, and which patches take part.

use iopaint_imaging::distance_to_known;

use super::distance::{RADIUS, SIDE};
use super::pixel::{Colours, Pixel, SLOPE_ACROSS, SLOPE_DOWN, brightness, to_byte};
use super::texture::spread_texture;

/// No target: the pixel's patch has no pixel of the hole, or doesn't lie inside the image.
const NONE: u32 = u32::MAX;
/// What a slope of 1 (of 255, over two pixels) adds to its byte, as a fraction: how much slopes count beside colours.
const SLOPE: (i32, i32) = (1, 4);
/// The byte of a slope of zero.
const FLAT: i32 = 128;

/// Pixels of an image and which of them are to be filled, row by row.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Pixel>,
    pub(super) hole: Vec<bool>,
}

/// An image at one scale. Pixels are numbered row by row.
pub(super) struct Level {
    pub(super) canvas: Canvas,
    /// The pixels to be filled, in order.
    pub(super) holes: Vec<u32>,
    /// The centres of the patches that have a part of the hole, in order.
    pub(super) targets: Vec<u32>,
    /// How far in the hole each target is, in pixels from the nearest known one.
    pub(super) depth: Vec<f32>,
    /// The pixels whose slopes change with the hole's, in it and beside it, in order.
    sloped: Vec<u32>,
    /// The pixels whose patches are inside the image and all known.
    source: Vec<bool>,
    target_at: Vec<u32>,
}

impl Level {
    pub(super) fn new(mut canvas: Canvas) -> Self {
        spread_texture(&mut canvas);
        let (width, height) = (canvas.width, canvas.height);
        let touched = touched(&canvas.hole, width, height);
        let depths = distance_to_known(&canvas.hole, width);
        let mut target_at = vec![NONE; touched.len()];
        let mut source = vec![false; touched.len()];
        let (mut targets, mut depth) = (Vec::new(), Vec::new());
        for y in RADIUS..height.saturating_sub(RADIUS) {
            for at in (RADIUS..width.saturating_sub(RADIUS)).map(|x| y * width + x) {
                if touched[at] {
                    target_at[at] = targets.len() as u32;
                    targets.push(at as u32);
                    depth.push(depths[at]);
                } else {
                    source[at] = true;
                }
            }
        }
        let holes = (0..).zip(&canvas.hole).filter(|(_, hole)| **hole);
        let mut level = Self {
            holes: holes.map(|(at, _)| at).collect(),
            targets,
            depth,
            sloped: sloped(&canvas),
            source,
            target_at,
            canvas,
        };
        (0..level.canvas.pixels.len()).for_each(|at| level.write_slopes(at));
        level
    }

    /// The number of the target whose centre is the pixel `at`.
    #[inline]
    pub(super) fn target(&self, at: usize) -> Option<usize> {
        let target = self.target_at.get(at).filter(|target| **target != NONE);
        target.map(|target| *target as usize)
    }

    /// Whether the patch around the pixel `at` may be copied from.
    #[inline]
    pub(super) fn is_source(&self, at: usize) -> bool {
        self.source.get(at).copied().unwrap_or(false)
    }

    /// The centres of the patches that may be copied from, in order.
    pub(super) fn sources(&self) -> impl Iterator<Item = u32> {
        let sources = (0..).zip(&self.source).filter(|(_, source)| **source);
        sources.map(|(at, _)| at)
    }

    /// Writes the colours of the hole's pixels, and the slopes in it and beside it.
    pub(super) fn write(&mut self, estimates: &[Colours]) {
        for (at, estimate) in self.holes.iter().zip(estimates) {
            if let Some([red, green, blue, ..]) = self.canvas.pixels.get_mut(*at as usize) {
                [*red, *green, *blue] = estimate.map(to_byte);
            }
        }
        let sloped = std::mem::take(&mut self.sloped);
        for at in &sloped {
            self.write_slopes(*at as usize);
        }
        self.sloped = sloped;
    }

    fn write_slopes(&mut self, at: usize) {
        let Canvas {
            width,
            height,
            pixels,
            ..
        } = &mut self.canvas;
        let (x, y) = (at % *width, at / *width);
        let value = |at: usize| pixels.get(at).map_or(0, |pixel| brightness(*pixel));
        let slope = |before: usize, after: usize| {
            let slope = (value(after) - value(before)) * SLOPE.0 / SLOPE.1;
            (FLAT + slope).clamp(0, 255) as u8
        };
        let across = slope(at - usize::from(x > 0), at + usize::from(x + 1 < *width));
        let above = if y > 0 { at - *width } else { at };
        let below = if y + 1 < *height { at + *width } else { at };
        let down = slope(above, below);
        if let Some(pixel) = pixels.get_mut(at) {
            pixel[SLOPE_ACROSS] = across;
            pixel[SLOPE_DOWN] = down;
        }
    }
}

/// The hole's pixels and the neighbours of each.
fn sloped(canvas: &Canvas) -> Vec<u32> {
    let (width, hole) = (canvas.width, &canvas.hole);
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

/// Whether the patch around a pixel has a part of the hole.
fn touched(hole: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut along_rows = vec![false; hole.len()];
    for (row, out) in hole.chunks_exact(width).zip(along_rows.chunks_exact_mut(width)) {
        let mut end = 0;
        for x in 0..width + RADIUS {
            if row.get(x).copied().unwrap_or(false) {
                end = x + SIDE;
            }
            if let Some(out) = x.checked_sub(RADIUS).and_then(|centre| out.get_mut(centre)) {
                *out = end > x;
            }
        }
    }
    let mut touched = vec![false; hole.len()];
    for (y, out) in touched.chunks_exact_mut(width).enumerate() {
        let near = y.saturating_sub(RADIUS)..(y + RADIUS + 1).min(height);
        for row in along_rows.chunks_exact(width).skip(near.start).take(near.len()) {
            out.iter_mut().zip(row).for_each(|(out, row)| *out |= *row);
        }
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(width: usize, height: usize, holes: &[usize]) -> Level {
        let mut hole = vec![false; width * height];
        for at in holes {
            hole[*at] = true;
        }
        Level::new(Canvas {
            width,
            height,
            pixels: vec![[9; 8]; width * height],
            hole,
        })
    }

    #[test]
    fn targets_are_the_patches_with_a_part_of_the_hole_and_sources_the_others() {
        let side = 4 * SIDE;
        let centre = (side / 2) * side + side / 2;
        let level = level(side, side, &[centre]);
        assert_eq!(level.targets.len(), SIDE * SIDE);
        assert_eq!(level.target(centre - RADIUS), Some(SIDE * RADIUS));
        assert_eq!(level.target(centre - SIDE), None);
        let inside = (side - 2 * RADIUS).pow(2);
        assert_eq!(level.sources().count(), inside - SIDE * SIDE);
        assert!(!level.is_source(centre) && !level.is_source(0) && level.is_source(centre - SIDE));
    }

    #[test]
    fn an_image_smaller_than_a_patch_has_neither_targets_nor_sources() {
        for (width, height) in [(SIDE - 1, 30), (30, SIDE - 1), (1, 1)] {
            let level = level(width, height, &[0]);
            assert_eq!((level.targets.len(), level.sources().count()), (0, 0));
        }
    }

    #[test]
    fn an_edge_shows_in_the_slopes_beside_it() {
        let mut level = level(20, 20, &[105]);
        level.write(&[[200.0; 3]]);
        assert_eq!(level.canvas.pixels[105][..3], [200; 3]);
        assert!(level.canvas.pixels[104][SLOPE_ACROSS] > FLAT as u8);
        assert!(level.canvas.pixels[106][SLOPE_ACROSS] < FLAT as u8);
        assert!(level.canvas.pixels[85][SLOPE_DOWN] > FLAT as u8);
        assert_eq!(level.canvas.pixels[85][SLOPE_ACROSS], FLAT as u8);
    }
}
