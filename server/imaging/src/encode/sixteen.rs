//! 16-bit samples of a filled picture.

use image::{GrayImage, RgbImage};

use crate::components::{for_each_component, majority};
use crate::{Picture, picture::Deep};

/// The surroundings of a component of the hole that may lend it their 16-bit colour, in pixels from it.
const REACH: u32 = 10;

/// The input's samples outside the hole wherever the result kept their 8-bit value, the result's values x 257 else.
///
/// If more than half of the surroundings of a component of the hole have one 8-bit colour, that colour in the filling
/// becomes that of most of these pixels in 16 bits, or their mean: plain surroundings are continued exactly, and not to the
/// nearest multiple of 257.
pub(super) fn sixteen_bit(picture: &Picture, deep: &Deep, result: &RgbImage, hole: &GrayImage) -> Vec<u16> {
    let channels = if deep.alpha.is_some() { 4 } else { 3 };
    let mut samples = Vec::with_capacity(hole.as_raw().len() * channels);
    let mut alpha = deep.alpha.as_ref().map(|alpha| alpha.as_raw().iter());
    let stored = deep.rgb.as_raw().as_chunks::<3>().0;
    let seen = picture.rgb.as_raw().as_chunks::<3>().0;
    let filled = result.as_raw().as_chunks::<3>().0;
    let pixels = stored.iter().zip(seen).zip(filled.iter().zip(hole.as_raw()));
    for ((stored, seen), (filled, hole)) in pixels {
        if *hole == 0 && seen == filled {
            samples.extend(stored);
        } else {
            samples.extend(filled.map(|value| u16::from(value) * 257));
        }
        if let Some(alpha) = &mut alpha {
            samples.extend(alpha.next());
        }
    }
    for_each_component(hole, REACH, |hole, surroundings| {
        let colours = surroundings.iter().filter_map(|at| seen.get(*at));
        let Some(colour) = majority(colours.copied()) else {
            return;
        };
        let alike = surroundings.iter().filter(|at| seen.get(**at) == Some(&colour));
        let alike = alike.filter_map(|at| stored.get(*at)).copied();
        let exact = majority(alike.clone()).unwrap_or_else(|| mean(alike));
        for at in hole.iter().filter(|at| filled.get(**at) == Some(&colour)) {
            if let Some(sample) = samples.get_mut(at * channels..at * channels + exact.len()) {
                sample.copy_from_slice(&exact);
            }
        }
    });
    samples
}

/// The mean, rounded to nearest; of at least one colour.
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
