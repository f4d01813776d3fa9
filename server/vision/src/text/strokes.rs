//! Segmentation of the strokes of letters, with outline and shadow, around one text region.
//!
//! The background's colour is modelled per pixel by mean and variance in a window, first over the ring around
//! the region, then also over the pixels inside that fit: local adaptive thresholding (Sauvola and
//! Pietikainen, "Adaptive document image binarization", 2000) in colour, with the ring as the only assumption
//! on polarity. Letters of several colours differ from the background in each of them.

use iopaint_imaging::{Mask, Rect, RgbImage, morphology::dilate};

use super::geometry::{RotatedRect, for_each_row};
use super::moments::Moments;

/// Distance between the detected rectangle and the ring, as a fraction of the rectangle's height: room for
/// descenders and accents that the detector cuts off.
const CLEARANCE: f32 = 0.12;
/// Distance between the detected rectangle and the ring's outer border, as a fraction of its height.
const RING: f32 = 0.45;
/// Reach of the window of the first pass, as a fraction of the height: from the middle of a line to the ring.
const FIRST_REACH: f32 = 1.0;
/// Reach of the window of later passes, as a fraction of the height: about the width of a letter.
const REACH: f32 = 0.6;
/// Passes. The third changes few pixels of the evaluation's scenes; a fourth hardly any.
const PASSES: usize = 3;
/// Weight of the mean of all background pixels in a window's mean, as a fraction of a full window. It decides
/// where a window has no background pixels.
const PRIOR: f32 = 0.02;
/// Distance to the background, in standard deviations, from which a pixel belongs to a stroke.
const STROKE: f32 = 2.6;
/// The same as a fraction of the median distance of the region's strokes, if that is more: texture behind
/// letters of high contrast has less.
const CONTRAST_SHARE: f32 = 0.4;
/// The same beside a stroke: antialiased edges and soft shadows.
const FRINGE: f32 = 1.6;
/// Reach of edges and shadows beside a stroke, as a fraction of the height.
const FRINGE_REACH: f32 = 0.05;
/// Dilation in pixels, and its increase per pixel of height: blurred edges and traces of compression.
const MARGIN_PX: f32 = 0.7;
const MARGIN: f32 = 0.02;
/// A colour belongs to the background if its share of the ring's outliers is more than this fraction of its
/// share of the strokes: branches, wires and edges that pass behind the text.
const BACKGROUND_SHARE: f32 = 0.5;
/// Height in pixels below which colours aren't compared: the antialiased strokes of small letters are
/// mixtures with the background.
const MIN_COLOUR_HEIGHT: f32 = 20.0;
/// Fraction of the region below which strokes count as not found.
const MIN_INK: f32 = 0.04;
/// Bits of a channel that a colour's bin ignores: 8 levels per channel.
const BIN_SHIFT: u8 = 5;
/// Levels of a channel.
const LEVELS: usize = 256 >> BIN_SHIFT;
/// Bins of all colours.
const BINS: usize = LEVELS.pow(3);

/// The kind of a pixel around a text region.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Outside the ring, or in another region.
    Ignored,
    /// In the ring of background around the region.
    Ring,
    /// In the region.
    Inside,
}

/// The pixels around a text region.
struct Surroundings<'a> {
    image: &'a RgbImage,
    rect: Rect,
    kinds: Vec<Kind>,
}

/// Returns the mask of the strokes in and near `text`, dilated by `growth_px` in addition to the strokes' own
/// margin, with its position in the image; `None` if the region lies outside the image.
///
/// Pixels of `occupied`, the mask of all regions, don't count as background. If the strokes don't stand out
/// from the background, the result is the whole region.
pub fn stroke_mask(
    image: &RgbImage,
    text: &RotatedRect,
    occupied: &Mask,
    growth_px: u8,
) -> Option<(Rect, Mask)> {
    let height = text.short_side();
    let around = Surroundings::new(image, text, occupied, growth_px)?;
    let (width, rows) = (around.rect.width, around.rect.height);
    let found = match around.strokes(&around.distances(height), height) {
        Some(strokes) => Mask::from_flags(width, rows, strokes)?,
        None => Mask::from_flags(width, rows, around.kinds.iter().map(|kind| *kind == Kind::Inside))?,
    };
    let margin = radius(MARGIN_PX + MARGIN * height).max(1);
    Some((around.rect, dilate(&found, margin.saturating_add(growth_px))))
}

