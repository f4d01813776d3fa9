//! Which regions run, how far scaled down, and in which order.

use std::collections::BTreeMap;

use iopaint_imaging::{GrayImage, distance_to_known};

use super::parts::{Part, parts};
use crate::{Padding, Rect, changed_box, pad::padded_gray};

/// The longest side in pixels of an image that runs whole.
pub(super) const WHOLE: u32 = 800;
/// Pixels of context on every side of a hole, at the size at which it runs.
const CONTEXT: u32 = 128;
/// The side in pixels, at the size at which they run, of the squares in which parts of the hole run together, and into
/// which long parts are cut.
const CELL: u32 = 384;

/// What a model can fill at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) padding: Padding,
    /// How deep the middle of a hole may lie at its own size, in pixels.
    pub(super) deepest: f32,
    /// The pixels of the largest forward.
    pub(super) max_forward_pixels: u64,
}

/// One forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The part of the hole that this step fills.
    pub(super) core: Rect,
    /// What the model sees: `core` and its context.
    pub(super) region: Rect,
    /// How often `region` is halved before it runs.
    pub(super) halvings: u32,
    /// Whether that is more often than the hole asks for, since the forward would be too large.
    pub(super) limited: bool,
}

/// The steps that fill the hole (all that isn't 0) of `mask`: what is thin first, at its own size; then what is deep,
/// scaled down until the model can see across.
pub(super) fn plan(mask: &GrayImage, sizes: Sizes) -> Vec<Step> {
    let (width, height) = mask.dimensions();
    // With what is known beside it, from which depth is counted.
    let Some(hole) = changed_box(mask).map(|hole| surroundings(hole, 1, (width, height))) else {
        return Vec::new();
    };
    let inside = padded_gray(mask, hole, (hole.width, hole.height));
    let is_hole: Vec<bool> = inside.as_raw().iter().map(|value| *value > 0).collect();
    let depth = distance_to_known(&is_hole, hole.width as usize);
    let parts = parts(&depth, hole.width as usize);
    // Where nothing is known the depth has no bound but the image's.
    let middle = width.max(height) as f32 / 2.0;
    let halvings_for = |part: &Part| (part.depth.min(middle) / sizes.deepest).log2().ceil().max(0.0) as u32;
    let deepest = parts.iter().map(halvings_for).max().unwrap_or_default();
    let whole = Rect::whole((width, height));
    let mut steps = if width.max(height) <= WHOLE {
        vec![Step {
            core: hole,
            region: whole,
            halvings: deepest,
            limited: false,
        }]
    } else {
        let mut steps = Vec::new();
        for halvings in 0..=deepest {
            let cell = CELL << halvings.min(16);
            let of_size = parts.iter().filter(|part| halvings_for(part) == halvings);
            for core in cores(of_size.map(|part| part.bounds), &is_hole, hole.width, cell) {
                let core = Rect {
                    x: hole.x + core.x,
                    y: hole.y + core.y,
                    ..core
                };
                let margin = CONTEXT << halvings.min(16);
                let region = surroundings(core, margin, (width, height));
                steps.push(Step {
                    core,
                    region,
                    halvings,
                    limited: false,
                });
            }
        }
        steps
    };
    for step in &mut steps {
        while step.halvings < 16 && forward_pixels(sizes.padding, step) > sizes.max_forward_pixels {
            step.halvings += 1;
            step.limited = true;
        }
    }
    steps
}

fn forward_pixels(padding: Padding, step: &Step) -> u64 {
    let side = |side: u32| side.div_ceil(1 << step.halvings);
    let (width, height) = padding.size(side(step.region.width), side(step.region.height));
    width.saturating_mul(height)
}

/// Rectangles that hold all parts together, in the order of rows: small parts whose middles are in one square of side
/// `cell` share one, a part of up to two squares has its own, and a longer one is cut along the squares.
fn cores(parts: impl Iterator<Item = Rect>, hole: &[bool], width: u32, cell: u32) -> Vec<Rect> {
    let mut shared = BTreeMap::<(u32, u32), Rect>::new();
    let mut cores = Vec::new();
    for part in parts {
        let longer = part.width.max(part.height);
        if longer <= cell {
            let place = |start: u32, length: u32| (start + length / 2) / cell;
            shared
                .entry((place(part.y, part.height), place(part.x, part.width)))
                .and_modify(|core| *core = core.union(&part))
                .or_insert(part);
        } else if longer <= 2 * cell {
            cores.push(part);
        } else {
            let rows = part.y / cell..=(part.y + part.height - 1) / cell;
            let columns = part.x / cell..=(part.x + part.width - 1) / cell;
            let squares = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
            cores.extend(squares.filter_map(|(row, column)| {
                let square = Rect {
                    x: column * cell,
                    y: row * cell,
                    width: cell,
                    height: cell,
                };
                filled(hole, width, part.intersection(&square)?)
            }));
        }
    }
    cores.extend(shared.into_values());
    cores.sort_by_key(|core| (core.y, core.x));
    cores
}

