//! Which rectangles of an image run by themselves under the crop strategy.

use iopaint_imaging::GrayImage;

use crate::{Rect, contours::outer_boxes};

/// Kept boxes that a box is compared with before it counts as not covered: bounds the work for masks with very
/// many parts.
const COMPARED: usize = 1024;

/// The rectangles to run and paste, in this order, for the parts of the hole in `mask`, each with `margin` pixels
/// of context. A rectangle that a later one would overwrite whole is left out: the result is the same without it.
pub(crate) fn crop_boxes(mask: &GrayImage, margin: u32) -> Vec<Rect> {
    let size = mask.dimensions();
    let mut kept: Vec<Rect> = Vec::new();
    for part in outer_boxes(mask).iter().rev() {
        let crop = with_margin(*part, margin, size);
        if !kept
            .iter()
            .rev()
            .take(COMPARED)
            .any(|later| later.contains(&crop))
        {
            kept.push(crop);
        }
    }
    kept.reverse();
    kept
}

/// `part` with `margin` pixels more on every side; what the image's edge cuts off is added on the other side.
fn with_margin(part: Rect, margin: u32, (width, height): (u32, u32)) -> Rect {
    let (x, columns) = span(part.x, part.width, margin, width);
    let (y, rows) = span(part.y, part.height, margin, height);
    Rect {
        x,
        y,
        width: columns,
        height: rows,
    }
}

/// Start and length along one side of the image, which is `side` pixels long. Centre and half-size are rounded
/// down, as in `IOPaint`, so that an odd length loses one pixel.
fn span(start: u32, length: u32, margin: u32, side: u32) -> (u32, u32) {
    let (first, length_, side_) = (i64::from(start), i64::from(length), i64::from(side));
    let centre = i64::midpoint(first, first + length_);
    let half = i64::midpoint(length_, 2 * i64::from(margin));
    let (from, to) = (centre - half, centre + half);
    let beyond_start = (-from).max(0);
    let beyond_end = (to - side_).max(0);
    let low = (from.max(0) - beyond_end).max(0);
    let high = (to.min(side_) + beyond_start).min(side_);
    if low < high {
        (low as u32, (high - low) as u32)
    } else {
        // A single pixel without a margin: nothing would be left.
        (start, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn the_margin_moves_to_the_other_side_at_an_edge(
        #[case] part: (u32, u32),
        #[case] margin: u32,
        #[case] side: u32,
        #[case] expected: (u32, u32),
    ) {
        assert_eq!(span(part.0, part.1, margin, side), expected);
    }

    fn dots(width: u32, height: u32, dots: &[(u32, u32)]) -> GrayImage {
        let mut mask = GrayImage::new(width, height);
        for &(x, y) in dots {
            mask.as_mut()[(y * width + x) as usize] = 255;
        }
        mask
    }

    #[test]
    fn a_crop_that_a_later_one_overwrites_whole_is_left_out() {
        // Both dots see the whole image.
        assert_eq!(crop_boxes(&dots(30, 20, &[(4, 4), (20, 15)]), 128).len(), 1);
        assert_eq!(crop_boxes(&dots(300, 20, &[(4, 4), (200, 15)]), 10).len(), 2);
    }

    #[test]
    fn the_order_of_the_parts_is_kept() {
        let boxes = crop_boxes(&dots(300, 300, &[(20, 20), (200, 20), (100, 200)]), 10);
        let starts: Vec<_> = boxes.iter().map(|b| (b.x, b.y)).collect();
        assert_eq!(starts, [(90, 190), (190, 10), (10, 10)]);
    }
}
