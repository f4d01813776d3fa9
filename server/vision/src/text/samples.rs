//! The surroundings of a text region at reduced resolution.
//!
//! Constants without another origin were set together on the tuning scenes of models/eval/text
//! (docs/text.md), without a comparison of each.

use iopaint_imaging::{Mask, Rect, RgbImage};

use super::geometry::RotatedRect;

/// Height of a region in samples, at most. Strokes are at least 3 samples wide then, and the time doesn't
/// depend on the size of the letters.
const MAX_HEIGHT: f32 = 64.0;
/// Distance between the detected rectangle and the ring of background, as a fraction of the rectangle's
/// height: room for descenders and accents that the detector cuts off.
const CLEARANCE: f32 = 0.12;
/// Distance between the detected rectangle and the ring's outer border, as a fraction of its height.
const RING: f32 = 0.45;
/// Number of bands along the text: one per height, within these bounds.
const BANDS: (f32, f32) = (3.0, 12.0);

/// The part of a text region's surroundings that a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Beyond the ring, or in another region.
    Ignored,
    /// In the ring of background around the region.
    Ring,
    /// In the clearance between the detected rectangle and the ring.
    Clearance,
    /// In the detected rectangle.
    Core,
}

impl Kind {
    /// Returns true for samples that may belong to a letter.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Clearance | Self::Core)
    }
}

/// The mean colours of squares of pixels around a text region, row-major.
pub struct Samples {
    /// The rectangle of the image, in pixels.
    pub rect: Rect,
    /// Samples per row.
    pub columns: usize,
    /// Rows of samples.
    pub rows: usize,
    /// Height of the region, in samples.
    pub height: f32,
    /// RGB.
    pub colours: Vec<[u8; 3]>,
    /// The parts of the surroundings.
    pub kinds: Vec<Kind>,
    /// The index of each sample's band along the text.
    pub bands: Vec<u8>,
    /// Number of bands.
    pub band_count: usize,
}

impl Samples {
    /// Samples the surroundings of `text`. Pixels of `occupied`, the mask of all regions, don't count as
    /// background; the rectangle has `margin_px` additional pixels on each side. `None` if the region lies
    /// outside the image.
    pub fn new(image: &RgbImage, text: &RotatedRect, occupied: &Mask, margin_px: u8) -> Option<Self> {
        let height = text.short_side().max(1.0);
        let inner = text.grown(CLEARANCE * height + 1.0);
        let outer = text.grown(RING * height + 3.0);
        let rect = outer.grown(f32::from(margin_px)).bounds(image.dimensions())?;
        let scale = (height / MAX_HEIGHT).max(1.0);
        let count = |side: u32| ((side as f32 / scale).round() as usize).max(1);
        let (columns, rows) = (count(rect.width), count(rect.height));
        let band_count = text.aspect_ratio().round().clamp(BANDS.0, BANDS.1) as usize;
        let mut samples = Self {
            rect,
            columns,
            rows,
            height: height / scale,
            colours: Vec::with_capacity(columns * rows),
            kinds: Vec::with_capacity(columns * rows),
            bands: Vec::with_capacity(columns * rows),
            band_count,
        };
        for row in 0..rows {
            let (top, bottom) = span(row, rows, rect.height);
            for column in 0..columns {
                let (left, right) = span(column, columns, rect.width);
                let pixels = Rect {
                    x: rect.x + left,
                    y: rect.y + top,
                    width: right - left,
                    height: bottom - top,
                };
                let centre = (
                    pixels.x as f32 + (pixels.width as f32 - 1.0) / 2.0,
                    pixels.y as f32 + (pixels.height as f32 - 1.0) / 2.0,
                );
                samples.colours.push(mean_colour(image, pixels));
                samples.kinds.push(if text.contains(centre) {
                    Kind::Core
                } else if inner.contains(centre) {
                    Kind::Clearance
                } else if outer.contains(centre) && !occupied.is_hole(centre.0 as u32, centre.1 as u32) {
                    Kind::Ring
                } else {
                    Kind::Ignored
                });
                let band = text.along_longer_side(centre) * band_count as f32;
                samples.bands.push(band.clamp(0.0, band_count as f32 - 1.0) as u8);
            }
        }
        Some(samples)
    }

