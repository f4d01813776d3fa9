//! Mean and variance of colours, exact under addition and removal of pixels.

/// Standard deviation of noise and compression, in levels, in addition to the background's own.
const NOISE: f32 = 7.0;

/// Count, sum and sum of squares of background pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: i64,
    sums: [i64; 3],
    squares: [i64; 3],
}

impl Moments {
    fn of(pixel: [u8; 3], counts: bool) -> Self {
        let counts = i64::from(counts);
        let sums = pixel.map(|sample| i64::from(sample) * counts);
        Self {
            count: counts,
            sums,
            squares: std::array::from_fn(|channel| sums[channel] * i64::from(pixel[channel])),
        }
    }

    /// Adds a pixel, if it counts.
    pub fn add(&mut self, pixel: [u8; 3], counts: bool) {
        self.merge(&Self::of(pixel, counts));
    }

    /// Removes a pixel that [`Moments::add`] added with the same flag.
    pub fn remove(&mut self, pixel: [u8; 3], counts: bool) {
        self.subtract(&Self::of(pixel, counts));
    }

    /// Adds all pixels of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for channel in 0..3 {
            self.sums[channel] += other.sums[channel];
            self.squares[channel] += other.squares[channel];
        }
    }

    /// Removes all pixels of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.count -= other.count;
        for channel in 0..3 {
            self.sums[channel] -= other.sums[channel];
            self.squares[channel] -= other.squares[channel];
        }
    }

    /// Returns the distance of `pixel` to the mean, in standard deviations; `all` counts as `prior` pixels.
    pub fn distance(&self, pixel: [u8; 3], all: &Self, prior: f32) -> f32 {
        let weight = self.count as f32 + prior;
        let share = prior / all.count.max(1) as f32;
        let squared: f32 = (0..3)
            .map(|channel| {
                let sum = self.sums[channel] as f32 + share * all.sums[channel] as f32;
                let square = self.squares[channel] as f32 + share * all.squares[channel] as f32;
                let mean = sum / weight;
                let variance = (square / weight - mean * mean).max(0.0);
                (f32::from(pixel[channel]) - mean).powi(2) / (variance + NOISE * NOISE)
            })
            .sum();
        squared.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn distance_is_in_standard_deviations() {
        let mut moments = Moments::default();
        for value in [90, 110] {
            moments.add([value; 3], true);
        }
        moments.add([255; 3], false);
        let distance = moments.distance([120, 100, 100], &moments, 0.0);
        assert!(
            (distance - 20.0 / (100.0 + NOISE * NOISE).sqrt()).abs() < 1e-4,
            "{distance}"
        );
    }

    #[test]
    fn all_pixels_decide_for_an_empty_window() {
        let mut all = Moments::default();
        all.add([50; 3], true);
        let distance = Moments::default().distance([50, 50, 57], &all, 0.5);
        assert!((distance - 7.0 / NOISE).abs() < 1e-4, "{distance}");
    }

    proptest! {
        #[test]
        fn removal_undoes_addition(pixels in prop::collection::vec(any::<([u8; 3], bool)>(), 0..20)) {
            let mut moments = Moments::default();
            moments.add([7, 8, 9], true);
            let before = moments;
            for (pixel, counts) in &pixels {
                moments.add(*pixel, *counts);
            }
            for (pixel, counts) in &pixels {
                moments.remove(*pixel, *counts);
            }
            prop_assert_eq!(moments, before);
        }
    }
}
