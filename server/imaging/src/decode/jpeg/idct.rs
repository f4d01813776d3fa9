//! The inverse DCT, bit-exact with the integer algorithm in libjpeg's `jidctint.c` (Loeffler, Ligtenberg and
//! Moschytz 1989).
#![expect(
    clippy::inline_always,
    reason = "vector instructions are chosen at run time around these functions"
)]

use std::ops::{Add, Mul, Neg, Sub};

use super::coefficients::{Coefficients, ZIGZAG};
use crate::simd_dispatch::{SimdKernel, run_wide};

/// Fraction bits of the constants.
const CONST_BITS: usize = 13;
/// Fraction bits of the first pass's results.
const PASS1_BITS: usize = 2;

/// Returns round(`value` * 2^13).
const fn fix(value: f64) -> i32 {
    (value * 8192.0 + 0.5) as i32
}

const FIX_0_298: i32 = fix(0.298_631_336);
const FIX_0_390: i32 = fix(0.390_180_644);
const FIX_0_541: i32 = fix(0.541_196_100);
const FIX_0_765: i32 = fix(0.765_366_865);
const FIX_0_899: i32 = fix(0.899_976_223);
const FIX_1_175: i32 = fix(1.175_875_602);
const FIX_1_501: i32 = fix(1.501_321_110);
const FIX_1_847: i32 = fix(1.847_759_065);
const FIX_1_961: i32 = fix(1.961_570_560);
const FIX_2_053: i32 = fix(2.053_119_869);
const FIX_2_562: i32 = fix(2.562_915_447);
const FIX_3_072: i32 = fix(3.072_711_026);

/// Samples of a component, padded to whole blocks.
#[derive(Debug)]
pub(super) struct SamplePlane {
    pub stride: usize,
    pub samples: Vec<u8>,
}

/// The transformation of rows of blocks.
pub(super) struct InverseDct<'a> {
    pub coefficients: &'a Coefficients,
    /// Quantization table in zigzag order.
    pub quantization: &'a [u16; 64],
    /// Index of the first row of blocks.
    pub first: usize,
    /// Samples of whole rows of blocks.
    pub samples: &'a mut [u8],
}

impl InverseDct<'_> {
    /// Dequantizes and transforms the blocks.
    pub fn transform(self) {
        run_wide(self);
    }
}

impl SimdKernel for InverseDct<'_> {
    #[inline(always)]
    fn run(self) {
        let mut table = [0; 64];
        for (at, value) in ZIGZAG.iter().zip(self.quantization) {
            table[usize::from(*at)] = i32::from(*value);
        }
        let blocks_across = self.coefficients.stride;
        let stride = blocks_across * 8;
        let blocks = &self.coefficients.blocks[self.first * blocks_across..];
        let rows = self.samples.chunks_exact_mut(stride * 8);
        for (row, blocks) in rows.zip(blocks.chunks_exact(blocks_across)) {
            for (column, block) in blocks.iter().enumerate() {
                let pixels = inverse(block, &table);
                for (line, pixels) in row.chunks_exact_mut(stride).zip(pixels) {
                    line[column * 8..column * 8 + 8].copy_from_slice(&pixels);
                }
            }
        }
    }
}

/// Eight values that are transformed in parallel. Arithmetic wraps, since hostile files overflow it.
#[derive(Clone, Copy)]
struct Lanes([i32; 8]);

