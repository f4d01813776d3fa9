//! Relations between regions: lines of text in an object, and parts of a line.

use super::evidence::LINE;
use super::geometry::RotatedRect;

/// Ratio of the heights of a region and of lines of text in it from which it is an object with text on it, or
/// several lines.
const MUCH_LOWER: f32 = 3.0;
/// Such lines that a region may contain: parts of its letters.
pub const MAX_LINES: usize = 1;
/// Largest ratio of the heights of two parts of a line.
const SAME_HEIGHT: f32 = 1.4;
/// Largest gap between two parts of a line, and largest offset across it, as fractions of its height.
const LINE_GAP: f32 = 0.5;
const LINE_OFFSET: f32 = 0.25;

/// Returns the number of regions in `rect`, by their centres, that are much lower.
pub fn lines_in(rect: &RotatedRect, known: &[RotatedRect]) -> usize {
    let is_line = |line: &&RotatedRect| {
        line.short_side() * MUCH_LOWER < rect.short_side() && rect.contains(line.centre())
    };
    known.iter().filter(is_line).count()
}

/// Returns true if `part` continues the text in `line` beyond one of its ends.
pub fn continues(line: &RotatedRect, part: &RotatedRect) -> bool {
    let height = line.short_side();
    let ratio = part.short_side() / height.max(1.0);
    let axis = line.longer_axis();
    let (from, to) = (line.centre(), part.centre());
    let offset = (to.0 - from.0, to.1 - from.1);
    let along = (offset.0 * axis.0 + offset.1 * axis.1).abs();
    let across = (offset.1 * axis.0 - offset.0 * axis.1).abs();
    let gap = along - line.long_side().midpoint(part.long_side());
    line.aspect_ratio() >= LINE
        && (1.0 / SAME_HEIGHT..=SAME_HEIGHT).contains(&ratio)
        && gap <= LINE_GAP * height
        && across <= LINE_OFFSET * height
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, width: f32, height: f32) -> RotatedRect {
        let (right, bottom) = (left + width, top + height);
        RotatedRect::around(&[(left, top), (right, top), (right, bottom), (left, bottom)]).unwrap()
    }

    #[test]
    fn objects_with_text_on_them_are_not_letters() {
        let object = rect(0.0, 0.0, 900.0, 300.0);
        let lines = [rect(100.0, 40.0, 300.0, 50.0), rect(100.0, 140.0, 300.0, 50.0)];
        let letters = [rect(10.0, 10.0, 200.0, 280.0), rect(950.0, 40.0, 300.0, 50.0)];
        assert!(lines_in(&object, &lines) > MAX_LINES);
        assert!(lines_in(&object, &letters) <= MAX_LINES);
    }

    #[test]
    fn parts_continue_lines() {
        let line = rect(300.0, 100.0, 400.0, 100.0);
        assert!(continues(&line, &rect(120.0, 110.0, 140.0, 95.0)));
        assert!(continues(&line, &rect(730.0, 90.0, 100.0, 110.0)));
        let others = [
            ("far", rect(60.0, 100.0, 140.0, 100.0)),
            ("below", rect(120.0, 150.0, 140.0, 100.0)),
            ("high", rect(120.0, 75.0, 150.0, 150.0)),
            ("low", rect(180.0, 120.0, 80.0, 60.0)),
        ];
        for (name, part) in &others {
            assert!(!continues(&line, part), "{name}");
        }
        assert!(!continues(
            &rect(300.0, 100.0, 110.0, 100.0),
            &rect(180.0, 100.0, 110.0, 100.0)
        ));
    }
}
