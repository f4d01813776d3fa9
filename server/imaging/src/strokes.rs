//! Growth of a mask over thin, contrasting structures that it mostly covers: the rest of a letter, a scratch
//! or a wire beside the brush.

use image::{GrayImage, RgbImage};

use crate::components::for_each_component;
use crate::morphology::{dilate, dilate_square};
use crate::{Mask, Rect};

/// Half the side of the structuring element, in pixels: structures up to twice as wide are strokes. Letters
/// of 100 pixels have strokes of some 15.
const HALF_WIDTH: usize = 8;
/// Smallest difference of a stroke from its surroundings in one channel, in levels of 255. The grain of the
/// test photographs stays below it, except for twigs and grass.
const MIN_CONTRAST: u8 = 40;
/// Distance in pixels within which a stroke must end to be added.
const REACH: u8 = 32;
/// Pixels around a stroke that are added with it, for its anti-aliased border.
const BORDER: u8 = 2;

/// Returns the mask with all strokes of which it covers more than half.
///
/// A stroke is an 8-connected component of pixels that a morphological opening or closing of a colour channel
/// changes by at least 40 levels (top-hat and black-hat transform; Serra 1982). Strokes that continue further
/// than 32 pixels beside the mask stay as they are, and so does everything if the mask is empty.
///
/// `image` and `mask` have the same size; the result equals `mask` otherwise.
#[must_use]
pub fn cover_strokes(image: &RgbImage, mask: &Mask) -> Mask {
    let Some(hole) = mask
        .bounding_box()
        .filter(|_| image.dimensions() == mask.dimensions())
    else {
        return mask.clone();
    };
    // The margin of one element lets openings and closings near the reach see all of their surroundings.
    let margin = u32::from(REACH) + 2 * HALF_WIDTH as u32;
    let area = hole.grown_and_clipped(margin, image.dimensions());
    let covered = part_of(mask, area);
    let window = dilate_square(&covered, REACH);
    let mut added = GrayImage::new(area.width, area.height);
    for polarity in [Polarity::Bright, Polarity::Dark] {
        let contrasts = contrast(image, area, polarity);
        let strokes = contrasts
            .iter()
            .zip(window.values())
            .map(|(contrast, inside)| *contrast >= MIN_CONTRAST && *inside > 0);
        let Some(strokes) = Mask::from_flags(area.width, area.height, strokes) else {
            continue;
        };
        for_each_component(&strokes, 1, |stroke, surroundings| {
            let inside = stroke.iter().filter(|at| covered.values()[**at] > 0).count();
            let continues = surroundings
                .iter()
                .any(|at| window.values()[*at] == 0 && contrasts[*at] >= MIN_CONTRAST);
            if 2 * inside > stroke.len() && !continues {
                for at in stroke.iter().filter(|at| covered.values()[**at] == 0) {
                    added[(*at as u32 % area.width, *at as u32 / area.width)].0 = [255];
                }
            }
        });
    }
    let added = dilate(&Mask::from_values(added), BORDER);
    Mask::from_fn(mask.width(), mask.height(), |x, y| {
        let inside =
            (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y);
        mask.is_hole(x, y) || (inside && added.is_hole(x - area.x, y - area.y))
    })
}

/// The sign of a stroke's contrast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    Bright,
    Dark,
}

/// Returns the largest contrast over the channels, per pixel of `area`, row by row.
fn contrast(image: &RgbImage, area: Rect, polarity: Polarity) -> Vec<u8> {
    let width = area.width as usize;
    let mut largest = vec![0_u8; width * area.height as usize];
    for channel in 0..3 {
        let plane: Vec<u8> = (area.y..area.y + area.height)
            .flat_map(|y| (area.x..area.x + area.width).map(move |x| (x, y)))
            .map(|(x, y)| image.get_pixel(x, y).0[channel])
            .map(|value| match polarity {
                Polarity::Bright => value,
                // A closing is the inverse of the opening of the inverse.
                Polarity::Dark => u8::MAX - value,
            })
            .collect();
        let opened = opening(&plane, width);
        for (largest, (value, opened)) in largest.iter_mut().zip(plane.iter().zip(opened)) {
            *largest = (*largest).max(value.saturating_sub(opened));
        }
    }
    largest
}

/// Returns the opening of a plane by the square of side 2 x [`HALF_WIDTH`] + 1.
fn opening(plane: &[u8], width: usize) -> Vec<u8> {
    let eroded = transposed(&sliding(plane, width, u8::min), width);
    let height = plane.len() / width.max(1);
    let eroded = sliding(&eroded, height, u8::min);
    let dilated = transposed(&sliding(&eroded, height, u8::max), height);
    sliding(&dilated, width, u8::max)
}

