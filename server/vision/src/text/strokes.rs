//! Segmentation of the strokes of letters, with outline and shadow, around one text region by their colours.
//!
//! Constants without another origin were set together on the tuning scenes of models/eval/text
//! (docs/text.md), without a comparison of each.

use iopaint_imaging::{
    Mask, Rect, RgbImage,
    morphology::{dilate, erode},
};

use super::colours::Palette;
use super::geometry::{RotatedRect, for_each_row};
use super::samples::{Kind, Samples};

/// Height of regions in pixels below which the mask is the whole region: the strokes of smaller letters are
/// mixtures with the background. Mean recall of letters of 10 and 14 pixels rises from 0.77 to 0.88 by it.
pub const MIN_HEIGHT: f32 = 26.0;
/// Probability from which a sample belongs to a letter.
const LETTER: f32 = 0.5;
/// Radius of discs that no stroke contains, as a fraction of the height: larger parts are objects in the
/// letters' colours. Strokes of the boldest fonts are a fifth of the height wide.
const BLOB: f32 = 0.15;
/// Fractions of the region between which the letters' share must lie; else they count as not found.
const INK: std::ops::Range<f32> = 0.05..0.65;
/// Reach of outlines beside letters, as a fraction of the height.
const OUTLINE_REACH: f32 = 0.07;
/// Ratio of a colour's frequency beside the letters and further away from which it is that of an outline.
const OUTLINE_ODDS: f32 = 4.0;
/// Offsets at which shadows are searched, as fractions of the height.
const SHADOW_OFFSETS: [f32; 2] = [0.05, 0.09];
/// Directions in which shadows are searched.
const DIRECTIONS: u8 = 8;
/// Loss of brightness on one side of the letters, compared with the other side, from which that is a shadow.
const SHADOW: f32 = 0.12;
/// Length of the shadow, blur included, as a multiple of the offset.
const SHADOW_LENGTH: f32 = 1.3;
/// Samples that a side of the letters must have to be compared.
const MIN_SIDE_SAMPLES: u32 = 20;
/// Interpolated value from which a pixel belongs to the mask: below 0.5, since the samples at the edges of
/// letters are mixtures.
const AT_EDGE: f32 = 0.4;
/// Dilation in pixels, and its increase per pixel of height: blurred edges and traces of compression.
const MARGIN_PX: f32 = 1.0;
const MARGIN: f32 = 0.01;

/// Returns the mask of the strokes in and near `text`, with its position in the image: a rectangle with
/// `growth_px` additional pixels on each side. `None` if the region lies outside the image.
///
/// Pixels of `occupied`, the mask of all regions, don't count as background. If the strokes don't stand out
/// from the background, or the region is small, the result is the whole region.
pub fn stroke_mask(
    image: &RgbImage,
    text: &RotatedRect,
    occupied: &Mask,
    growth_px: u8,
) -> Option<(Rect, Mask)> {
    let samples = Samples::new(image, text, occupied, growth_px)?;
    let height = text.short_side();
    let strokes = if height < MIN_HEIGHT {
        None
    } else {
        strokes(&samples)
    };
    let found = match strokes {
        Some(strokes) => samples.to_pixels(&strokes, AT_EDGE),
        None => whole(text, samples.rect, image.dimensions()),
    };
    let margin = radius(MARGIN_PX + MARGIN * height);
    Some((samples.rect, dilate(&found, margin)))
}

/// Rounds a length to a radius of morphological operations, at least 1.
fn radius(length: f32) -> u8 {
    length.round().max(1.0) as u8
}

/// Returns the mask of the region itself in `rect`.
fn whole(text: &RotatedRect, rect: Rect, (width, height): (u32, u32)) -> Mask {
    let mut mask = Mask::empty(rect.width, rect.height);
    for_each_row(
        &text.corners(),
        (width as usize, height as usize),
        |row, columns| {
            let left = rect.x as usize;
            if let Some(row) = row.checked_sub(rect.y as usize) {
                mask.fill_row(
                    row,
                    columns.start.saturating_sub(left)..columns.end.saturating_sub(left),
                );
            }
        },
    );
    mask
}

