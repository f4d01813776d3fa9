//! Sum of squared differences (SSD) of two patches.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the search that calls it"
)]

use super::features::Features;

/// Pixels from a patch's centre to its edge.
pub(super) const PATCH_RADIUS: usize = 3;
/// Side of the square patches, in pixels; 7 as in Barnes et al. 2009.
pub(super) const PATCH_SIDE: usize = 2 * PATCH_RADIUS + 1;
/// Patch rows summed before each early-termination check; they add up to [`PATCH_SIDE`]. Most candidates
/// exceed the limit in the first row, and rows without a check between them vectorise together.
const ROWS_PER_CHECK: [usize; 3] = [1, 2, 4];

/// Returns the SSD over all feature channels of the patches centred on `a` and `b`, which are pixel indices
/// of an image of `width` columns. Stops early and returns a partial sum of at least `limit` once the sum
/// reaches `limit`. Both patches must lie inside the image.
#[inline(always)]
pub(super) fn patch_ssd(pixels: &[Features], width: usize, a: usize, b: usize, limit: u32) -> u32 {
    let corner = PATCH_RADIUS * width + PATCH_RADIUS;
    let (mut a, mut b) = (a - corner, b - corner);
    let mut sum = 0;
    for rows in ROWS_PER_CHECK {
        for _ in 0..rows {
            let (Some(row_a), Some(row_b)) = (row(pixels, a), row(pixels, b)) else {
                return u32::MAX;
            };
            sum += row_ssd(row_a.as_flattened(), row_b.as_flattened());
            (a, b) = (a + width, b + width);
        }
        if sum >= limit {
            return sum;
        }
    }
    sum
}

#[inline(always)]
fn row(pixels: &[Features], start: usize) -> Option<&[Features; PATCH_SIDE]> {
    pixels.get(start..)?.first_chunk()
}

#[inline(always)]
fn row_ssd(a: &[u8], b: &[u8]) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let difference = i32::from(i16::from(*a) - i16::from(*b));
            (difference * difference) as u32
        })
        .sum()
}

/// Clamps a coordinate so that the patch centred on it lies inside a side of `length` pixels.
pub(super) fn clamp_centre(coordinate: usize, length: usize) -> usize {
    coordinate
        .min(length.saturating_sub(PATCH_RADIUS + 1))
        .max(PATCH_RADIUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_squares_over_the_patch() {
        let (width, height) = (20, 9);
        let mut pixels = vec![[10; 8]; width * height];
        let (a, b) = (4 * width + 4, 4 * width + 14);
        assert_eq!(patch_ssd(&pixels, width, a, b, u32::MAX), 0);
        pixels[a][0] = 255;
        pixels[b + PATCH_RADIUS * width + PATCH_RADIUS][4] = 7;
        assert_eq!(patch_ssd(&pixels, width, a, b, u32::MAX), 245 * 245 + 9);
        pixels[b + PATCH_RADIUS + 1][2] = 0;
        assert_eq!(patch_ssd(&pixels, width, a, b, u32::MAX), 245 * 245 + 9);
    }

    #[test]
    fn stops_at_the_limit() {
        let mut pixels = vec![[0; 8]; 9 * 20];
        for pixel in pixels.chunks_exact_mut(20).flat_map(|row| &mut row[10..]) {
            *pixel = [255; 8];
        }
        let whole = 255 * 255 * 8 * (PATCH_SIDE * PATCH_SIDE) as u32;
        assert_eq!(patch_ssd(&pixels, 20, 4 * 20 + 4, 4 * 20 + 14, whole + 1), whole);
        assert_eq!(
            patch_ssd(&pixels, 20, 4 * 20 + 4, 4 * 20 + 14, 1),
            whole / PATCH_SIDE as u32
        );
    }
}