/// Transforms a block in raster order to rows of samples.
#[inline(always)]
fn inverse(block: &[i16; 64], table: &[i32; 64]) -> [[u8; 8]; 8] {
    if block[1..].iter().all(|coefficient| *coefficient == 0) {
        let value = i32::from(block[0]).wrapping_mul(table[0]) << PASS1_BITS;
        return [[sample(value.wrapping_add(16) >> 5); 8]; 8];
    }
    let mut rows = [Lanes([0; 8]); 8];
    let (block, table) = (block.as_chunks::<8>().0, table.as_chunks::<8>().0);
    for (Lanes(products), (coefficients, factors)) in rows.iter_mut().zip(block.iter().zip(table)) {
        for ((product, coefficient), factor) in products.iter_mut().zip(coefficients).zip(factors) {
            *product = i32::from(*coefficient).wrapping_mul(*factor);
        }
    }
    let columns = transposed(transform::<{ CONST_BITS - PASS1_BITS }>(rows));
    let rows = transposed(transform::<{ CONST_BITS + PASS1_BITS + 3 }>(columns));
    let mut samples = [[0; 8]; 8];
    for (samples, Lanes(values)) in samples.iter_mut().zip(rows) {
        for (to, value) in samples.iter_mut().zip(values) {
            *to = sample(value);
        }
    }
    samples
}

#[inline(always)]
fn sample(value: i32) -> u8 {
    value.saturating_add(128).clamp(0, 255) as u8
}

#[inline(always)]
fn transposed(lanes: [Lanes; 8]) -> [Lanes; 8] {
    let mut transposed = [Lanes([0; 8]); 8];
    for (row, Lanes(values)) in transposed.iter_mut().enumerate() {
        for (value, Lanes(column)) in values.iter_mut().zip(&lanes) {
            *value = column[row];
        }
    }
    transposed
}

/// Transforms columns and divides the result by 2^`SHIFT`, rounded.
#[inline(always)]
fn transform<const SHIFT: usize>(input: [Lanes; 8]) -> [Lanes; 8] {
    // Even part.
    let sum = (input[2] + input[6]) * FIX_0_541;
    let (even2, even3) = (sum - input[6] * FIX_1_847, sum + input[2] * FIX_0_765);
    let even0 = (input[0] + input[4]) * (1 << CONST_BITS);
    let even1 = (input[0] - input[4]) * (1 << CONST_BITS);
    let even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
    // Odd part.
    let [odd0, odd1, odd2, odd3] = [input[7], input[5], input[3], input[1]];
    let both = (odd0 + odd2 + odd1 + odd3) * FIX_1_175;
    let (z1, z2) = (-(odd0 + odd3) * FIX_0_899, -(odd1 + odd2) * FIX_2_562);
    let (z3, z4) = (both - (odd0 + odd2) * FIX_1_961, both - (odd1 + odd3) * FIX_0_390);
    let odd = [
        odd3 * FIX_1_501 + z1 + z4,
        odd2 * FIX_3_072 + z2 + z3,
        odd1 * FIX_2_053 + z2 + z4,
        odd0 * FIX_0_298 + z1 + z3,
    ];
    [
        (even[0] + odd[0]).rounded::<SHIFT>(),
        (even[1] + odd[1]).rounded::<SHIFT>(),
        (even[2] + odd[2]).rounded::<SHIFT>(),
        (even[3] + odd[3]).rounded::<SHIFT>(),
        (even[3] - odd[3]).rounded::<SHIFT>(),
        (even[2] - odd[2]).rounded::<SHIFT>(),
        (even[1] - odd[1]).rounded::<SHIFT>(),
        (even[0] - odd[0]).rounded::<SHIFT>(),
    ]
}

impl Lanes {
    // Loops: the closures of `map` and `from_fn` aren't always compiled for AVX2.
    #[inline(always)]
    fn combined(mut self, other: Self, operation: fn(i32, i32) -> i32) -> Self {
        for (value, other) in self.0.iter_mut().zip(other.0) {
            *value = operation(*value, other);
        }
        self
    }

    /// Divides by 2^`SHIFT`, rounded.
    #[inline(always)]
    fn rounded<const SHIFT: usize>(mut self) -> Self {
        for value in &mut self.0 {
            *value = value.wrapping_add(1 << (SHIFT - 1)) >> SHIFT;
        }
        self
    }
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.combined(other, i32::wrapping_add)
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.combined(other, i32::wrapping_sub)
    }
}

impl Neg for Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self([0; 8]) - self
    }
}

impl Mul<i32> for Lanes {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: i32) -> Self {
        self.combined(Self([factor; 8]), i32::wrapping_mul)
    }
}