/// Returns the mask of the letters with outline and shadow; `None` if no letters are found.
fn strokes(samples: &Samples) -> Option<Mask> {
    let palette = Palette::new(samples);
    let probabilities = palette.letters()?;
    let flags = probabilities.iter().map(|probability| *probability > LETTER);
    let letters = without_blobs(&masked(samples, flags)?, radius(BLOB * samples.height));
    let is_core = samples.kinds.iter().map(|kind| *kind == Kind::Core);
    let count = |flags: &mut dyn Iterator<Item = bool>| flags.filter(|flag| *flag).count() as f32;
    let ink = count(
        &mut letters
            .flags()
            .zip(is_core.clone())
            .map(|(letter, core)| letter && core),
    );
    if !INK.contains(&(ink / count(&mut is_core.clone()).max(1.0))) {
        return None;
    }
    let outlined = with_outline(samples, &palette, &letters)?;
    with_shadow(samples, outlined)
}

fn masked(samples: &Samples, flags: impl IntoIterator<Item = bool>) -> Option<Mask> {
    Mask::from_flags(samples.columns as u32, samples.rows as u32, flags)
}

/// Removes parts that contain a disc of `radius`.
fn without_blobs(mask: &Mask, radius: u8) -> Mask {
    let blobs = dilate(&erode(mask, radius), radius.saturating_add(radius / 2));
    Mask::from_fn(mask.width(), mask.height(), |x, y| {
        mask.is_hole(x, y) && !blobs.is_hole(x, y)
    })
}

/// Adds the samples beside the letters whose colour is more frequent there than further away.
fn with_outline(samples: &Samples, palette: &Palette<'_>, letters: &Mask) -> Option<Mask> {
    let reach = radius(OUTLINE_REACH * samples.height);
    let close = dilate(letters, reach);
    let closer = dilate(letters, reach.saturating_mul(2));
    let known = || samples.kinds.iter().map(|kind| *kind != Kind::Ignored);
    let near = letters.flags().zip(close.flags()).zip(known());
    let near: Vec<bool> = near
        .map(|((letter, close), known)| close && !letter && known)
        .collect();
    let far: Vec<bool> = closer
        .flags()
        .zip(known())
        .map(|(close, known)| !close && known)
        .collect();
    let outline = palette.distinct(&near, &far, OUTLINE_ODDS);
    masked(
        samples,
        letters
            .flags()
            .zip(outline)
            .map(|(letter, outline)| letter || outline),
    )
}

