//! Planning of the strategy `Auto`: regions, their sizes and their order.

use std::collections::BTreeMap;

use iopaint_imaging::{Coverage, distance_to_known};

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
/// Side in pixels of the grid squares that group small components into one region and divide long components,
/// at the size at which they run. With [`CONTEXT`] on both sides a square's region has 640 pixels a side.
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
            let of_depth = components
                .iter()
                .filter(|component| halvings_for(component) == halvings);
            let bounds = of_depth.map(|component| component.bounds);
            for core in cores(bounds, &is_hole, hole.width, GRID_SQUARE << scale) {
                let core = Rect {
                    x: hole.x + core.x,
                    y: hole.y + core.y,
                    ..core
                };
                steps.push(PlannedForward {
                    core,
                    region: core.grown(CONTEXT << scale, (width, height)),
                    halvings,
                    limited: false,
                });
            }
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

/// Returns rectangles that together contain all components, in raster order. Components of at most one grid
/// square whose centres are in the same square share a rectangle; those of up to two squares have one of
/// their own; longer ones are divided along the grid. `components` are bounding boxes in `hole`, which has
/// `width` columns; `square` is the side of a grid square in pixels.
fn cores(components: impl Iterator<Item = Rect>, hole: &[bool], width: u32, square: u32) -> Vec<Rect> {
    let mut shared = BTreeMap::<(u32, u32), Rect>::new();
    let mut cores = Vec::new();
    for component in components {
        let longer = component.width.max(component.height);
        if longer <= square {
            let cell = |start: u32, length: u32| (start + length / 2) / square;
            shared
                .entry((
                    cell(component.y, component.height),
                    cell(component.x, component.width),
                ))
                .and_modify(|core| *core = core.union(&component))
                .or_insert(component);
        } else if longer <= 2 * square {
            cores.push(component);
        } else {
            let rows = component.y / square..=(component.y + component.height - 1) / square;
            let columns = component.x / square..=(component.x + component.width - 1) / square;
            let cells = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
            cores.extend(cells.filter_map(|(row, column)| {
                let cell = Rect {
                    x: column * square,
                    y: row * square,
                    width: square,
                    height: square,
                };
                hole_bounds(hole, width, component.intersection(&cell)?)
            }));
        }
    }
    cores.extend(shared.into_values());
    cores.sort_by_key(|core| (core.y, core.x));
    cores
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

#[cfg(test)]
mod tests {
    use super::*;
    use iopaint_imaging::Mask;
    use proptest::prelude::*;

    const LAMA: ModelLimits = ModelLimits {
        padding: Padding {
            modulo: 8,
            min_size: 16,
            square: false,
        },
        max_hole_depth_px: 128.0,
        max_forward_pixels: u64::MAX,
    };

    impl ModelLimits {
        fn with_max_forward_pixels(self, max_forward_pixels: u64) -> Self {
            Self {
                max_forward_pixels,
                ..self
            }
        }
    }

    fn mask(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> Coverage {
        Mask::from_fn(width, height, hole).into_coverage()
    }

    fn disc(x: u32, y: u32, centre: (u32, u32), radius: u32) -> bool {
        x.abs_diff(centre.0).pow(2) + y.abs_diff(centre.1).pow(2) < radius.pow(2)
    }

    #[test]
    fn small_image_is_one_region() {
        let steps = plan(&mask(800, 600, |x, y| disc(x, y, (300, 300), 40)), LAMA);
        assert_eq!((steps.len(), steps[0].halvings), (1, 0));
        assert_eq!(steps[0].region, Rect::whole((800, 600)));
    }

    #[test]
    fn deep_hole_runs_scaled_down() {
        for (radius, halvings) in [(120, 0), (200, 1), (400, 2)] {
            let steps = plan(&mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), radius)), LAMA);
            assert!(
                steps.iter().all(|step| step.halvings == halvings),
                "{radius}: {steps:?}"
            );
        }
    }

    #[test]
    fn larger_depth_limit_runs_larger() {
        let blob = mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), 400));
        let halvings = |max_hole_depth_px| {
            let limits = ModelLimits {
                max_hole_depth_px,
                ..LAMA
            };
            plan(&blob, limits)[0].halvings
        };
        assert_eq!([100.0, 256.0, 512.0].map(halvings), [2, 1, 0]);
    }

    #[test]
    fn long_wire_is_divided_at_full_size() {
        let steps = plan(&mask(3000, 2000, |x, y| (2 * x).abs_diff(3 * y) < 12), LAMA);
        assert!(steps.len() > 7, "{}", steps.len());
        for step in steps {
            assert_eq!(step.halvings, 0);
            assert!(step.region.width.max(step.region.height) <= GRID_SQUARE + 2 * CONTEXT);
        }
    }

    #[test]
    fn stroke_of_two_squares_is_one_region() {
        let stroke = |x: u32, y: u32| (700..1300).contains(&x) && (900..960).contains(&y);
        assert_eq!(plan(&mask(3000, 2000, stroke), LAMA).len(), 1);
    }

    #[test]
    fn adjacent_letters_share_a_region() {
        let letter = |x: u32, y: u32| x % 30 < 12 && (1000..1030).contains(&y) && (800..1100).contains(&x);
        assert!(plan(&mask(3000, 2000, letter), LAMA).len() <= 2);
    }

    #[test]
    fn thin_components_come_first() {
        let both = |x: u32, y: u32| disc(x, y, (500, 500), 300) || (1700..1704).contains(&x);
        let halvings: Vec<_> = plan(&mask(2000, 1500, both), LAMA)
            .iter()
            .map(|step| step.halvings)
            .collect();
        assert!(halvings.is_sorted() && halvings.first() == Some(&0) && halvings.last() == Some(&2));
    }

    #[test]
    fn no_forward_exceeds_the_limit() {
        let all = plan(
            &mask(3000, 2000, |_, _| true),
            LAMA.with_max_forward_pixels(512 * 512),
        );
        assert!(
            all.iter()
                .all(|step| forward_pixels(LAMA.padding, step) <= 512 * 512)
        );
        let blob = mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), 120));
        let limited = |max_pixels| {
            let steps = plan(&blob, LAMA.with_max_forward_pixels(max_pixels));
            assert!(
                steps
                    .iter()
                    .all(|step| forward_pixels(LAMA.padding, step) <= max_pixels)
            );
            steps.iter().any(|step| step.limited)
        };
        assert!(limited(256 * 256) && !limited(1024 * 1024));
    }

    /// Returns the part of an image that the page uploads: `uploadFor` in `web_app/src/core/region.ts`.
    fn upload(hole: Rect, (width, height): (u32, u32), max_hole_depth_px: f32) -> Rect {
        if width.max(height) <= MAX_SINGLE_REGION_SIDE {
            return Rect::whole((width, height));
        }
        let depth = |start: u32, length: u32, side: u32| match (start > 0, start + length < side) {
            (true, true) => length.div_ceil(2) as f32,
            (false, false) => f32::INFINITY,
            _ => length as f32,
        };
        let depth = depth(hole.x, hole.width, width)
            .min(depth(hole.y, hole.height, height))
            .min(width.max(height) as f32 / 2.0);
        let halvings = (depth / max_hole_depth_px).log2().ceil().max(0.0) as u32;
        let reach = 2 * (CONTEXT << halvings);
        let (left, top) = (hole.x.saturating_sub(reach), hole.y.saturating_sub(reach));
        Rect {
            x: left,
            y: top,
            width: (hole.x + hole.width + reach).min(width) - left,
            height: (hole.y + hole.height + reach).min(height) - top,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn regions_lie_in_the_upload_of_the_page(
            (width, height) in (1_u32..2500, 1_u32..2500),
            boxes in prop::collection::vec((0_u32..2500, 0_u32..2500, 1_u32..900, 1_u32..900), 1..4),
            at_the_edge in any::<bool>(),
            max_hole_depth_px in prop::sample::select(vec![64.0_f32, 128.0, 256.0]),
        ) {
            let boxes = boxes.iter().map(|(x, y, columns, rows)| {
                let x = if at_the_edge { 0 } else { x % width };
                (x..x + columns, y % height..y % height + rows)
            });
            let boxes: Vec<_> = boxes.collect();
            let mask = mask(width, height, |x, y| {
                boxes.iter().any(|(columns, rows)| columns.contains(&x) && rows.contains(&y))
            });
            let hole = mask.bounding_box().unwrap();
            let upload = upload(hole, (width, height), max_hole_depth_px);
            for step in plan(&mask, ModelLimits { max_hole_depth_px, ..LAMA }) {
                prop_assert!(upload.contains(&step.region), "{hole:?}: {upload:?}, {step:?}");
            }
        }

        #[test]
        fn cores_cover_the_hole_within_regions(
            (width, height) in (1_u32..1500, 1_u32..1500),
            dots in prop::collection::vec((0_u32..1500, 0_u32..1500, 1_u32..300), 1..6),
        ) {
            let mask = mask(width, height, |x, y| dots.iter().any(|(u, v, radius)| disc(x, y, (*u, *v), *radius)));
            let steps = plan(&mask, LAMA);
            for step in &steps {
                prop_assert!(Rect::whole((width, height)).contains(&step.region));
                prop_assert!(step.region.contains(&step.core));
            }
            for (x, y, _) in mask.as_gray().enumerate_pixels().filter(|(_, _, value)| value.0[0] > 0) {
                let pixel = Rect { x, y, width: 1, height: 1 };
                prop_assert!(steps.iter().any(|step| step.core.contains(&pixel)));
            }
        }
    }
}
