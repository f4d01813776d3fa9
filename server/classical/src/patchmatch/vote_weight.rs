//! Parts of the weight of a vote that votes on single pixels and on blocks of pixels share.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the piece that calls it"
)]

/// Vote weight falls by `exp(-DEPTH_FALLOFF * depth_px)`, i.e. by a factor of 1/1.2 per pixel (0.1823 = ln
/// 1.2): the confidence term of Wexler et al., which lets known pixels decide the hole from its border
/// inwards. The factor was set when the model was added, without a recorded comparison.
pub(super) const DEPTH_FALLOFF: f32 = 0.1823;

/// Lanes of a vector of 32-bit numbers with AVX2.
pub(super) const LANES: usize = 8;

/// The least power of two in [`exp`], that of the smallest normal number.
pub(super) const EXP_MIN_POWER: f32 = -126.0;
/// 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits.
pub(super) const EXP_ROUNDING: f32 = 12_582_912.0;
/// ln(2)^k / k!, the Taylor coefficients of 2^x, from the 6th power down to the first.
pub(super) const EXP_COEFFICIENTS: [f32; 6] = [
    1.540_353e-4,
    1.333_355_8e-3,
    9.618_129e-3,
    5.550_411e-2,
    0.240_226_5,
    std::f32::consts::LN_2,
];
pub(super) const EXPONENT_BIAS: u32 = 127;
pub(super) const MANTISSA_BITS: u32 = f32::MANTISSA_DIGITS - 1;

/// Returns e^x for x up to 80, with a relative error of 1e-5 at most, or 2^-126 where that is larger. In
/// contrast to [`f32::exp`], it is compiled to vector instructions, and results don't depend on the system's
/// mathematical library.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let power = (x * std::f32::consts::LOG2_E).max(EXP_MIN_POWER);
    let shifted = power + EXP_ROUNDING;
    let fraction = power - (shifted - EXP_ROUNDING);
    let series = EXP_COEFFICIENTS
        .iter()
        .fold(0.0, |sum, coefficient| sum * fraction + coefficient);
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(EXPONENT_BIAS) << MANTISSA_BITS);
    (series * fraction + 1.0) * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_equals_the_exact_function() {
        for step in -8600..=500 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 1e-5, "exp({x}): {error}");
        }
        let smallest = f32::MIN_POSITIVE;
        assert!((smallest..2.0 * smallest).contains(&exp(-1e30)));
    }
}
