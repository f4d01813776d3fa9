//! MAT's latent vector: the standard normal numbers that `numpy.random.RandomState(240).randn` returns, which
//! `IOPaint` uses, from the Mersenne twister ("Mersenne Twister: A 623-Dimensionally Equidistributed Uniform
//! Pseudo-Random Number Generator", Matsumoto and Nishimura 1998) by Marsaglia's polar method.

/// `IOPaint`'s seed.
const SEED: u32 = 240;

/// Words of the generator's state.
const WORDS: usize = 624;

/// Distance of the words that are combined.
const SHIFT: usize = 397;

/// The Mersenne twister MT19937.
struct Twister {
    words: [u32; WORDS],
    used: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut words = [seed; WORDS];
        let mut last = seed;
        for (index, word) in (0..).zip(&mut words).skip(1) {
            last = (last ^ (last >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(index);
            *word = last;
        }
        Self { words, used: WORDS }
    }

    fn advance(&mut self) {
        for index in 0..WORDS {
            let word = |offset: usize| self.words.get((index + offset) % WORDS).copied().unwrap_or(0);
            let bits = (word(0) & 0x8000_0000) | (word(1) & 0x7fff_ffff);
            let twist = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
            let next = word(SHIFT) ^ (bits >> 1) ^ twist;
            if let Some(word) = self.words.get_mut(index) {
                *word = next;
            }
        }
        self.used = 0;
    }

    fn word(&mut self) -> u32 {
        if self.used == WORDS {
            self.advance();
        }
        let mut word = self.words.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// Returns a number in 0..1 with 53 random bits.
    fn uniform(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1_u64 << 53) as f64
    }
}

/// Returns `count` numbers.
pub(super) fn latent(count: usize) -> Vec<f32> {
    let mut twister = Twister::new(SEED);
    let mut numbers = Vec::with_capacity(count + 1);
    while numbers.len() < count {
        let (x, y) = (2.0 * twister.uniform() - 1.0, 2.0 * twister.uniform() - 1.0);
        let square = x * x + y * y;
        if square < 1.0 && square != 0.0 {
            let factor = (-2.0 * square.ln() / square).sqrt();
            numbers.extend([(factor * y) as f32, (factor * x) as f32]);
        }
    }
    numbers.truncate(count);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_equal_numpys() {
        // np.random.RandomState(240).randn(1, 512).astype(np.float32)[0, [...]]
        let numbers = latent(512);
        for (index, expected) in NUMPY {
            assert!((numbers[index] - expected).abs() < 1e-6, "{index}");
        }
        assert_eq!(latent(3), numbers[..3]);
    }

    const NUMPY: [(usize, f32); 6] = [
        (0, -0.582_327_3),
        (1, -1.727_109_7),
        (2, -0.694_540_1),
        (255, -0.647_652_6),
        (510, 0.252_621_2),
        (511, 1.433_979_2),
    ];
}
