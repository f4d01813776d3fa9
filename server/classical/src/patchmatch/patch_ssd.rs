//! How unlike two patches are.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instructions of the search that calls it"
)]

use super::pixel::Pixel;

/// Pixels from a patch's centre to its edge.
pub(super) const RADIUS: usize = 3;
/// Pixels along a patch's side.
pub(super) const SIDE: usize = 2 * RADIUS + 1;
/// Rows of a patch between two looks at the limit. Most patches are out after the first; rows that are summed without a
/// look are added up at once.
const ROWS: [usize; 3] = [1, 2, 4];

/// The sum of squared differences over the patches around the pixels `a` and `b` of an image of `width` columns;
/// `limit` or more where it reaches `limit` on the way. Both patches lie inside the image.
#[inline(always)]
pub(super) fn distance(pixels: &[Pixel], width: usize, a: usize, b: usize, limit: u32) -> u32 {
    let corner = RADIUS * width + RADIUS;
    let (mut a, mut b) = (a - corner, b - corner);
    let mut sum = 0;
    for rows in ROWS {
        for _ in 0..rows {
            let (Some(row_a), Some(row_b)) = (row(pixels, a), row(pixels, b)) else {
                return u32::MAX;
            };
            sum += row_distance(row_a.as_flattened(), row_b.as_flattened());
            (a, b) = (a + width, b + width);
        }
        if sum >= limit {
            return sum;
        }
    }
    sum
}

#[inline(always)]
fn row(pixels: &[Pixel], start: usize) -> Option<&[Pixel; SIDE]> {
    pixels.get(start..)?.first_chunk()
}

#[inline(always)]
fn row_distance(a: &[u8], b: &[u8]) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let difference = i32::from(i16::from(*a) - i16::from(*b));
            (difference * difference) as u32
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_the_sum_of_squares_over_the_patch() {
        let (width, height) = (20, 9);
        let mut pixels = vec![[10; 8]; width * height];
        let (a, b) = (4 * width + 4, 4 * width + 14);
        assert_eq!(distance(&pixels, width, a, b, u32::MAX), 0);
        pixels[a][0] = 255;
        pixels[b + RADIUS * width + RADIUS][4] = 7;
        assert_eq!(distance(&pixels, width, a, b, u32::MAX), 245 * 245 + 9);
        pixels[b + RADIUS + 1][2] = 0;
        assert_eq!(distance(&pixels, width, a, b, u32::MAX), 245 * 245 + 9);
    }

    #[test]
    fn what_reaches_the_limit_is_not_followed_further() {
        let mut pixels = vec![[0; 8]; 9 * 20];
        for pixel in pixels.chunks_exact_mut(20).flat_map(|row| &mut row[10..]) {
            *pixel = [255; 8];
        }
        let whole = 255 * 255 * 8 * (SIDE * SIDE) as u32;
        assert_eq!(distance(&pixels, 20, 4 * 20 + 4, 4 * 20 + 14, whole + 1), whole);
        assert_eq!(
            distance(&pixels, 20, 4 * 20 + 4, 4 * 20 + 14, 1),
            whole / SIDE as u32
        );
    }
}