/// Adds the letters' shadow: the direction in which the samples beside them are darkest, if those on the
/// opposite side are brighter.
fn with_shadow(samples: &Samples, letters: Mask) -> Option<Mask> {
    let (columns, rows) = (samples.columns as i32, samples.rows as i32);
    let flags: Vec<bool> = letters.flags().collect();
    let is_letter = |x: i32, y: i32| {
        (0..columns).contains(&x) && (0..rows).contains(&y) && flags[(y * columns + x) as usize]
    };
    let loss = |(dx, dy): (i32, i32)| {
        let (mut sums, mut counts) = ([0.0_f32; 2], [0_u32; 2]);
        for (at, colour) in samples.colours.iter().enumerate() {
            let (x, y) = (at as i32 % columns, at as i32 / columns);
            let sides = (is_letter(x - dx, y - dy), is_letter(x + dx, y + dy));
            if flags[at] || sides.0 == sides.1 {
                continue;
            }
            let side = usize::from(sides.1);
            sums[side] += colour.iter().map(|sample| f32::from(*sample)).sum::<f32>();
            counts[side] += 1;
        }
        let mean = |side: usize| sums[side] / counts[side].max(1) as f32;
        let is_comparable = counts.iter().all(|count| *count >= MIN_SIDE_SAMPLES);
        if is_comparable {
            1.0 - mean(0) / mean(1).max(3.0)
        } else {
            0.0
        }
    };
    let offsets = SHADOW_OFFSETS.iter().flat_map(|offset| {
        let length = (offset * samples.height).max(1.0);
        (0..DIRECTIONS).map(move |direction| {
            let angle = f32::from(direction) * std::f32::consts::TAU / f32::from(DIRECTIONS);
            (
                (length * angle.cos()).round() as i32,
                (length * angle.sin()).round() as i32,
            )
        })
    });
    let losses = offsets.map(|offset| (loss(offset), offset));
    let Some((darkest, (dx, dy))) = losses.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Some(letters);
    };
    if darkest < SHADOW {
        return Some(letters);
    }
    let longer = dx.abs().max(dy.abs()).max(1);
    let steps = 0..=(longer as f32 * SHADOW_LENGTH) as i32;
    let shadowed = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
    masked(
        samples,
        shadowed.map(|(x, y)| {
            let mut steps = steps.clone();
            steps.any(|step| is_letter(x - dx * step / longer, y - dy * step / longer))
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> RotatedRect {
        RotatedRect::around(&[(left, top), (right, top), (right, bottom), (left, bottom)]).unwrap()
    }

    /// Returns, for an image of 120 x 60 pixels with one region, the mask at the image's coordinates.
    fn masked(colour: impl Fn(u32, u32) -> [u8; 3]) -> Mask {
        let image = RgbImage::from_fn(120, 60, |x, y| colour(x, y).into());
        let text = rect(20.0, 14.0, 99.0, 45.0);
        let occupied = Mask::from_fn(120, 60, |x, y| text.contains((x as f32, y as f32)));
        let (at, mask) = stroke_mask(&image, &text, &occupied, 0).unwrap();
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
        let mask = masked(|x, y| if letter(x, y) { [250; 3] } else { [90, 100, 110] });
        for (x, y) in (0..60).flat_map(|y| (0..120).map(move |x| (x, y))) {
            assert!(mask.is_hole(x, y) || !letter(x, y), "{x} {y}");
        }
        assert!(!mask.is_hole(60, 30) && !mask.is_hole(30, 30) && !mask.is_hole(90, 25));
    }

    #[test]
    fn outline_of_another_colour_is_covered() {
        let outline = |x: u32, y: u32| (38..82).contains(&x) && (18..42).contains(&y) && !letter(x, y);
        let colour = |x: u32, y: u32| match (letter(x, y), outline(x, y)) {
            (true, _) => [250, 240, 0],
            (_, true) if !((46..74).contains(&x) && (26..34).contains(&y)) => [0; 3],
            _ => [120; 3],
        };
        let mask = masked(colour);
        assert!(
            [(38, 30), (60, 19), (42, 30), (60, 25)]
                .iter()
                .all(|(x, y)| mask.is_hole(*x, *y))
        );
        assert!(!mask.is_hole(60, 30));
    }

    #[test]
    fn polarity_comes_from_the_ring() {
        let dark = masked(|x, y| if letter(x, y) { [10; 3] } else { [200; 3] });
        let light = masked(|x, y| if letter(x, y) { [200; 3] } else { [10; 3] });
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
        let mask = masked(colour);
        assert!(!mask.is_hole(25, 30) && mask.is_hole(41, 25));
    }

    #[test]
    fn invisible_text_masks_the_region() {
        let mask = masked(|_, _| [90; 3]);
        assert!(mask.is_hole(20, 18) && mask.is_hole(60, 30) && mask.is_hole(99, 41));
        assert!(!mask.is_hole(60, 8));
    }

    #[test]
    fn shadow_is_covered() {
        let colour = |x: u32, y: u32| match (letter(x, y), letter(x.wrapping_sub(2), y.wrapping_sub(2))) {
            (true, _) => [250; 3],
            (_, true) => [60; 3],
            _ => [140; 3],
        };
        let mask = masked(colour);
        assert!(mask.is_hole(81, 30) && mask.is_hole(60, 41));
        assert!(!mask.is_hole(37, 30));
    }

    #[test]
    fn larger_object_in_the_letters_colour_stays() {
        let object = |x: u32, y: u32| (84..99).contains(&x) && (21..37).contains(&y);
        let mask = masked(|x, y| {
            if letter(x, y) || object(x, y) {
                [250; 3]
            } else {
                [90; 3]
            }
        });
        assert!(mask.is_hole(41, 30) && !mask.is_hole(91, 29));
    }
}
