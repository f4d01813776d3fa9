//! Planned regions of holes of several shapes.

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

fn total_pixels(steps: &[PlannedForward]) -> u64 {
    steps.iter().map(|step| forward_pixels(LAMA.padding, step)).sum()
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
    assert!(steps.iter().all(|step| step.halvings == 0));
    assert!(total_pixels(&steps) < 3000 * 2000 / 2, "{steps:?}");
}

#[test]
fn straight_wire_is_one_region() {
    let wire = |x: u32, y: u32| (50..2950).contains(&x) && (700..712).contains(&y);
    assert_eq!(plan(&mask(3000, 2000, wire), LAMA).len(), 1);
}

#[test]
fn far_dots_have_regions_of_their_own() {
    let dots = |x: u32, y: u32| [(700, 700), (1000, 1000)].iter().any(|dot| disc(x, y, *dot, 5));
    assert_eq!(plan(&mask(3000, 2000, dots), LAMA).len(), 2);
}

#[test]
fn letters_all_over_cost_no_more_than_the_image() {
    let letter = |x: u32, y: u32| x % 150 < 12 && y % 160 < 20;
    let steps = plan(&mask(1600, 1200, letter), LAMA);
    assert!(total_pixels(&steps) <= 1600 * 1200, "{steps:?}");
}

#[test]
fn deep_component_between_letters_runs_scaled_down() {
    let both = |x: u32, y: u32| disc(x, y, (800, 600), 200) || (x % 150 < 12 && y % 160 < 20);
    let steps = plan(&mask(1600, 1200, both), LAMA);
    let hole = Rect {
        x: 600,
        y: 400,
        width: 400,
        height: 400,
    };
    let at_full_size = steps.iter().filter(|step| step.halvings == 0);
    assert!(at_full_size.count() > 1);
    assert!(
        steps
            .iter()
            .all(|step| step.halvings == 1 || !step.core.contains(&hole))
    );
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
