//! Voting with AVX2 on a block of consecutive pixels of a row, one per vector lane. Every lane computes what
//! [`super::vote`] does for a single pixel, in the same order, so that results are equal.

use std::arch::x86_64::{
    __m256, __m256i, _CMP_GT_OQ, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps,
    _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8, _mm256_blendv_ps, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_cvtepi32_ps, _mm256_div_ps,
    _mm256_i32gather_epi32, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_epu32, _mm256_max_ps,
    _mm256_min_epu32, _mm256_movemask_epi8, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_srl_epi32, _mm256_storeu_ps,
    _mm256_storeu_si256, _mm256_sub_epi32, _mm256_sub_ps, _mm256_xor_ps,
};

use super::features::{COLOUR_CHANNELS, Colour, Features};
use super::level::PyramidLevel;
use super::nearest_neighbour_field::NearestNeighbourField;
use super::patch_ssd::{PATCH_RADIUS, PATCH_SIDE};
use super::vote_weight::{
    DEPTH_FALLOFF, EXP_COEFFICIENTS, EXP_MIN_POWER, EXP_ROUNDING, EXPONENT_BIAS, LANES, MANTISSA_BITS,
};

/// Votes for each pixel.
const VOTES: usize = PATCH_SIDE * PATCH_SIDE;
/// Targets in a row that cover a pixel of the block.
const ROW_TARGETS: usize = LANES + PATCH_SIDE - 1;
/// The index of no pixel.
const NO_PIXEL: i32 = -1;

/// The votes for the pixels of a block, in the order of the targets that cover them.
pub(super) struct BlockVotes<'a> {
    pixels: &'a [Features],
    /// The known pixels that each source patch has at the voted pixels' positions, inside the image.
    votes: [__m256i; VOTES],
    weights: [__m256; VOTES],
}