/// Rounds a length to a radius of morphological operations.
fn radius(length: f32) -> u8 {
    length.round() as u8
}

impl<'a> Surroundings<'a> {
    fn new(image: &'a RgbImage, text: &RotatedRect, occupied: &Mask, growth_px: u8) -> Option<Self> {
        let height = text.short_side();
        let inner = text.grown(CLEARANCE * height + 1.0);
        let outer = text.grown(RING * height + 3.0);
        let rect = outer.grown(f32::from(growth_px)).bounds(image.dimensions())?;
        let (width, rows) = (rect.width as usize, rect.height as usize);
        let mut kinds = vec![Kind::Ignored; width * rows];
        let image_size = (image.width() as usize, image.height() as usize);
        let mut mark = |shape: &RotatedRect, kind: Kind| {
            for_each_row(&shape.corners(), image_size, |row, columns| {
                let clip = |x: usize| x.saturating_sub(rect.x as usize).min(width);
                let start = row.saturating_sub(rect.y as usize) * width;
                let target = kinds.get_mut(start + clip(columns.start)..start + clip(columns.end));
                for (target, x) in target.into_iter().flatten().zip(columns) {
                    if kind == Kind::Inside || !occupied.is_hole(x as u32, row as u32) {
                        *target = kind;
                    }
                }
            });
        };
        mark(&outer, Kind::Ring);
        mark(&inner, Kind::Inside);
        Some(Self { image, rect, kinds })
    }

    /// Returns each pixel's distance to the background's colour, in standard deviations.
    fn distances(&self, height: f32) -> Vec<f32> {
        let mut background: Vec<bool> = self.kinds.iter().map(|kind| *kind == Kind::Ring).collect();
        let longest = self.rect.width.max(self.rect.height) as usize;
        let mut distances = Vec::new();
        for pass in 0..PASSES {
            let reach = height * if pass == 0 { FIRST_REACH } else { REACH };
            distances = self.distances_to(&background, (reach.round() as usize).clamp(2, longest.max(2)));
            for ((background, kind), distance) in background.iter_mut().zip(&self.kinds).zip(&distances) {
                *background = match kind {
                    Kind::Ignored => false,
                    Kind::Ring => true,
                    Kind::Inside => *distance <= STROKE,
                };
            }
        }
        distances
    }

    /// Returns each pixel's distance to the background pixels' colour in the window that reaches `reach`
    /// pixels to each side.
    fn distances_to(&self, background: &[bool], reach: usize) -> Vec<f32> {
        let (width, height) = (self.rect.width as usize, self.rect.height as usize);
        let mut columns = vec![Moments::default(); width];
        let mut all = Moments::default();
        for y in 0..height {
            for (x, pixel) in self.row(y).iter().enumerate() {
                all.add(*pixel, background[y * width + x]);
            }
        }
        let prior = PRIOR * (2 * reach + 1).pow(2) as f32;
        let mut distances = Vec::with_capacity(width * height);
        let (mut top, mut bottom) = (0, 0);
        for y in 0..height {
            while bottom < (y + reach + 1).min(height) {
                let flags = &background[bottom * width..];
                for ((column, pixel), flag) in columns.iter_mut().zip(self.row(bottom)).zip(flags) {
                    column.add(*pixel, *flag);
                }
                bottom += 1;
            }
            while top < y.saturating_sub(reach) {
                let flags = &background[top * width..];
                for ((column, pixel), flag) in columns.iter_mut().zip(self.row(top)).zip(flags) {
                    column.remove(*pixel, *flag);
                }
                top += 1;
            }
            let mut window = Moments::default();
            for column in columns.iter().take(reach) {
                window.merge(column);
            }
            for (x, pixel) in self.row(y).iter().enumerate() {
                if let Some(entering) = columns.get(x + reach) {
                    window.merge(entering);
                }
                if let Some(leaving) = x.checked_sub(reach + 1).and_then(|x| columns.get(x)) {
                    window.subtract(leaving);
                }
                distances.push(window.distance(*pixel, &all, prior));
            }
        }
        distances
    }

