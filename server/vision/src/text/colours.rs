//! Colour models of letters and background.
//!
//! The letters of a line share their colours from its start to its end, other objects don't. Both are
//! modelled by histograms, as in "Interactive graph cuts" (Boykov and Jolly, 2001), that of the background
//! per band along the text, and estimated by expectation maximization.
//!
//! Constants without another origin were set together on the tuning scenes of models/eval/text
//! (docs/text.md), without a comparison of each.

use super::samples::{Kind, Samples};

/// Bits of a channel that a colour's bin ignores: 16 levels per channel.
const BIN_SHIFT: u8 = 4;
/// Levels of a channel.
const LEVELS: usize = 256 >> BIN_SHIFT;
/// Bins of all colours.
const BINS: usize = LEVELS.pow(3);
/// Prior probability of letters in a text region.
const PRIOR: f32 = 0.25;
/// Probability of each bin in the background in addition to its histogram: colours that are on few letters
/// only and not in the ring are objects behind the text.
const UNSEEN: f32 = 2e-3;
/// Weight of a band's own background in its model; the rest is that of all bands.
const LOCAL: f32 = 0.8;
/// Weight of each neighbouring band in a band's background.
const NEIGHBOUR: f32 = 0.5;
/// Estimations. The results of three and five differ in less than 1 % of the pixels of text.
const ITERATIONS: usize = 4;

/// The bins of the samples' colours.
pub struct Palette<'a> {
    samples: &'a Samples,
    bins: Vec<usize>,
}

impl<'a> Palette<'a> {
    /// Returns the bins of the samples' colours.
    pub fn new(samples: &'a Samples) -> Self {
        let bin = |colour: &[u8; 3]| {
            let levels = colour.iter().map(|value| usize::from(value >> BIN_SHIFT));
            levels.fold(0, |bin, level| bin * LEVELS + level)
        };
        Self {
            samples,
            bins: samples.colours.iter().map(bin).collect(),
        }
    }

    /// Returns each sample's probability of being part of a letter, 0 beyond the region; `None` if the
    /// region has no colours of its own.
    pub fn letters(&self) -> Option<Vec<f32>> {
        let kinds = &self.samples.kinds;
        let within = self.histograms(|at| f32::from(u8::from(kinds[at] == Kind::Core)));
        let mut around = self.histograms(|at| f32::from(u8::from(kinds[at] == Kind::Ring)));
        if around.iter().flatten().all(|count| *count <= 0.0) {
            // A region of the image's size.
            around.clone_from(&within);
        }
        let everywhere = normalized(sum(&around));
        let mut letters = spread(&within);
        for (letter, ring) in letters.iter_mut().zip(&everywhere) {
            *letter = (*letter - (1.0 - PRIOR) * ring).max(0.0);
        }
        if letters.iter().all(|share| *share <= 0.0) {
            return None;
        }
        let mut letters = normalized(letters);
        let mut background = mixed(&around, &everywhere);
        let mut probabilities = self.probabilities(&letters, &background);
        for _ in 1..ITERATIONS {
            let square = |at: usize| probabilities[at] * probabilities[at];
            letters = normalized(sum(&self.histograms(square)));
            let rest = |at: usize| {
                let share = if kinds[at].is_inside() {
                    1.0 - probabilities[at]
                } else {
                    0.0
                };
                share * share
            };
            let mut counts = self.histograms(rest);
            for (count, ring) in counts.iter_mut().flatten().zip(around.iter().flatten()) {
                *count += ring;
            }
            let all = normalized(sum(&counts));
            background = mixed(&with_neighbours(&counts), &all);
            probabilities = self.probabilities(&letters, &background);
        }
        Some(probabilities)
    }

    /// Returns true for each of the samples `near` whose colour is at least `odds` times as frequent among
    /// these as among the samples `far` of the band.
    pub fn distinct(&self, near: &[bool], far: &[bool], odds: f32) -> Vec<bool> {
        let flag = |flags: &[bool], at: usize| f32::from(u8::from(flags[at]));
        let close = normalized(sum(&self.histograms(|at| flag(near, at))));
        let counts = self.histograms(|at| flag(far, at));
        let background = mixed(&counts, &normalized(sum(&counts)));
        let bands = self
            .samples
            .bands
            .iter()
            .map(|band| &background[usize::from(*band)]);
        let samples = self.bins.iter().zip(bands).zip(near);
        samples
            .map(|((&bin, background), near)| *near && close[bin] > odds * (background[bin] + UNSEEN))
            .collect()
    }

    /// Returns the histogram of each band, smoothed, with the weight of each sample.
    fn histograms(&self, weight: impl Fn(usize) -> f32) -> Vec<Vec<f32>> {
        let mut counts = vec![vec![0.0; BINS]; self.samples.band_count];
        for (at, (&bin, &band)) in self.bins.iter().zip(&self.samples.bands).enumerate() {
            counts[usize::from(band)][bin] += weight(at);
        }
        for counts in &mut counts {
            smooth(counts);
        }
        counts
    }

    /// Returns the posterior probability of letters, averaged over neighbours.
    fn probabilities(&self, letters: &[f32], background: &[Vec<f32>]) -> Vec<f32> {
        let samples = self.bins.iter().zip(&self.samples.bands).zip(&self.samples.kinds);
        let posterior: Vec<f32> = samples
            .map(|((&bin, &band), kind)| {
                let letter = PRIOR * letters[bin];
                let other = (1.0 - PRIOR) * (background[usize::from(band)][bin] + UNSEEN);
                if kind.is_inside() {
                    letter / (letter + other)
                } else {
                    0.0
                }
            })
            .collect();
        let blurred = box_blur(&posterior, self.samples.columns, self.samples.rows);
        let pairs = posterior.iter().zip(blurred);
        pairs.map(|(value, mean)| f32::midpoint(*value, mean)).collect()
    }
}

