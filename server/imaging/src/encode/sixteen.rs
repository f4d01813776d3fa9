//! 16-bit samples of a result.

use image::RgbImage;

use crate::components::{for_each_component, majority};
use crate::{
    Mask,
    picture::{SixteenBitSamples, eight_bit},
};

/// The distance in pixels up to which surroundings determine the 16-bit colour of a component of the hole.
const REACH: u32 = 10;

/// Returns the result's samples with 16 bits, interleaved with the input's alpha: the input's samples for
/// pixels outside the hole whose 8-bit value is unchanged, the result's values x 257 otherwise.
///
/// If more than half of the surroundings of a component of the hole have one 8-bit colour, filled pixels of
/// that colour get the majority 16-bit colour of those surroundings, or their mean. So plain surroundings
/// continue exactly instead of at the nearest multiple of 257.
pub(super) fn sixteen_bit(original: &SixteenBitSamples, result: &RgbImage, hole: &Mask) -> Vec<u16> {
    let channels = if original.alpha.is_some() { 4 } else { 3 };
    let mut samples = Vec::with_capacity(hole.values().len() * channels);
    let mut alpha = original.alpha.as_ref().map(|alpha| alpha.as_raw().iter());
    let stored = original.rgb.as_raw().as_chunks::<3>().0;
    let filled = result.as_raw().as_chunks::<3>().0;
    for ((stored, filled), in_hole) in stored.iter().zip(filled).zip(hole.flags()) {
        if !in_hole && stored.map(eight_bit) == *filled {
            samples.extend(stored);
        } else {
            samples.extend(filled.map(|value| u16::from(value) * 257));
        }
        if let Some(alpha) = &mut alpha {
            samples.extend(alpha.next());
        }
    }
    for_each_component(hole, REACH, |hole, surroundings| {
        let colours = surroundings.iter().filter_map(|at| stored.get(*at));
        let colours = colours.map(|colour| (colour, colour.map(eight_bit)));
        let Some(colour) = majority(colours.clone().map(|(_, eight_bit)| eight_bit)) else {
            return;
        };
        let matching = colours.filter(|(_, eight_bit)| *eight_bit == colour);
        let matching = matching.map(|(stored, _)| *stored);
        let exact = majority(matching.clone()).unwrap_or_else(|| mean(matching));
        for at in hole.iter().filter(|at| filled.get(**at) == Some(&colour)) {
            if let Some(sample) = samples.get_mut(at * channels..at * channels + exact.len()) {
                sample.copy_from_slice(&exact);
            }
        }
    });
    samples
}

/// Returns the mean of the colours, rounded to nearest.
fn mean(colours: impl Iterator<Item = [u16; 3]>) -> [u16; 3] {
    let (mut sums, mut count) = ([0_u64; 3], 0_u64);
    for colour in colours {
        for (sum, sample) in sums.iter_mut().zip(colour) {
            *sum += u64::from(sample);
        }
        count += 1;
    }
    sums.map(|sum| ((sum + count / 2) / count.max(1)) as u16)
}
