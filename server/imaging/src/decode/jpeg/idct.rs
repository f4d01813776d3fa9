//! Inverse DCT: the integer algorithm of libjpeg's `jidctint.c`, to the bit (Loeffler, Ligtenberg and Moschytz 1989).

use std::num::Wrapping;

use super::coefficients::{Coefficients, ZIGZAG};

/// Fraction bits of the constants.
const CONST_BITS: usize = 13;
/// Fraction bits that the first pass keeps.
const PASS1_BITS: usize = 2;

type Int = Wrapping<i32>;

/// Returns round(`value` * 2^13).
const fn fix(value: f64) -> Int {
    Wrapping((value * 8192.0 + 0.5) as i32)
}

const FIX_0_298: Int = fix(0.298_631_336);
const FIX_0_390: Int = fix(0.390_180_644);
const FIX_0_541: Int = fix(0.541_196_100);
const FIX_0_765: Int = fix(0.765_366_865);
const FIX_0_899: Int = fix(0.899_976_223);
const FIX_1_175: Int = fix(1.175_875_602);
const FIX_1_501: Int = fix(1.501_321_110);
const FIX_1_847: Int = fix(1.847_759_065);
const FIX_1_961: Int = fix(1.961_570_560);
const FIX_2_053: Int = fix(2.053_119_869);
const FIX_2_562: Int = fix(2.562_915_447);
const FIX_3_072: Int = fix(3.072_711_026);

/// Samples of a component, padded to whole blocks.
#[derive(Debug)]
pub(super) struct Plane {
    pub stride: usize,
    pub samples: Vec<u8>,
}

/// Dequantizes and transforms all blocks. `quantization` is in zigzag order.
pub(super) fn plane(coefficients: &Coefficients, quantization: &[u16; 64]) -> Plane {
    let mut table = [Wrapping(0); 64];
    for (at, value) in ZIGZAG.iter().zip(quantization) {
        table[usize::from(*at)] = Wrapping(i32::from(*value));
    }
    let stride = coefficients.stride * 8;
    let mut samples = vec![0; coefficients.blocks.len() * 64];
    let rows = samples.chunks_exact_mut(stride * 8);
    for (row, blocks) in rows.zip(coefficients.blocks.chunks_exact(coefficients.stride)) {
        for (column, block) in blocks.iter().enumerate() {
            let pixels = inverse(block, &table);
            for (line, pixels) in row.chunks_exact_mut(stride).zip(pixels.as_chunks::<8>().0) {
                line[column * 8..column * 8 + 8].copy_from_slice(pixels);
            }
        }
    }
    Plane { stride, samples }
}

/// Transforms a block in row order to samples.
fn inverse(block: &[i16; 64], table: &[Int; 64]) -> [u8; 64] {
    let mut work = [Wrapping(0); 64];
    for column in 0..8 {
        let input =
            std::array::from_fn(|row| Wrapping(i32::from(block[row * 8 + column])) * table[row * 8 + column]);
        let output = if input[1..].iter().all(|value| value.0 == 0) {
            [input[0] << PASS1_BITS; 8]
        } else {
            transform::<{ CONST_BITS - PASS1_BITS }>(input)
        };
        for (row, value) in output.into_iter().enumerate() {
            work[row * 8 + column] = value;
        }
    }
    let mut pixels = [0; 64];
    let rows = work.as_chunks::<8>().0.iter();
    for (input, output) in rows.zip(pixels.as_chunks_mut::<8>().0) {
        let values = transform::<{ CONST_BITS + PASS1_BITS + 3 }>(*input);
        *output = values.map(|value| (value.0.saturating_add(128)).clamp(0, 255) as u8);
    }
    pixels
}

/// Transforms eight values; divides the result by 2^`SHIFT`, rounded.
#[inline]
fn transform<const SHIFT: usize>(input: [Int; 8]) -> [Int; 8] {
    // Even part.
    let sum = (input[2] + input[6]) * FIX_0_541;
    let (even2, even3) = (sum - input[6] * FIX_1_847, sum + input[2] * FIX_0_765);
    let even0 = (input[0] + input[4]) << CONST_BITS;
    let even1 = (input[0] - input[4]) << CONST_BITS;
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
    let half = Wrapping(1 << (SHIFT - 1));
    std::array::from_fn(|at| {
        let value = if at < 4 {
            even[at] + odd[at]
        } else {
            even[7 - at] - odd[7 - at]
        };
        (value + half) >> SHIFT
    })
}