    /// Returns a row's pixels.
    fn row(&self, y: usize) -> &[[u8; 3]] {
        let pixels = self.image.as_raw().as_chunks::<3>().0;
        let start = (self.rect.y as usize + y) * self.image.width() as usize + self.rect.x as usize;
        pixels
            .get(start..start + self.rect.width as usize)
            .unwrap_or_default()
    }

    /// Returns the bin of a pixel's colour.
    fn bin(&self, at: usize) -> usize {
        let width = self.rect.width as usize;
        let pixel = self.row(at / width).get(at % width).copied().unwrap_or_default();
        pixel
            .iter()
            .fold(0, |bin, sample| bin * LEVELS + usize::from(sample >> BIN_SHIFT))
    }

    /// Returns the flags of the strokes with their fringe; `None` if they don't stand out from the
    /// background.
    fn strokes(&self, distances: &[f32], height: f32) -> Option<Vec<bool>> {
        let thresholds = self.thresholds(distances);
        let area = self.kinds.iter().filter(|kind| **kind == Kind::Inside).count();
        let is_found = |strokes: &[bool]| {
            let ink = strokes.iter().filter(|stroke| **stroke).count();
            ink as f32 >= MIN_INK * area as f32
        };
        let mut background = self.background_colours(distances, &thresholds, height);
        let mut strokes = self.inside_beyond(distances, thresholds.stroke, &background);
        if !is_found(&strokes) {
            // Letters in the colour of something behind them.
            background.fill(false);
            strokes = self.inside_beyond(distances, thresholds.stroke, &background);
        }
        if !is_found(&strokes) {
            return None;
        }
        let strokes = Mask::from_flags(self.rect.width, self.rect.height, strokes)?;
        let near = dilate(&strokes, radius(FRINGE_REACH * height).max(1));
        let fringe = near.flags().enumerate().map(|(at, near)| {
            near && self.kinds[at] != Kind::Ignored
                && distances[at] > thresholds.fringe
                && !background[self.bin(at)]
        });
        Some(
            strokes
                .flags()
                .zip(fringe)
                .map(|(stroke, fringe)| stroke || fringe)
                .collect(),
        )
    }

    /// Returns true for the pixels of the region whose distance is above `threshold` and whose colour isn't
    /// one of the background's.
    fn inside_beyond(&self, distances: &[f32], threshold: f32, background: &[bool]) -> Vec<bool> {
        let pixels = self.kinds.iter().zip(distances).enumerate();
        pixels
            .map(|(at, (kind, distance))| {
                *kind == Kind::Inside && *distance > threshold && !background[self.bin(at)]
            })
            .collect()
    }

    /// Returns the thresholds for the contrast of this region's letters.
    fn thresholds(&self, distances: &[f32]) -> Thresholds {
        let inside = self
            .kinds
            .iter()
            .zip(distances)
            .filter(|(kind, _)| **kind == Kind::Inside);
        let mut strokes: Vec<f32> = inside
            .map(|(_, distance)| *distance)
            .filter(|distance| *distance > STROKE)
            .collect();
        let middle = strokes.len() / 2;
        let median = if strokes.is_empty() {
            0.0
        } else {
            *strokes.select_nth_unstable_by(middle, f32::total_cmp).1
        };
        let stroke = STROKE.max(CONTRAST_SHARE * median);
        Thresholds {
            stroke,
            fringe: stroke * FRINGE / STROKE,
        }
    }

    /// Returns the colours, by bin, that are as frequent among the outliers of the ring as among the strokes.
    fn background_colours(&self, distances: &[f32], thresholds: &Thresholds, height: f32) -> Vec<bool> {
        let (mut strokes, mut outliers) = (vec![0_u32; BINS], vec![0_u32; BINS]);
        let (mut inside, mut ring) = (0_u32, 0_u32);
        if height < MIN_COLOUR_HEIGHT {
            return vec![false; BINS];
        }
        for (at, (kind, distance)) in self.kinds.iter().zip(distances).enumerate() {
            match kind {
                Kind::Ignored => {}
                Kind::Inside => {
                    inside += 1;
                    strokes[self.bin(at)] += u32::from(*distance > thresholds.stroke);
                }
                Kind::Ring => {
                    ring += 1;
                    outliers[self.bin(at)] += u32::from(*distance > thresholds.fringe);
                }
            }
        }
        let share = |count: u32, total: u32| count as f32 / total.max(1) as f32;
        let counts = strokes.into_iter().zip(outliers);
        counts
            .map(|(stroke, outlier)| share(outlier, ring) > BACKGROUND_SHARE * share(stroke, inside))
            .collect()
    }
}

