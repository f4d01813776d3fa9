//! The regions of the Crop strategy.

use iopaint_imaging::{Coverage, grown_span};

use crate::{Rect, contours::outer_boxes};

/// The number of later regions that each region is compared with. Bounds the time for masks with very many
/// components, which is quadratic otherwise; a covered region that is missed runs without an effect on the
/// result.
const MAX_COMPARED: usize = 1024;

/// Returns the regions to run and paste, in this order: the bounding box of each outer component of the hole,
/// with `margin` pixels of context. Regions that a later one overwrites completely are omitted, as they don't
/// change the result.
pub(crate) fn crop_boxes(mask: &Coverage, margin: u32) -> Vec<Rect> {
    let size = mask.dimensions();
    let mut kept: Vec<Rect> = Vec::new();
    for component in outer_boxes(mask).iter().rev() {
        let crop = with_margin(*component, margin, size);
        if !kept
            .iter()
            .rev()
            .take(MAX_COMPARED)
            .any(|later| later.contains(&crop))
        {
            kept.push(crop);
        }
    }
    kept.reverse();
    kept
}

/// Returns `component` with `margin` pixels of context on every side, as `IOPaint` computes it: an odd width
/// or height loses its last pixel before it grows, and context that the image's edge cuts off is added on the
/// opposite side.
fn with_margin(component: Rect, margin: u32, (width, height): (u32, u32)) -> Rect {
    let (x, columns) = span_with_margin(component.x, component.width, margin, width);
    let (y, rows) = span_with_margin(component.y, component.height, margin, height);
    Rect {
        x,
        y,
        width: columns,
        height: rows,
    }
}

fn span_with_margin(start: u32, length: u32, margin: u32, side: u32) -> (u32, u32) {
    match grown_span(start, length & !1, margin, side) {
        // A single pixel without a margin, for which `IOPaint` fails.
        (_, 0) => (start, length),
        span => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iopaint_imaging::Mask;
    use rstest::rstest;

    #[rstest]
    #[case::inside((100, 20), 50, 1000, (50, 120))]
    #[case::odd_length_rounds_down((100, 21), 50, 1000, (50, 120))]
    #[case::odd_start((101, 20), 50, 1000, (51, 120))]
    #[case::cut_at_the_start((10, 20), 50, 1000, (0, 120))]
    #[case::cut_at_the_end((980, 10), 50, 1000, (890, 110))]
    #[case::cut_on_both_sides((40, 20), 50, 100, (0, 100))]
    #[case::no_margin((10, 4), 0, 100, (10, 4))]
    #[case::no_margin_and_one_pixel((10, 1), 0, 100, (10, 1))]
    #[case::absurd_margin((10, 1), u32::MAX, 100, (0, 100))]
    fn margin_moves_to_the_opposite_side(
        #[case] component: (u32, u32),
        #[case] margin: u32,
        #[case] side: u32,
        #[case] expected: (u32, u32),
    ) {
        assert_eq!(span_with_margin(component.0, component.1, margin, side), expected);
    }

    fn dots(width: u32, height: u32, dots: &[(u32, u32)]) -> Coverage {
        Mask::from_fn(width, height, |x, y| dots.contains(&(x, y))).into_coverage()
    }

    #[test]
    fn covered_region_is_omitted() {
        // Both regions are the whole image.
        assert_eq!(crop_boxes(&dots(30, 20, &[(4, 4), (20, 15)]), 128).len(), 1);
        assert_eq!(crop_boxes(&dots(300, 20, &[(4, 4), (200, 15)]), 10).len(), 2);
    }

    #[test]
    fn order_of_components_is_kept() {
        let boxes = crop_boxes(&dots(300, 300, &[(20, 20), (200, 20), (100, 200)]), 10);
        let starts: Vec<_> = boxes.iter().map(|b| (b.x, b.y)).collect();
        assert_eq!(starts, [(90, 190), (190, 10), (10, 10)]);
    }
}
