//! Planning of the strategy `Auto`: regions, their sizes and their order.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use iopaint_imaging::{Coverage, distance_to_known};

use super::merge::MergeRules;
use crate::{
    Padding, Rect,
    components::{HoleComponent, hole_components},
    pad::padded_mask,
};

/// The longest side in pixels of an image that runs as one region: the trigger of `IOPaint`'s Crop strategy.
pub const MAX_SINGLE_REGION_SIDE: u32 = 800;
/// Pixels of context on every side of a hole, at the size at which it runs: the margin of `IOPaint`'s Crop
/// strategy.
pub const CONTEXT: u32 = 128;
/// Side in pixels of the grid squares that divide long components, at the size at which they run. With
/// [`CONTEXT`] on both sides a square's region has 640 pixels a side.
const GRID_SQUARE: u32 = 384;
/// The most halvings; 2^16 exceeds the longest side that is accepted by default.
const MAX_HALVINGS: u32 = 16;

/// The limits of a model that planning has to respect.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModelLimits {
    pub(super) padding: Padding,
    /// The largest distance in pixels from a hole pixel to the nearest known pixel, at the size at which the
    /// hole runs.
    pub(super) max_hole_depth_px: f32,
    /// The largest forward pass, in pixels.
    pub(super) max_forward_pixels: u64,
}

/// A planned forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlannedForward {
    /// The rectangle whose hole pixels this step fills.
    pub(super) core: Rect,
    /// The model's input: `core` and its context.
    pub(super) region: Rect,
    /// The number of times that `region` is downsampled by 2 before it runs.
    pub(super) halvings: u32,
    /// True if `halvings` is larger than the hole's depth requires, because the forward pass would exceed its
    /// limit.
    pub(super) limited: bool,
}

/// Plans the steps that fill the hole of `mask` (all pixels that aren't 0): thin components first, at full
/// size, then deeper ones, scaled down until their depth is within the model's limit.
pub(super) fn plan(mask: &Coverage, limits: ModelLimits) -> Vec<PlannedForward> {
    let (width, height) = mask.dimensions();
    // One pixel of margin includes the adjacent known pixels, to which distances are measured.
    let Some(hole) = mask.bounding_box().map(|hole| hole.grown(1, (width, height))) else {
        return Vec::new();
    };
    let cropped = padded_mask(mask, hole, (hole.width, hole.height));
    let is_hole: Vec<bool> = cropped.values().iter().map(|value| *value > 0).collect();
    let depths = distance_to_known(&is_hole, hole.width as usize);
    let components = hole_components(&depths, hole.width as usize, |depth| depth > 0.0);
    // Without any known pixel, distances are unbounded; half of the longer side is the depth then.
    let max_depth = width.max(height) as f32 / 2.0;
    let halvings_for = |component: &HoleComponent<f32>| {
        let ratio = component.max.min(max_depth) / limits.max_hole_depth_px;
        ratio.log2().ceil().max(0.0) as u32
    };
    let max_halvings = components.iter().map(halvings_for).max().unwrap_or_default();
    let mut steps = if width.max(height) <= MAX_SINGLE_REGION_SIDE {
        vec![PlannedForward {
            core: hole,
            region: Rect::whole((width, height)),
            halvings: max_halvings,
            limited: false,
        }]
    } else {
        let mut steps = Vec::new();
        for halvings in 0..=max_halvings {
            let scale = halvings.min(MAX_HALVINGS);
            let (same, other): (Vec<_>, Vec<_>) = components
                .iter()
                .filter(|component| halvings_for(component) >= halvings)
                .partition(|component| halvings_for(component) == halvings);
            let deeper: Vec<Rect> = other
                .iter()
                .map(|component: &&HoleComponent<f32>| component.bounds)
                .collect();
            let step = |core: Rect| {
                let core = Rect {
                    x: hole.x + core.x,
                    y: hole.y + core.y,
                    ..core
                };
                PlannedForward {
                    core,
                    region: core.grown(CONTEXT << scale, (width, height)),
                    halvings,
                    limited: false,
                }
            };
            let rules = MergeRules {
                forward_pixels: |core: Rect| forward_pixels(limits.padding, &step(core)),
                max_forward_pixels: limits.max_forward_pixels,
                kept_apart: &deeper,
            };
            let bounds = same.iter().map(|component| component.bounds);
            let cores = cores(bounds, &is_hole, hole.width, GRID_SQUARE << scale, &rules);
            steps.extend(cores.into_iter().map(step));
        }
        steps
    };
    for step in &mut steps {
        while step.halvings < MAX_HALVINGS && forward_pixels(limits.padding, step) > limits.max_forward_pixels
        {
            step.halvings += 1;
            step.limited = true;
        }
    }
    steps
}

/// Returns the number of pixels of a step's forward pass, after padding.
fn forward_pixels(padding: Padding, step: &PlannedForward) -> u64 {
    let side = |side: u32| side.div_ceil(1 << step.halvings);
    let (width, height) = padding.size(side(step.region.width), side(step.region.height));
    width.saturating_mul(height)
}

/// Returns rectangles that together contain all components, in raster order. Components of more than two grid
/// squares are divided along the grid; then rectangles are merged by `rules`, first those whose centres are
/// in the same square, so that thousands of small components don't take quadratic time. `components` are
/// bounding boxes in `hole`, which has `width` columns; `square` is the side of a grid square in pixels.
fn cores<F: Fn(Rect) -> u64>(
    components: impl Iterator<Item = Rect>,
    hole: &[bool],
    width: u32,
    square: u32,
    rules: &MergeRules<'_, F>,
) -> Vec<Rect> {
    let mut by_square = BTreeMap::<(u32, u32), Vec<Rect>>::new();
    for component in components {
        let parts = if component.width.max(component.height) <= 2 * square {
            vec![component]
        } else {
            divided(component, hole, width, square)
        };
        for part in parts {
            let cell = |start: u32, length: u32| (start + length / 2) / square;
            let cell = (cell(part.y, part.height), cell(part.x, part.width));
            by_square.entry(cell).or_default().push(part);
        }
    }
    let of_squares = by_square.into_values().flat_map(|rects| rules.merge(rects));
    let mut cores = rules.merge(of_squares);
    cores.sort_by_key(|core| (core.y, core.x));
    cores
}

/// Returns the bounding boxes of the parts of a component in the squares of the grid.
fn divided(component: Rect, hole: &[bool], width: u32, square: u32) -> Vec<Rect> {
    let rows = component.y / square..=(component.y + component.height - 1) / square;
    let columns = component.x / square..=(component.x + component.width - 1) / square;
    let cells = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
    let parts = cells.filter_map(|(row, column)| {
        let cell = Rect {
            x: column * square,
            y: row * square,
            width: square,
            height: square,
        };
        hole_bounds(hole, width, component.intersection(&cell)?)
    });
    parts.collect()
}

/// Returns the bounding box of the hole pixels in `area`.
fn hole_bounds(hole: &[bool], width: u32, area: Rect) -> Option<Rect> {
    let mut found: Option<Rect> = None;
    for y in area.y..area.y + area.height {
        let start = y as usize * width as usize + area.x as usize;
        let row = hole.get(start..start + area.width as usize)?;
        let first = row.iter().position(|hole| *hole);
        if let (Some(first), Some(last)) = (first, row.iter().rposition(|hole| *hole)) {
            let row = Rect {
                x: area.x + first as u32,
                y,
                width: (last - first) as u32 + 1,
                height: 1,
            };
            found = Some(found.map_or(row, |found| found.union(&row)));
        }
    }
    found
}