impl<'a> BlockVotes<'a> {
    /// Collects the votes for the pixel `at` and those on its right; `None` if not all patches that cover
    /// them lie inside the image.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn collect(
        level: &'a PyramidLevel,
        field: &NearestNeighbourField,
        sharpness: f32,
        at: usize,
    ) -> Option<Self> {
        let width = level.image.width;
        let corner = at.checked_sub(PATCH_RADIUS * width + PATCH_RADIUS)?;
        let mut rows = [0; PATCH_SIDE];
        for (row, first) in rows.iter_mut().zip((corner..).step_by(width)) {
            *row = level.target_run(first, ROW_TARGETS)?;
        }
        let mut votes = [_mm256_setzero_si256(); VOTES];
        let mut greatest = _mm256_setzero_si256();
        let row_votes = votes.as_chunks_mut::<PATCH_SIDE>().0;
        for ((row, votes), first) in rows.iter().zip(row_votes).zip((corner..).step_by(width)) {
            let sources = row_of(&field.sources, *row)?;
            for ((vote, sources), centre) in votes.iter_mut().zip(sources.windows(LANES)).zip(first..) {
                let shift = (at as u32).wrapping_sub(centre as u32);
                *vote = _mm256_add_epi32(integers(sources.first_chunk()?), _mm256_set1_epi32(shift as i32));
                greatest = _mm256_max_epu32(greatest, *vote);
            }
        }
        let mut ends = [0; LANES];
        // SAFETY: the array has the size of the vector.
        unsafe { _mm256_storeu_si256(ends.as_mut_ptr().cast(), greatest) };
        let end = (level.image.pixels.len()).min(i32::MAX as usize) as u32;
        if ends.iter().any(|greatest: &u32| *greatest >= end) {
            return None;
        }
        Some(Self {
            pixels: &level.image.pixels,
            votes,
            weights: weights(level, field, sharpness, &rows)?,
        })
    }

    /// Returns the weighted mean of the votes for each pixel.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn weighted_means(&self) -> [Colour; LANES] {
        let mut total = _mm256_setzero_ps();
        // Even and odd votes separately, as for single pixels.
        let mut sums = [[_mm256_setzero_ps(); COLOUR_CHANNELS]; 2];
        let byte = _mm256_set1_epi32(0xff);
        for (weights, votes) in self.weights.chunks(2).zip(self.votes.chunks(2)) {
            for ((weight, vote), sums) in weights.iter().zip(votes).zip(&mut sums) {
                // SAFETY: all votes are indices of `pixels`, of which the first four bytes are read.
                let colours = unsafe {
                    _mm256_i32gather_epi32::<{ size_of::<Features>() as i32 }>(
                        self.pixels.as_ptr().cast(),
                        *vote,
                    )
                };
                total = _mm256_add_ps(total, *weight);
                for (sum, shift) in sums.iter_mut().zip([0, 8, 16]) {
                    let channel = _mm256_and_si256(_mm256_srl_epi32(colours, _mm_cvtsi32_si128(shift)), byte);
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(*weight, _mm256_cvtepi32_ps(channel)));
                }
            }
        }
        let [even, odd] = sums;
        let mut means = [[0.0; COLOUR_CHANNELS]; LANES];
        for (channel, (even, odd)) in even.into_iter().zip(odd).enumerate() {
            let mut of_channel = [0.0; LANES];
            let mean = _mm256_div_ps(_mm256_add_ps(even, odd), total);
            // SAFETY: the array has the size of the vector.
            unsafe { _mm256_storeu_ps(of_channel.as_mut_ptr(), mean) };
            for (colour, mean) in means.iter_mut().zip(of_channel) {
                colour[channel] = mean;
            }
        }
        means
    }

    /// Returns, for each pixel, the known pixel with the largest sum of weights, the first of equals.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn most_voted(&self) -> [u32; LANES] {
        // Known pixels in the order of their first votes, and their sums of weights. In each entry, lanes
        // that found no new pixel have none.
        let mut pixels = [_mm256_set1_epi32(NO_PIXEL); VOTES];
        let mut sums = [_mm256_setzero_ps(); VOTES];
        let mut count = 0;
        for (vote, weight) in self.votes.iter().zip(&self.weights) {
            let mut found = _mm256_setzero_si256();
            for (pixel, sum) in pixels.iter().zip(&mut sums).take(count) {
                let is_equal = _mm256_cmpeq_epi32(*vote, *pixel);
                *sum = _mm256_add_ps(*sum, _mm256_and_ps(_mm256_castsi256_ps(is_equal), *weight));
                found = _mm256_max_epu32(found, is_equal);
            }
            if _mm256_movemask_epi8(found) == -1 {
                continue;
            }
            if let (Some(pixel), Some(sum)) = (pixels.get_mut(count), sums.get_mut(count)) {
                *pixel = _mm256_blendv_epi8(*vote, *pixel, found);
                *sum = _mm256_castsi256_ps(_mm256_andnot_si256(found, _mm256_castps_si256(*weight)));
            }
            count += 1;
        }
        let [mut best, ..] = pixels;
        let [mut most, ..] = sums;
        for (pixel, sum) in pixels.iter().zip(&sums).take(count).skip(1) {
            let is_greater = _mm256_cmp_ps::<_CMP_GT_OQ>(*sum, most);
            best = _mm256_blendv_epi8(best, *pixel, _mm256_castps_si256(is_greater));
            most = _mm256_blendv_ps(most, *sum, is_greater);
        }
        let mut chosen = [0; LANES];
        // SAFETY: the array has the size of the vector.
        unsafe { _mm256_storeu_si256(chosen.as_mut_ptr().cast(), best) };
        chosen
    }
}

