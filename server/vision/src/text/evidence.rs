//! Evidence of letters in a region, from the stroke network's probabilities.
//!
//! The detector takes objects for letters if it sees them small enough, whole photographs included. The
//! stroke network is certain of the strokes of letters, and undecided about edges and textures of objects.

use std::ops::Range;

use super::geometry::RotatedRect;
use super::patch::Patch;

/// Smallest certainty of text. Set on scenes of models/eval/text and on photographs without text
/// (docs/text.md), as the constants below.
const MIN_CERTAINTY: f32 = 0.6;
/// Smallest certainty of a line in regions that the detector is unsure about. The lines of the photographs
/// without text have at most 0.70 (docs/text.md).
const MIN_UNSURE_CERTAINTY: f32 = 0.72;
/// Ratio of the longer to the shorter side below which a region is nearly square, as objects are.
pub const LINE: f32 = 1.7;
/// Smallest certainty in a nearly square region: `SQUARE.0`, plus `SQUARE.1` times its height as a fraction
/// of the image's shorter side, at most `SQUARE.2`.
const SQUARE: (f32, f32, f32) = (0.55, 1.1, 0.9);
/// Fraction of a region that letters cover at least, if the detector didn't find it.
const MIN_INK: f32 = 0.05;
/// Fraction of the columns beside a region that strokes cover at least, if the text continues there. Set
/// without a comparison; extension of all ends gives nearly the same masks (docs/text.md).
const MIN_STROKES: f32 = 0.01;
/// Largest fraction of a region that letters cover: textures cover more. With 0.7, two texts at half opacity
/// of the tuning scenes are rejected.
const MAX_INK: f32 = 0.8;
/// Probability from which a sample is ink.
const INK: f32 = 0.5;

/// The conclusion from the evidence in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Text,
    /// Text if the region continues a line, an object otherwise.
    PartOfLine,
    Object,
}

/// The properties of the strokes in a region that distinguish letters from objects.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Mean of the samples' probabilities, weighted by themselves, 0 to 1.
    certainty: f32,
    /// Fraction of the region that strokes cover.
    ink: f32,
}

impl Evidence {
    /// Returns the evidence in the region of `patch` from the probabilities of its samples.
    pub fn of(patch: &Patch, probabilities: &[f32]) -> Self {
        Self::in_columns(patch, probabilities, patch.region_columns())
    }

    /// Returns the evidence in some columns of the samples of a region.
    pub fn in_columns(patch: &Patch, probabilities: &[f32], columns: Range<usize>) -> Self {
        let (mut sum, mut squares) = (0.0_f32, 0.0_f32);
        let (mut ink, mut count) = (0_usize, 0_usize);
        for row in Patch::region_rows() {
            let start = row * patch.columns();
            let values = probabilities.get(start + columns.start..start + columns.end);
            for value in values.unwrap_or_default() {
                sum += value;
                squares += value * value;
                ink += usize::from(*value >= INK);
                count += 1;
            }
        }
        Self {
            certainty: squares / sum.max(f32::MIN_POSITIVE),
            ink: ink as f32 / count.max(1) as f32,
        }
    }

    /// Returns the mean of the samples' probabilities, weighted by themselves, 0 to 1.
    pub fn certainty(self) -> f32 {
        self.certainty
    }

    /// Returns true for letters of at least `min_certainty`, where the detector found none.
    pub fn is_letters(self, min_certainty: f32) -> bool {
        self.certainty >= min_certainty && (MIN_INK..=MAX_INK).contains(&self.ink)
    }

    /// Returns true if there are strokes.
    pub fn has_strokes(self) -> bool {
        self.ink >= MIN_STROKES
    }

    /// Returns the verdict on a region that the detector is unsure about.
    pub fn verdict_on_unsure(self, region: &RotatedRect) -> Verdict {
        let is_line = region.aspect_ratio() >= LINE;
        if is_line && self.certainty >= MIN_UNSURE_CERTAINTY && self.ink <= MAX_INK {
            Verdict::Text
        } else {
            Verdict::Object
        }
    }

    /// Returns the verdict on `region` in an image of `width` x `height` pixels.
    pub fn verdict(self, region: &RotatedRect, (width, height): (u32, u32)) -> Verdict {
        if self.certainty < MIN_CERTAINTY || self.ink > MAX_INK {
            return Verdict::Object;
        }
        let height = region.short_side() / width.min(height).max(1) as f32;
        let is_line = region.aspect_ratio() >= LINE;
        if is_line || self.certainty >= (SQUARE.0 + SQUARE.1 * height).min(SQUARE.2) {
            Verdict::Text
        } else {
            Verdict::PartOfLine
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::patch::ROWS;

    /// Returns true if a region of `width` x 64 pixels with strokes of this probability is text in an image
    /// with sides of `side` pixels.
    fn is_text_with(width: f32, side: u32, probability: f32) -> bool {
        let corners = [(0.0, 0.0), (width, 0.0), (width, 64.0), (0.0, 64.0)];
        let region = RotatedRect::around(&corners).unwrap();
        let patch = Patch::around(&region).unwrap();
        let columns = patch.columns();
        let values = (0..ROWS * columns).map(|at| {
            let is_stroke = at % columns % 20 < 6;
            if is_stroke { probability } else { 0.02 }
        });
        let found = Evidence::of(&patch, &values.collect::<Vec<f32>>());
        found.verdict(&region, (side, 2 * side)) == Verdict::Text
    }

    #[test]
    fn certain_strokes_are_letters() {
        assert!(is_text_with(256.0, 500, 0.75) && is_text_with(64.0, 500, 0.75));
    }

    #[test]
    fn undecided_strokes_are_not_letters() {
        assert!(!is_text_with(256.0, 500, 0.55) && !is_text_with(256.0, 500, 0.0));
    }

    #[test]
    fn square_regions_need_more_certainty() {
        assert!(!is_text_with(64.0, 100, 0.75) && is_text_with(64.0, 100, 0.99));
        assert!(is_text_with(256.0, 100, 0.75));
    }

    #[test]
    fn full_regions_are_not_letters() {
        let corners = [(0.0, 0.0), (256.0, 0.0), (256.0, 64.0), (0.0, 64.0)];
        let region = RotatedRect::around(&corners).unwrap();
        let patch = Patch::around(&region).unwrap();
        let found = Evidence::of(&patch, &vec![0.95; ROWS * patch.columns()]);
        assert_eq!(found.verdict(&region, (500, 500)), Verdict::Object, "{found:?}");
    }

    #[test]
    fn strokes_beside_the_region_do_not_count() {
        let corners = [(0.0, 0.0), (256.0, 0.0), (256.0, 64.0), (0.0, 64.0)];
        let patch = Patch::around(&RotatedRect::around(&corners).unwrap()).unwrap();
        let rows = Patch::region_rows();
        let values = (0..ROWS * patch.columns()).map(|at| {
            let is_inside = rows.contains(&(at / patch.columns()));
            if is_inside { 0.3 } else { 1.0 }
        });
        let found = Evidence::of(&patch, &values.collect::<Vec<f32>>());
        assert!(
            (found.certainty - 0.3).abs() < 1e-4 && found.ink < 1e-4,
            "{found:?}"
        );
    }
}