/// Returns the shares of colours that all bands have: the square of the mean of the roots.
fn spread(bands: &[Vec<f32>]) -> Vec<f32> {
    let mut roots = vec![0.0; BINS];
    for band in bands {
        for (root, share) in roots.iter_mut().zip(normalized(band.clone())) {
            *root += share.sqrt();
        }
    }
    let count = bands.len().max(1) as f32;
    roots.into_iter().map(|root| (root / count).powi(2)).collect()
}

/// Returns the shares of each band's histogram, mixed with those of all.
fn mixed(bands: &[Vec<f32>], all: &[f32]) -> Vec<Vec<f32>> {
    let mix = |band: &Vec<f32>| {
        let own = normalized(band.clone()).into_iter().zip(all);
        own.map(|(own, all)| LOCAL * own + (1.0 - LOCAL) * all).collect()
    };
    bands.iter().map(mix).collect()
}

fn with_neighbours(bands: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut sums = bands.to_vec();
    for (index, sums) in sums.iter_mut().enumerate() {
        let neighbours = [index.checked_sub(1), Some(index + 1)].into_iter().flatten();
        for band in neighbours.filter_map(|index| bands.get(index)) {
            for (sum, count) in sums.iter_mut().zip(band) {
                *sum += NEIGHBOUR * count;
            }
        }
    }
    sums
}

fn sum(bands: &[Vec<f32>]) -> Vec<f32> {
    let mut sums = vec![0.0; BINS];
    for band in bands {
        for (sum, count) in sums.iter_mut().zip(band) {
            *sum += count;
        }
    }
    sums
}

/// Divides a histogram by its sum, if that isn't 0.
fn normalized(mut counts: Vec<f32>) -> Vec<f32> {
    let sum: f32 = counts.iter().sum();
    if sum > 0.0 {
        for count in &mut counts {
            *count /= sum;
        }
    }
    counts
}

/// Smooths a histogram by (1, 2, 1) / 4 along each channel.
fn smooth(counts: &mut [f32]) {
    let mut source = vec![0.0; counts.len()];
    for stride in [1, LEVELS, LEVELS * LEVELS] {
        source.copy_from_slice(counts);
        for (index, count) in counts.iter_mut().enumerate() {
            let level = index / stride % LEVELS;
            let below = if level > 0 { index - stride } else { index };
            let above = if level + 1 < LEVELS { index + stride } else { index };
            *count = (source[below] + 2.0 * source[index] + source[above]) / 4.0;
        }
    }
}

/// Returns the mean of each value's 3 x 3 neighbourhood.
fn box_blur(values: &[f32], columns: usize, rows: usize) -> Vec<f32> {
    let mut means = Vec::with_capacity(values.len());
    for y in 0..rows {
        for x in 0..columns {
            let (mut sum, mut count) = (0.0, 0.0);
            for row in y.saturating_sub(1)..(y + 2).min(rows) {
                for column in x.saturating_sub(1)..(x + 2).min(columns) {
                    sum += values[row * columns + column];
                    count += 1.0;
                }
            }
            means.push(sum / count);
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::{Mask, RgbImage};

    use super::*;
    use crate::text::geometry::RotatedRect;

    /// Red stripes of 4 pixels from x = 20 to 180 on a background that changes at x = 100, with a blue object
    /// in front of it.
    fn probabilities() -> impl Fn(u32, u32) -> f32 {
        let image = RgbImage::from_fn(200, 60, |x, y| {
            let is_stripe = (20..180).contains(&x) && (20..40).contains(&y) && x % 10 < 4;
            let is_object = (60..72).contains(&x) && (22..38).contains(&y);
            let background = if x < 100 { [90, 140, 60] } else { [120, 90, 70] };
            match (is_stripe, is_object) {
                (true, _) => [200, 20, 30].into(),
                (_, true) => [20, 40, 200].into(),
                _ => background.into(),
            }
        });
        let corners = [(18.0, 18.0), (182.0, 18.0), (182.0, 42.0), (18.0, 42.0)];
        let text = RotatedRect::around(&corners).unwrap();
        let samples = Samples::new(&image, &text, &Mask::empty(200, 60), 0).unwrap();
        let found = Palette::new(&samples).letters().unwrap();
        let (left, top, columns) = (samples.rect.x, samples.rect.y, samples.columns);
        move |x, y| found[(y - top) as usize * columns + (x - left) as usize]
    }

    #[test]
    fn colours_along_the_whole_text_are_letters() {
        let at = probabilities();
        assert!([21, 91, 111, 171].iter().all(|x| at(*x, 30) > 0.8));
        assert!([27, 97, 107, 177].iter().all(|x| at(*x, 30) < 0.2));
    }

    #[test]
    fn colours_in_one_place_are_not_letters() {
        assert!(probabilities()(67, 30) < 0.3);
    }

    #[test]
    fn smoothing_keeps_the_sum() {
        let mut counts = vec![0.0; BINS];
        counts[0] = 1.0;
        counts[BINS - 1] = 2.0;
        smooth(&mut counts);
        assert!((counts.iter().sum::<f32>() - 3.0).abs() < 1e-5);
    }
}
