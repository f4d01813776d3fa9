//! Colour models of object and background, as in `GrabCut` (Rother et al., 2004) with histograms instead of
//! mixtures of Gaussians, and the guided filter instead of the graph cut.

use super::edges::Edges;
use super::frame::Frame;

/// Bins of the histogram per channel, 16 levels of 8-bit samples each.
const BINS: usize = 16;
/// Added to both likelihoods: the probability of a colour that neither model has seen is 0.5.
const UNSEEN: f64 = 1e-5;
/// Probabilities are clamped to CERTAIN..1 - CERTAIN before the logarithm of their odds.
const CERTAIN: f32 = 0.01;

/// The weights of the evidence in the log odds of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// Factor of the initial mask's log odds.
    pub initial: f32,
    /// Factor of the colour's log odds.
    pub colour: f32,
    /// Rounds of estimation.
    pub rounds: usize,
}

/// Refines a soft mask, values 0 to 1 per cell, by the colours inside and outside. Cells for which `allowed`
/// is false are background for certain and 0 in the result.
pub(super) fn refine(
    frame: &Frame,
    colours: &[[f32; 3]],
    initial: &[f32],
    allowed: &[bool],
    evidence: Evidence,
) -> Vec<f32> {
    let bins: Vec<usize> = colours.iter().map(|colour| bin(*colour)).collect();
    let edges = Edges::new(frame, colours);
    let mut mask = initial.to_vec();
    for _ in 0..evidence.rounds {
        let inside = mask.iter().zip(allowed);
        let object = histogram(
            &bins,
            inside
                .clone()
                .map(|(value, allowed)| if *allowed { value * value } else { 0.0 }),
        );
        let background = histogram(
            &bins,
            inside.map(|(value, allowed)| {
                if *allowed {
                    (1.0 - value) * (1.0 - value)
                } else {
                    1.0
                }
            }),
        );
        let odds: Vec<f32> = object
            .iter()
            .zip(&background)
            .map(|(object, background)| {
                log_odds(((object + UNSEEN) / (object + background + 2.0 * UNSEEN)) as f32)
            })
            .collect();
        let posterior: Vec<f32> = bins
            .iter()
            .zip(initial.iter().zip(allowed))
            .map(|(&bin, (&initial, &allowed))| {
                let sum = evidence.initial * log_odds(initial) + evidence.colour * odds[bin];
                if allowed { 1.0 / (1.0 + (-sum).exp()) } else { 0.0 }
            })
            .collect();
        mask = edges.at_cells(&posterior);
        for (value, allowed) in mask.iter_mut().zip(allowed) {
            if !allowed {
                *value = 0.0;
            }
        }
    }
    mask
}

fn log_odds(probability: f32) -> f32 {
    let probability = probability.clamp(CERTAIN, 1.0 - CERTAIN);
    (probability / (1.0 - probability)).ln()
}

fn bin(colour: [f32; 3]) -> usize {
    let level = |value: f32| ((value * BINS as f32) as usize).min(BINS - 1);
    colour.iter().fold(0, |index, value| index * BINS + level(*value))
}

/// Returns the weighted histogram of colours, smoothed by (1, 2, 1) / 4 along each channel, with the sum 1,
/// or 0 if all weights are 0.
fn histogram(bins: &[usize], weights: impl Iterator<Item = f32>) -> Vec<f64> {
    let mut counts = vec![0.0; BINS * BINS * BINS];
    for (&bin, weight) in bins.iter().zip(weights) {
        counts[bin] += f64::from(weight);
    }
    for stride in [1, BINS, BINS * BINS] {
        let source = counts.clone();
        for (index, count) in counts.iter_mut().enumerate() {
            let level = index / stride % BINS;
            let below = if level > 0 { index - stride } else { index };
            let above = if level + 1 < BINS { index + stride } else { index };
            *count = (source[below] + 2.0 * source[index] + source[above]) / 4.0;
        }
    }
    let sum: f64 = counts.iter().sum();
    if sum > 0.0 {
        for count in &mut counts {
            *count /= sum;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::{Rect, RgbImage};

    use super::*;

    /// A red disc on blue, of which the initial mask knows a third, is completed.
    #[test]
    fn same_colours_are_added() {
        let disc = |x: f32, y: f32| (x - 50.0).hypot(y - 50.0) < 30.0;
        let image = RgbImage::from_fn(100, 100, |x, y| {
            image::Rgb(if disc(x as f32, y as f32) {
                [210, 30, 40]
            } else {
                [20, 60, 180]
            })
        });
        let frame = Frame::new(Rect::whole((100, 100)));
        let colours = frame.colours(&image);
        let values: Vec<f32> = (0..frame.len())
            .map(|cell| {
                let (x, y) = frame.centre(cell);
                if disc(x, y) && x < 40.0 { 0.9 } else { 0.3 }
            })
            .collect();
        let allowed: Vec<bool> = (0..frame.len())
            .map(|cell| (12..88).contains(&(cell % 100)))
            .collect();
        let evidence = Evidence {
            initial: 0.5,
            colour: 0.8,
            rounds: 3,
        };
        let mask = refine(&frame, &colours, &values, &allowed, evidence);
        let wrong = (0..frame.len()).filter(|&cell| {
            let (x, y) = frame.centre(cell);
            (mask[cell] > 0.5) != disc(x - 0.5, y - 0.5)
        });
        assert!(wrong.count() < 40);
        assert!(
            mask.iter()
                .zip(&allowed)
                .all(|(value, allowed)| *allowed || *value == 0.0)
        );
    }
}