/// Returns the weights of the votes. `rows` are the first targets of the rows of patch centres.
#[target_feature(enable = "avx2")]
#[inline]
fn weights(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    sharpness: f32,
    rows: &[usize; PATCH_SIDE],
) -> Option<[__m256; VOTES]> {
    let (mut min_ssd, mut sum) = (_mm256_set1_epi32(-1), _mm256_setzero_si256());
    for row in rows {
        for ssds in row_of(&field.ssds, *row)?.windows(LANES) {
            let ssds = integers(ssds.first_chunk()?);
            min_ssd = _mm256_min_epu32(min_ssd, ssds);
            // The sum of SSDs of 8-bit features fits; that of a field without SSDs isn't used.
            sum = _mm256_add_epi32(sum, ssds);
        }
    }
    let one = _mm256_set1_ps(1.0);
    let scale = _mm256_set1_ps(sharpness * VOTES as f32);
    let steepness = if sharpness > 0.0 {
        _mm256_div_ps(scale, _mm256_add_ps(_mm256_cvtepi32_ps(sum), one))
    } else {
        _mm256_setzero_ps()
    };
    let steepness = _mm256_xor_ps(steepness, _mm256_set1_ps(-0.0));
    let reference_depth = floats(row_of(&level.target_depths_px, rows[0])?.first_chunk()?);
    let falloff = _mm256_set1_ps(DEPTH_FALLOFF);
    let mut weights = [_mm256_setzero_ps(); VOTES];
    for (row, weights) in rows.iter().zip(weights.as_chunks_mut::<PATCH_SIDE>().0) {
        let ssds = row_of(&field.ssds, *row)?.windows(LANES);
        let depths_px = row_of(&level.target_depths_px, *row)?.windows(LANES);
        for ((weight, ssds), depths_px) in weights.iter_mut().zip(ssds).zip(depths_px) {
            let depth = _mm256_sub_ps(floats(depths_px.first_chunk()?), reference_depth);
            let excess = _mm256_cvtepi32_ps(_mm256_sub_epi32(integers(ssds.first_chunk()?), min_ssd));
            let depth_term = _mm256_mul_ps(falloff, depth);
            *weight = exp(_mm256_sub_ps(_mm256_mul_ps(steepness, excess), depth_term));
        }
    }
    Some(weights)
}

/// Returns e^x as [`super::vote_weight::exp`] does.
#[target_feature(enable = "avx2")]
#[inline]
fn exp(x: __m256) -> __m256 {
    let rounding = _mm256_set1_ps(EXP_ROUNDING);
    let power = _mm256_max_ps(
        _mm256_mul_ps(x, _mm256_set1_ps(std::f32::consts::LOG2_E)),
        _mm256_set1_ps(EXP_MIN_POWER),
    );
    let shifted = _mm256_add_ps(power, rounding);
    let fraction = _mm256_sub_ps(power, _mm256_sub_ps(shifted, rounding));
    let mut series = _mm256_setzero_ps();
    for coefficient in EXP_COEFFICIENTS {
        series = _mm256_add_ps(_mm256_mul_ps(series, fraction), _mm256_set1_ps(coefficient));
    }
    let exponent = _mm256_add_epi32(
        _mm256_castps_si256(shifted),
        _mm256_set1_epi32(EXPONENT_BIAS as i32),
    );
    let scale = _mm256_castsi256_ps(_mm256_slli_epi32::<{ MANTISSA_BITS as i32 }>(exponent));
    let one = _mm256_set1_ps(1.0);
    _mm256_mul_ps(_mm256_add_ps(_mm256_mul_ps(series, fraction), one), scale)
}

/// Returns the values of the targets that cover the block in one row of patch centres.
#[inline]
fn row_of<T>(values: &[T], first: usize) -> Option<&[T; ROW_TARGETS]> {
    values.get(first..)?.first_chunk()
}

#[target_feature(enable = "avx2")]
#[inline]
fn integers(values: &[u32; LANES]) -> __m256i {
    // SAFETY: the array has the size of the vector.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn floats(values: &[f32; LANES]) -> __m256 {
    // SAFETY: the array has the size of the vector.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}