/// The smallest rectangle with the pixels of the hole in `area`.
fn filled(hole: &[bool], width: u32, area: Rect) -> Option<Rect> {
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

/// `core` with `margin` pixels more on every side; what the image's edge cuts off is added on the other side.
fn surroundings(core: Rect, margin: u32, (width, height): (u32, u32)) -> Rect {
    let span = |start: u32, length: u32, side: u32| {
        let wanted = length.saturating_add(2 * margin).min(side);
        let first = start.saturating_sub(margin).min(side - wanted);
        (first, wanted)
    };
    let (x, columns) = span(core.x, core.width, width);
    let (y, rows) = span(core.y, core.height, height);
    Rect {
        x,
        y,
        width: columns,
        height: rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LAMA: Sizes = Sizes {
        padding: Padding {
            modulo: 8,
            min_size: 16,
            square: false,
        },
        deepest: 128.0,
        max_forward_pixels: u64::MAX,
    };

    impl Sizes {
        fn up_to(self, max_forward_pixels: u64) -> Self {
            Self {
                max_forward_pixels,
                ..self
            }
        }
    }

    fn mask(width: u32, height: u32, hole: impl Fn(u32, u32) -> bool) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| [if hole(x, y) { 255 } else { 0 }].into())
    }

    fn disc(x: u32, y: u32, centre: (u32, u32), radius: u32) -> bool {
        x.abs_diff(centre.0).pow(2) + y.abs_diff(centre.1).pow(2) < radius.pow(2)
    }

    #[test]
    fn a_small_image_runs_whole() {
        let steps = plan(&mask(800, 600, |x, y| disc(x, y, (300, 300), 40)), LAMA);
        assert_eq!((steps.len(), steps[0].halvings), (1, 0));
        assert_eq!(steps[0].region, Rect::whole((800, 600)));
    }

    #[test]
    fn a_hole_that_is_too_deep_to_see_across_runs_smaller() {
        for (radius, halvings) in [(120, 0), (200, 1), (400, 2)] {
            let steps = plan(&mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), radius)), LAMA);
            assert!(
                steps.iter().all(|step| step.halvings == halvings),
                "{radius}: {steps:?}"
            );
        }
    }

    #[test]
    fn a_model_that_sees_across_deeper_holes_runs_them_larger() {
        let blob = mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), 400));
        let halvings = |deepest| plan(&blob, Sizes { deepest, ..LAMA })[0].halvings;
        assert_eq!([100.0, 256.0, 512.0].map(halvings), [2, 1, 0]);
    }

    #[test]
    fn a_long_wire_runs_in_squares_at_its_own_size() {
        let steps = plan(&mask(3000, 2000, |x, y| (2 * x).abs_diff(3 * y) < 12), LAMA);
        assert!(steps.len() > 7, "{}", steps.len());
        for step in steps {
            assert_eq!(step.halvings, 0);
            assert!(step.region.width.max(step.region.height) <= CELL + 2 * CONTEXT);
        }
    }

    #[test]
    fn a_stroke_runs_whole() {
        let stroke = |x: u32, y: u32| (700..1300).contains(&x) && (900..960).contains(&y);
        assert_eq!(plan(&mask(3000, 2000, stroke), LAMA).len(), 1);
    }

    #[test]
    fn letters_that_stand_together_run_together() {
        let letter = |x: u32, y: u32| x % 30 < 12 && (1000..1030).contains(&y) && (800..1100).contains(&x);
        assert!(plan(&mask(3000, 2000, letter), LAMA).len() <= 2);
    }

    #[test]
    fn what_is_thin_comes_before_what_is_deep() {
        let both = |x: u32, y: u32| disc(x, y, (500, 500), 300) || (1700..1704).contains(&x);
        let halvings: Vec<_> = plan(&mask(2000, 1500, both), LAMA)
            .iter()
            .map(|step| step.halvings)
            .collect();
        assert!(halvings.is_sorted() && halvings.first() == Some(&0) && halvings.last() == Some(&2));
    }

    #[test]
    fn no_forward_is_over_the_limit() {
        let all = plan(&mask(3000, 2000, |_, _| true), LAMA.up_to(512 * 512));
        assert!(
            all.iter()
                .all(|step| forward_pixels(LAMA.padding, step) <= 512 * 512)
        );
        let blob = mask(2400, 2000, |x, y| disc(x, y, (1200, 1000), 120));
        let limited = |max_pixels| {
            let steps = plan(&blob, LAMA.up_to(max_pixels));
            assert!(
                steps
                    .iter()
                    .all(|step| forward_pixels(LAMA.padding, step) <= max_pixels)
            );
            steps.iter().any(|step| step.limited)
        };
        assert!(limited(256 * 256) && !limited(1024 * 1024));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_pixel_of_the_hole_is_in_a_core_and_every_core_in_its_region(
            (width, height) in (1_u32..1500, 1_u32..1500),
            dots in prop::collection::vec((0_u32..1500, 0_u32..1500, 1_u32..300), 1..6),
        ) {
            let mask = mask(width, height, |x, y| dots.iter().any(|(u, v, radius)| disc(x, y, (*u, *v), *radius)));
            let steps = plan(&mask, LAMA);
            for step in &steps {
                prop_assert!(Rect::whole((width, height)).contains(&step.region));
                prop_assert!(step.region.contains(&step.core));
            }
            for (x, y, _) in mask.enumerate_pixels().filter(|(_, _, value)| value.0[0] > 0) {
                let pixel = Rect { x, y, width: 1, height: 1 };
                prop_assert!(steps.iter().any(|step| step.core.contains(&pixel)));
            }
        }
    }
}
