//! Colour corrections of copied pieces, one per block, which remove small or uniform colour steps between
//! pieces and at the hole's border.

use super::features::{COLOUR_CHANNELS, Colour};

/// The largest colour step, in levels of 255, that is corrected. A larger one is an edge of the image, unless
/// it is uniform.
pub(super) const MAX_STEP: f32 = 12.0;
/// The largest uniform step that is corrected: between smooth surfaces, e.g. clouds, a step is more visible
/// than the gradient that replaces it. Set, like the deviation, for a balloon in front of clouds, and
/// confirmed on the tuning half of `make eval-removals` (docs/experiments.md).
const MAX_UNIFORM_STEP: f32 = 60.0;
/// The largest standard deviation of a uniform step in a channel, in levels of 255.
const UNIFORM_DEVIATION: f32 = 4.0;
/// Weight of the known pixels against a neighbouring block.
const KNOWN_WEIGHT: f32 = 1.0;
/// Weight of no correction: keeps pieces without corrected steps as they are.
const ZERO_WEIGHT: f32 = 1e-3;
/// Sweeps of successive over-relaxation, and its factor.
const SWEEPS: usize = 150;
const RELAXATION: f32 = 1.8;

/// The mean and variance of colour steps.
#[derive(Clone, Copy, Default)]
pub(super) struct MeanStep {
    sum: Colour,
    squares: Colour,
    count: f32,
}

impl MeanStep {
    /// Adds the step from `from` to `to`.
    pub(super) fn add(&mut self, from: Colour, to: Colour) {
        let sums = self.sum.iter_mut().zip(&mut self.squares);
        for ((sum, square), (from, to)) in sums.zip(from.into_iter().zip(to)) {
            *sum += to - from;
            *square += (to - from).powi(2);
        }
        self.count += 1.0;
    }

    /// Returns the mean; `None` if there is no step, or if it is an edge: above [`MAX_STEP`] in a channel, or
    /// above [`MAX_UNIFORM_STEP`] if it is uniform.
    fn correctable(self) -> Option<Colour> {
        let count = self.count.max(1.0);
        let mean = self.sum.map(|sum| sum / count);
        let variances = mean.iter().zip(self.squares);
        let mut variances = variances.map(|(mean, square)| square / count - mean * mean);
        let is_uniform = variances.all(|variance| variance <= UNIFORM_DEVIATION.powi(2));
        let limit = if is_uniform { MAX_UNIFORM_STEP } else { MAX_STEP };
        let is_small = mean.iter().all(|channel| channel.abs() <= limit);
        (self.count > 0.0 && is_small).then_some(mean)
    }
}

/// A system of blocks whose corrections c are sought.
pub(super) struct BlockCorrections {
    /// Per block: the wanted correction and its weight.
    known: Vec<(Colour, f32)>,
    /// Pairs of neighbouring blocks a, b and the wanted c(a) - c(b).
    pairs: Vec<(u32, u32, Colour)>,
}

impl BlockCorrections {
    pub(super) fn new(blocks: usize) -> Self {
        Self {
            known: vec![([0.0; COLOUR_CHANNELS], 0.0); blocks],
            pairs: Vec::new(),
        }
    }

    /// Wants the correction of `block` to equal a step to known pixels, if that is small.
    pub(super) fn want_known(&mut self, block: usize, step: MeanStep) {
        if let Some(step) = step.correctable() {
            self.known[block] = (step, KNOWN_WEIGHT);
        }
    }

    /// Wants equal corrections of two blocks of one piece.
    pub(super) fn want_equal(&mut self, a: usize, b: usize) {
        self.pairs.push((a as u32, b as u32, [0.0; COLOUR_CHANNELS]));
    }

    /// Wants corrections that remove the step from block `a` to block `b`, if that is small.
    pub(super) fn want_continuous(&mut self, a: usize, b: usize, step: MeanStep) {
        if let Some(step) = step.correctable() {
            self.pairs.push((a as u32, b as u32, step));
        }
    }

    /// Returns the corrections that minimise
    ///
    /// ```text
    /// sum over pairs of |c(a) - c(b) - step|^2
    ///     + sum over blocks of weight * |c - known|^2 + ZERO_WEIGHT * |c|^2
    /// ```
    ///
    /// approximately, by Gauss-Seidel sweeps with over-relaxation.
    pub(super) fn solve(&self) -> Vec<Colour> {
        let mut neighbours: Vec<Vec<(u32, Colour)>> = vec![Vec::new(); self.known.len()];
        for (a, b, step) in &self.pairs {
            neighbours[*a as usize].push((*b, *step));
            neighbours[*b as usize].push((*a, step.map(|channel| -channel)));
        }
        let mut corrections = vec![[0.0; COLOUR_CHANNELS]; self.known.len()];
        // The corrections of all other blocks are 0.
        let wanted = |block: &usize| self.known[*block].1 > 0.0 || !neighbours[*block].is_empty();
        let blocks: Vec<usize> = (0..corrections.len()).filter(wanted).collect();
        for _ in 0..SWEEPS {
            for block in blocks.iter().copied() {
                let (known, weight) = self.known[block];
                let total = weight + ZERO_WEIGHT + neighbours[block].len() as f32;
                let mut sums = known.map(|channel| channel * weight);
                for (other, step) in &neighbours[block] {
                    let other = corrections[*other as usize];
                    for ((sum, other), step) in sums.iter_mut().zip(other).zip(step) {
                        *sum += other + step;
                    }
                }
                for (correction, sum) in corrections[block].iter_mut().zip(sums) {
                    *correction += RELAXATION * (sum / total - *correction);
                }
            }
        }
        corrections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a step of `levels` on average, by turns `deviation` more and less.
    fn step(levels: f32, deviation: f32) -> MeanStep {
        let mut step = MeanStep::default();
        for levels in [levels - deviation, levels + deviation] {
            step.add([0.0; COLOUR_CHANNELS], [levels; COLOUR_CHANNELS]);
        }
        step
    }

    /// Returns the corrections of a row of four blocks, two of each of two pieces, between known pixels that
    /// the pieces continue exactly.
    fn corrected(between: MeanStep) -> Vec<f32> {
        let mut blocks = BlockCorrections::new(4);
        blocks.want_known(0, step(0.0, 0.0));
        blocks.want_equal(0, 1);
        blocks.want_continuous(1, 2, between);
        blocks.want_equal(2, 3);
        blocks.want_known(3, step(0.0, 0.0));
        blocks.solve().into_iter().map(|colour| colour[0]).collect()
    }

    #[test]
    fn small_steps_are_spread() {
        let corrections = corrected(step(10.0, 20.0));
        assert!(
            (corrections[1] - corrections[2] - 8.0).abs() < 0.1,
            "{corrections:?}"
        );
        assert!((corrections[0] - 2.0).abs() < 0.1, "{corrections:?}");
        assert!((corrections[1] + corrections[2]).abs() < 0.1, "{corrections:?}");
    }

    #[test]
    fn edges_stay() {
        for edge in [step(MAX_STEP + 1.0, 20.0), step(MAX_UNIFORM_STEP + 1.0, 0.0)] {
            let corrections = corrected(edge);
            assert!(
                corrections.iter().all(|correction| correction.abs() < 1e-3),
                "{corrections:?}"
            );
        }
    }

    #[test]
    fn uniform_steps_are_spread() {
        let corrections = corrected(step(MAX_UNIFORM_STEP - 10.0, UNIFORM_DEVIATION - 1.0));
        let remaining = 50.0 - (corrections[1] - corrections[2]);
        assert!(remaining < 50.0 / 4.0, "{corrections:?}");
    }
}
