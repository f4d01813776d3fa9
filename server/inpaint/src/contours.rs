//! Outer contours of a hole, as rectangles in `OpenCV`'s order.

use iopaint_imaging::{Coverage, Threshold};

use crate::{Rect, components::hole_components};

/// Returns the bounding box of every 8-connected component of the hole at [`Threshold::CONTOURS`] that isn't
/// enclosed by another component, in reverse raster order of the components' first pixels: the boxes and the
/// order of `OpenCV`'s `findContours(RETR_EXTERNAL)` with `boundingRect`.
pub(crate) fn outer_boxes(mask: &Coverage) -> Vec<Rect> {
    let components = hole_components(mask.values(), mask.width() as usize, |value| {
        Threshold::CONTOURS.is_hole(value)
    });
    let outer = components.iter().rev().filter(|component| component.is_outer);
    outer.map(|component| component.bounds).collect()
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::GrayImage;

    use super::*;

    /// Returns a mask from rows of text in which `#` is hole.
    fn mask(rows: &[&str]) -> Coverage {
        let width = rows[0].len() as u32;
        let values = rows.iter().flat_map(|row| row.bytes());
        let values = values.map(|byte| if byte == b'#' { 255 } else { 0 }).collect();
        Coverage::new(GrayImage::from_raw(width, rows.len() as u32, values).unwrap())
    }

    fn boxes(rows: &[&str]) -> Vec<(u32, u32, u32, u32)> {
        let boxes = outer_boxes(&mask(rows));
        boxes.iter().map(|b| (b.x, b.y, b.width, b.height)).collect()
    }

    #[test]
    fn order_is_reverse_raster_order() {
        let found = boxes(&["#..#.", ".....", "..##.", "....#"]);
        assert_eq!(found, [(2, 2, 3, 2), (3, 0, 1, 1), (0, 0, 1, 1)]);
    }

    #[test]
    fn corners_connect() {
        assert_eq!(boxes(&["#.#", ".#.", "#.#"]), [(0, 0, 3, 3)]);
    }

    #[test]
    fn component_inside_a_ring_is_not_outer() {
        let found = boxes(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(0, 0, 5, 5)]);
    }

    #[test]
    fn ring_closed_by_corners_encloses() {
        let found = boxes(&["..#..", ".#.#.", "#...#", ".#.#.", "..#.."]);
        assert_eq!(found, [(0, 0, 5, 5)]);
        let found = boxes(&["..##..", ".#..#.", "#..#.#", ".#..#.", "..##.."]);
        assert_eq!(found, [(0, 0, 6, 5)]);
    }

    #[test]
    fn component_in_an_open_bay_is_outer() {
        let found = boxes(&["#####", "#....", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(2, 2, 1, 1), (0, 0, 5, 5)]);
    }

    #[test]
    fn ring_cut_by_the_border_encloses_nothing() {
        // The background inside reaches the border of the image.
        let found = boxes(&["#...#", "#.#.#", "#...#", "#####"]);
        assert_eq!(found, [(2, 1, 1, 1), (0, 0, 5, 4)]);
    }

    #[test]
    fn branches_that_meet_in_a_lower_row_are_joined() {
        assert_eq!(boxes(&["#.#.#", "#.#.#", "###.#", "..###"]), [(0, 0, 5, 4)]);
        assert_eq!(boxes(&["....#", "..#.#", "#.#.#", "#####"]), [(0, 0, 5, 4)]);
    }

    #[test]
    fn values_up_to_127_are_background() {
        let mask = Coverage::new(GrayImage::from_raw(3, 1, vec![127, 0, 128]).unwrap());
        let expected = Rect {
            x: 2,
            y: 0,
            width: 1,
            height: 1,
        };
        assert_eq!(outer_boxes(&mask), [expected]);
    }

    #[test]
    fn boxes_match_opencv() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/goldens/contours.json"
        );
        let list: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let list = list.as_array().unwrap();
        assert!(!list.is_empty());
        for entry in list {
            let rows: Vec<_> = entry["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row.as_str().unwrap())
                .collect();
            let found: Vec<_> = outer_boxes(&mask(&rows))
                .iter()
                .map(|b| serde_json::json!([b.x, b.y, b.x + b.width, b.y + b.height]))
                .collect();
            assert_eq!(entry["boxes"], serde_json::Value::Array(found), "{rows:#?}");
        }
    }
}