/// Returns, per pixel, the minimum or maximum of the pixels of its row that are at most [`HALF_WIDTH`] away
/// and within the plane, by the method of van Herk (1992): running extrema of blocks from both ends.
fn sliding(plane: &[u8], width: usize, pick: fn(u8, u8) -> u8) -> Vec<u8> {
    let block = 2 * HALF_WIDTH + 1;
    let mut result = Vec::with_capacity(plane.len());
    let (mut forward, mut backward) = (vec![0; width], vec![0; width]);
    for row in plane.chunks_exact(width.max(1)) {
        for at in 0..width {
            forward[at] = if at % block == 0 {
                row[at]
            } else {
                pick(forward[at - 1], row[at])
            };
        }
        for at in (0..width).rev() {
            backward[at] = if at + 1 == width || (at + 1) % block == 0 {
                row[at]
            } else {
                pick(backward[at + 1], row[at])
            };
        }
        result.extend((0..width).map(|at| {
            let last = (at + HALF_WIDTH).min(width - 1);
            match at.checked_sub(HALF_WIDTH) {
                Some(first) if last - first == block - 1 => pick(backward[first], forward[last]),
                first => row[first.unwrap_or(0)..=last].iter().copied().fold(row[at], pick),
            }
        }));
    }
    result
}

fn transposed(plane: &[u8], width: usize) -> Vec<u8> {
    let height = plane.len() / width.max(1);
    let columns = (0..width).flat_map(|x| (0..height).map(move |y| y * width + x));
    columns.map(|at| plane[at]).collect()
}

/// Returns a rectangle of a mask.
fn part_of(mask: &Mask, area: Rect) -> Mask {
    Mask::from_fn(area.width, area.height, |x, y| {
        mask.is_hole(area.x + x, area.y + y)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIDE: u32 = 160;

    /// A gray image with a black bar of 6 pixels across the middle, from `start` to `end`.
    fn bar(start: u32, end: u32) -> RgbImage {
        RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let inside = (start..end).contains(&x) && (77..83).contains(&y);
            [if inside { 0 } else { 120 }; 3].into()
        })
    }

    /// A mask of the columns from `start` to `end` around the bar.
    fn strip(start: u32, end: u32) -> Mask {
        Mask::from_fn(SIDE, SIDE, |x, y| {
            (start..end).contains(&x) && (70..90).contains(&y)
        })
    }

    #[test]
    fn rest_of_a_stroke_is_covered() {
        let grown = cover_strokes(&bar(40, 120), &strip(30, 105));
        assert!((40..120).all(|x| (77..83).all(|y| grown.is_hole(x, y))));
        assert!(!grown.is_hole(125, 80) && !grown.is_hole(115, 70));
    }

    #[test]
    fn colour_contrast_makes_a_stroke() {
        // Both colours have the same luma.
        let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let inside = (40..120).contains(&x) && (77..83).contains(&y);
            if inside { [200, 40, 60] } else { [60, 110, 70] }.into()
        });
        assert!(cover_strokes(&image, &strip(30, 105)).is_hole(119, 80));
    }

    #[test]
    fn smaller_part_of_a_stroke_grows_nothing() {
        let mask = strip(30, 75);
        assert_eq!(cover_strokes(&bar(40, 120), &mask), mask);
    }

    #[test]
    fn long_wire_ends_at_the_mask() {
        let mask = strip(30, 100);
        assert_eq!(cover_strokes(&bar(0, SIDE), &mask), mask);
    }

    #[test]
    fn wide_structures_are_no_strokes() {
        let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let inside = (40..120).contains(&x) && (60..100).contains(&y);
            [if inside { 0 } else { 120 }; 3].into()
        });
        let mask = strip(30, 105);
        assert_eq!(cover_strokes(&image, &mask), mask);
    }

    #[test]
    fn empty_masks_stay_empty() {
        let mask = Mask::empty(SIDE, SIDE);
        assert_eq!(cover_strokes(&bar(40, 120), &mask), mask);
    }

    fn brute_force(plane: &[u8], width: usize, pick: fn(u8, u8) -> u8) -> Vec<u8> {
        let rows = plane.chunks_exact(width);
        rows.flat_map(|row| {
            (0..width).map(move |at| {
                let window = at.saturating_sub(HALF_WIDTH)..(at + HALF_WIDTH + 1).min(width);
                row[window].iter().copied().fold(row[at], pick)
            })
        })
        .collect()
    }

    proptest! {
        #[test]
        fn sliding_extrema_equal_a_direct_search(
            (width, plane) in (1_usize..60).prop_flat_map(|width| {
                (Just(width), prop::collection::vec(any::<u8>(), width * 3))
            }),
        ) {
            for pick in [u8::min as fn(u8, u8) -> u8, u8::max] {
                prop_assert_eq!(sliding(&plane, width, pick), brute_force(&plane, width, pick));
            }
        }

        #[test]
        fn masks_only_grow(
            pixels in prop::collection::vec(any::<u8>(), 40 * 30 * 3),
            flags in prop::collection::vec(prop::bool::weighted(0.3), 40 * 30),
        ) {
            let image = RgbImage::from_raw(40, 30, pixels).unwrap();
            let mask = Mask::from_flags(40, 30, flags).unwrap();
            let grown = cover_strokes(&image, &mask);
            prop_assert_eq!(grown.dimensions(), mask.dimensions());
            prop_assert!(mask.values().iter().zip(grown.values()).all(|(before, after)| before <= after));
        }
    }
}