/// Distances to the background, in standard deviations.
struct Thresholds {
    stroke: f32,
    fringe: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> RotatedRect {
        RotatedRect::around(&[(left, top), (right, top), (right, bottom), (left, bottom)]).unwrap()
    }

    /// Returns, for an image of 120 x 60 pixels with one region, the mask at the image's coordinates.
    fn masked(colour: impl Fn(u32, u32) -> [u8; 3], growth_px: u8) -> Mask {
        let image = RgbImage::from_fn(120, 60, |x, y| colour(x, y).into());
        let text = rect(20.0, 18.0, 99.0, 41.0);
        let occupied = Mask::from_fn(120, 60, |x, y| text.contains((x as f32, y as f32)));
        let (at, mask) = stroke_mask(&image, &text, &occupied, growth_px).unwrap();
        Mask::from_fn(120, 60, |x, y| {
            x.checked_sub(at.x)
                .zip(y.checked_sub(at.y))
                .is_some_and(|(x, y)| mask.is_hole(x, y))
        })
    }

    /// A letter: a stroke of 4 pixels around a hollow box.
    fn letter(x: u32, y: u32) -> bool {
        let box_of =
            |margin: u32| (40 + margin..80 - margin).contains(&x) && (20 + margin..40 - margin).contains(&y);
        box_of(0) && !box_of(4)
    }

    #[test]
    fn strokes_are_covered_and_interior_left() {
        let mask = masked(|x, y| if letter(x, y) { [250; 3] } else { [90, 100, 110] }, 0);
        for (x, y) in (0..60).flat_map(|y| (0..120).map(move |x| (x, y))) {
            assert!(mask.is_hole(x, y) || !letter(x, y), "{x} {y}");
        }
        assert!(!mask.is_hole(60, 30) && !mask.is_hole(30, 30) && !mask.is_hole(90, 25));
    }

    #[test]
    fn outline_of_another_colour_is_covered() {
        let outline = |x: u32, y: u32| (37..83).contains(&x) && (18..42).contains(&y) && !letter(x, y);
        let colour = |x: u32, y: u32| match (letter(x, y), outline(x, y)) {
            (true, _) => [250, 240, 0],
            (_, true) if !((47..73).contains(&x) && (27..33).contains(&y)) => [0; 3],
            _ => [120; 3],
        };
        let mask = masked(colour, 0);
        assert!(
            [(38, 30), (60, 19), (42, 30), (60, 25)]
                .iter()
                .all(|(x, y)| mask.is_hole(*x, *y))
        );
        assert!(!mask.is_hole(60, 30));
    }

    #[test]
    fn polarity_comes_from_the_ring() {
        let dark = masked(|x, y| if letter(x, y) { [10; 3] } else { [200; 3] }, 0);
        let light = masked(|x, y| if letter(x, y) { [200; 3] } else { [10; 3] }, 0);
        assert_eq!(dark, light);
    }

    #[test]
    fn line_behind_the_text_stays() {
        let is_line = |y: u32| (29..31).contains(&y);
        let colour = |x, y| match (letter(x, y), is_line(y)) {
            (true, _) => [250; 3],
            (_, true) => [20; 3],
            _ => [110; 3],
        };
        let mask = masked(colour, 0);
        assert!(!mask.is_hole(25, 30) && mask.is_hole(41, 25));
    }

    #[test]
    fn invisible_text_masks_the_region() {
        let mask = masked(|_, _| [90; 3], 0);
        assert!(mask.is_hole(20, 18) && mask.is_hole(60, 30) && mask.is_hole(99, 41));
        assert!(!mask.is_hole(60, 8));
    }

    #[test]
    fn growth_dilates() {
        let colour = |x, y| if letter(x, y) { [250; 3] } else { [90; 3] };
        let (mask, grown) = (masked(colour, 0), masked(colour, 3));
        assert!(grown.is_hole(60, 16) && !mask.is_hole(60, 16));
    }
}
