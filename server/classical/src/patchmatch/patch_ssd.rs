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
/// A row of a patch.
type PatchRow = [Features; PATCH_SIDE];

/// Returns the SSD over all feature channels of the patches centred on `a` and `b`, which are pixel indices
/// of an image of `width` columns. Stops early and returns a partial sum of at least `limit` once the sum
/// reaches `limit`. Both patches must lie inside the image.
#[inline(always)]
pub(super) fn patch_ssd(pixels: &[Features], width: usize, a: usize, b: usize, limit: u32) -> u32 {
    let corner = PATCH_RADIUS * width + PATCH_RADIUS;
    let (a, b) = (a - corner, b - corner);
    // Most candidates exceed the limit in the first row. Rows without a check between them vectorise
    // together.
    let mut sum = rows_ssd::<1>(pixels, width, a, b);
    if sum >= limit {
        return sum;
    }
    sum = sum.saturating_add(rows_ssd::<2>(pixels, width, a + width, b + width));
    if sum >= limit {
        return sum;
    }
    sum.saturating_add(rows_ssd::<4>(pixels, width, a + 3 * width, b + 3 * width))
}

/// Returns the SSD of `COUNT` patch rows, the first of which start at `a` and `b`; `u32::MAX` outside the
/// image.
#[inline(always)]
fn rows_ssd<const COUNT: usize>(pixels: &[Features], width: usize, a: usize, b: usize) -> u32 {
    let (Some(rows_a), Some(rows_b)) = (rows::<COUNT>(pixels, width, a), rows::<COUNT>(pixels, width, b))
    else {
        return u32::MAX;
    };
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor supports AVX2.
        return unsafe { ssd_avx2(rows_a, rows_b) };
    }
    let rows = rows_a.into_iter().zip(rows_b);
    rows.map(|(a, b)| row_ssd(a.as_flattened(), b.as_flattened()))
        .sum()
}

#[inline(always)]
fn rows<const COUNT: usize>(pixels: &[Features], width: usize, start: usize) -> Option<[&PatchRow; COUNT]> {
    let pixels = pixels.get(start..)?;
    let mut rows = [pixels.first_chunk()?; COUNT];
    for (index, row) in rows.iter_mut().enumerate() {
        *row = pixels.get(index * width..)?.first_chunk()?;
    }
    Some(rows)
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

/// Returns the SSD of rows, as the sum of [`row_ssd`] does. From that the compiler makes vectors of half the
/// width.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn ssd_avx2<const COUNT: usize>(a: [&PatchRow; COUNT], b: [&PatchRow; COUNT]) -> u32 {
    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_shuffle_epi32, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_or_si256,
        _mm256_set_epi64x, _mm256_setzero_si256, _mm256_subs_epu8, _mm256_unpackhi_epi8,
        _mm256_unpacklo_epi8,
    };
    let zero = _mm256_setzero_si256();
    let halves = |row: &PatchRow| {
        let [p0, p1, p2, p3, p4, p5, p6] = row.map(i64::from_ne_bytes);
        [
            _mm256_set_epi64x(p3, p2, p1, p0),
            _mm256_set_epi64x(0, p6, p5, p4),
        ]
    };
    let mut sums = zero;
    for (a, b) in a.into_iter().zip(b) {
        for (a, b) in halves(a).into_iter().zip(halves(b)) {
            let difference = _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a));
            let squares = |words: __m256i| _mm256_madd_epi16(words, words);
            let low = squares(_mm256_unpacklo_epi8(difference, zero));
            let high = squares(_mm256_unpackhi_epi8(difference, zero));
            sums = _mm256_add_epi32(sums, _mm256_add_epi32(low, high));
        }
    }
    let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b00_00_11_10>(four));
    let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b00_00_00_01>(two));
    _mm_cvtsi128_si32(one) as u32
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
    fn instruction_sets_give_equal_sums() {
        let byte = |index: usize| (index.wrapping_mul(2_654_435_761) >> 13) as u8;
        let pixels: Vec<Features> = (0..9 * 20)
            .map(|at| std::array::from_fn(|channel| byte(at * 8 + channel)))
            .collect();
        let (a, b) = (0, 11);
        let expected: u32 = (0..4)
            .flat_map(|row| (0..PATCH_SIDE).map(move |column| row * 20 + column))
            .flat_map(|at| pixels[a + at].into_iter().zip(pixels[b + at]))
            .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
            .sum();
        assert_eq!(rows_ssd::<4>(&pixels, 20, a, b), expected);
        let [rows_a, rows_b] = [a, b].map(|start| rows::<4>(&pixels, 20, start).unwrap());
        let portable = rows_a.into_iter().zip(rows_b);
        let portable: u32 = portable
            .map(|(a, b)| row_ssd(a.as_flattened(), b.as_flattened()))
            .sum();
        assert_eq!(portable, expected);
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
