//! Random numbers that depend on the seed, the iteration and the patch only, so that the order of the search
//! and the number of threads don't change them.

/// A `SplitMix64` generator (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators").
pub(super) struct PatchRng(u64);

impl PatchRng {
    /// Returns the generator of one target patch in one `PatchMatch` iteration.
    pub(super) fn new(seed: u64, iteration: u64, target: u64) -> Self {
        let mut rng = Self(seed);
        for number in [iteration, target] {
            rng.0 = rng.next() ^ number;
        }
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number in `0..end`, or 0 if `end` is 0. The bias is at most `end` / 2^32.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }
}