    /// Returns a mask of the samples as one of the rectangle's pixels, by bilinear interpolation, of values
    /// from `threshold` of 1.
    pub fn to_pixels(&self, mask: &Mask, threshold: f32) -> Mask {
        if (self.columns, self.rows) == (self.rect.width as usize, self.rect.height as usize) {
            return mask.clone();
        }
        let across = taps(self.columns, self.rect.width);
        let down = taps(self.rows, self.rect.height);
        let value = |x: usize, y: usize| f32::from(u8::from(mask.is_hole(x as u32, y as u32)));
        Mask::from_fn(self.rect.width, self.rect.height, |x, y| {
            let (left, right, to_right) = across[x as usize];
            let (above, below, downwards) = down[y as usize];
            let mix = |row: usize| value(left, row) * (1.0 - to_right) + value(right, row) * to_right;
            mix(above) * (1.0 - downwards) + mix(below) * downwards >= threshold
        })
    }
}

/// Returns the pixels of the sample `index` of `count` on a side of `length` pixels.
fn span(index: usize, count: usize, length: u32) -> (u32, u32) {
    let start = |index: usize| (index * length as usize / count) as u32;
    (start(index), start(index + 1).max(start(index) + 1).min(length))
}

/// Returns, for each of `length` pixels, the two neighbours among `count` samples and the weight of the
/// second.
fn taps(count: usize, length: u32) -> Vec<(usize, usize, f32)> {
    let last = count.saturating_sub(1);
    let tap = |pixel: u32| {
        let at = ((pixel as f32 + 0.5) * count as f32 / length as f32 - 0.5).clamp(0.0, last as f32);
        let first = at as usize;
        (first, (first + 1).min(last), at - first as f32)
    };
    (0..length).map(tap).collect()
}

/// Returns the mean colour of a rectangle of the image.
fn mean_colour(image: &RgbImage, rect: Rect) -> [u8; 3] {
    let pixels = image.as_raw().as_chunks::<3>().0;
    let (mut sums, mut count) = ([0_u32; 3], 0_u32);
    for row in rect.y..rect.y + rect.height {
        let start = row as usize * image.width() as usize + rect.x as usize;
        for pixel in pixels.get(start..start + rect.width as usize).unwrap_or_default() {
            for (sum, sample) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*sample);
            }
            count += 1;
        }
    }
    sums.map(|sum| ((sum + count / 2) / count.max(1)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(width: u32, height: u32, corners: [(f32, f32); 4]) -> Samples {
        let image = RgbImage::from_fn(width, height, |x, _| [(x % 2 * 100) as u8, 7, 255].into());
        let text = RotatedRect::around(&corners).unwrap();
        Samples::new(&image, &text, &Mask::empty(width, height), 0).unwrap()
    }

    #[test]
    fn small_text_keeps_its_pixels() {
        let found = samples(90, 40, [(20.0, 10.0), (60.0, 10.0), (60.0, 20.0), (20.0, 20.0)]);
        assert_eq!(
            (found.columns, found.rows),
            (found.rect.width as usize, found.rect.height as usize)
        );
        let at = |x: u32, y: u32| {
            found.kinds[((y - found.rect.y) as usize) * found.columns + (x - found.rect.x) as usize]
        };
        assert_eq!(
            (at(40, 15), at(40, 22), at(40, 25)),
            (Kind::Core, Kind::Clearance, Kind::Ring)
        );
        assert_eq!(found.band_count, 4);
    }

    #[test]
    fn large_text_is_reduced_and_restored() {
        let found = samples(
            900,
            400,
            [(100.0, 100.0), (700.0, 100.0), (700.0, 300.0), (100.0, 300.0)],
        );
        assert!((found.height - MAX_HEIGHT).abs() < 1.0);
        assert_eq!(found.colours[found.colours.len() / 2][1..], [7, 255]);
        let flags = found.kinds.iter().map(|kind| *kind == Kind::Core);
        let mask = Mask::from_flags(found.columns as u32, found.rows as u32, flags).unwrap();
        let pixels = found.to_pixels(&mask, 0.5);
        let (x, y) = (found.rect.x, found.rect.y);
        assert!(pixels.is_hole(110 - x, 110 - y) && pixels.is_hole(690 - x, 290 - y));
        assert!(!pixels.is_hole(90 - x, 110 - y) && !pixels.is_hole(710 - x, 290 - y));
    }
}
