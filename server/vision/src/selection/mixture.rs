//! Mixtures of Gaussians as models of the colours of object and background.

/// Components per mixture, as in `GrabCut`.
const COMPONENTS: usize = 5;
/// Rounds in which colours are assigned to their most likely component and the components are estimated anew.
const ROUNDS: usize = 2;
/// Colours that a mixture is estimated from at most.
const MAX_SAMPLES: usize = 8192;
/// Added to the variance of each channel, in RGB of range 0 to 1: 2.5 levels of 255, squared.
const NOISE: f32 = 1e-4;
/// Steps of the power iteration for a principal axis.
const AXIS_STEPS: usize = 12;

/// A mixture of Gaussians in RGB of range 0 to 1.
pub(super) struct Mixture(Vec<Gaussian>);

struct Gaussian {
    mean: [f32; 3],
    /// The inverse of the covariance, a symmetric matrix.
    inverse: [[f32; 3]; 3],
    /// ln(weight) - ln(det(covariance)) / 2.
    offset: f32,
}

/// Mean, covariance and number of some colours.
struct Moments {
    mean: [f32; 3],
    covariance: [[f32; 3]; 3],
    count: usize,
}

impl Mixture {
    /// Estimates a mixture; `None` without colours. The colours are divided along the principal axis of the
    /// most varied part (Orchard and Bouman, 1991), then assigned to their most likely component.
    pub fn estimate(colours: &[[f32; 3]]) -> Option<Self> {
        let step = colours.len().div_ceil(MAX_SAMPLES).max(1);
        let samples: Vec<[f32; 3]> = colours.iter().step_by(step).copied().collect();
        if samples.is_empty() {
            return None;
        }
        let mut parts = vec![(Moments::of(&samples), samples.clone())];
        while parts.len() < COMPONENTS {
            let spread = |(moments, part): &(Moments, Vec<_>)| moments.variance() * part.len() as f32;
            let Some(widest) =
                (0..parts.len()).max_by(|a, b| spread(&parts[*a]).total_cmp(&spread(&parts[*b])))
            else {
                break;
            };
            let (moments, part) = parts.swap_remove(widest);
            let axis = moments.principal_axis();
            let (low, high): (Vec<_>, Vec<_>) = part
                .into_iter()
                .partition(|colour| dot(axis, difference(*colour, moments.mean)) < 0.0);
            let is_split = !low.is_empty() && !high.is_empty();
            let halves = [low, high].into_iter().filter(|half| !half.is_empty());
            parts.extend(halves.map(|half| (Moments::of(&half), half)));
            if !is_split {
                break;
            }
        }
        let total = samples.len();
        let mut mixture = Self(parts.iter().map(|(moments, _)| moments.gaussian(total)).collect());
        for _ in 0..ROUNDS {
            let mut assigned = vec![Vec::new(); mixture.0.len()];
            for colour in &samples {
                assigned[mixture.most_likely(*colour).0].push(*colour);
            }
            let parts = assigned.iter().filter(|part| !part.is_empty());
            mixture = Self(parts.map(|part| Moments::of(part).gaussian(total)).collect());
        }
        Some(mixture)
    }

    /// Returns the negative logarithm of the density of a colour, up to a constant; of the mixture, only the
    /// most likely component counts.
    pub fn cost(&self, colour: [f32; 3]) -> f32 {
        -self.most_likely(colour).1
    }

    fn most_likely(&self, colour: [f32; 3]) -> (usize, f32) {
        let densities = self.0.iter().map(|gaussian| gaussian.log_density(colour));
        let best = densities.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.unwrap_or((0, f32::MIN))
    }
}

impl Gaussian {
    fn log_density(&self, colour: [f32; 3]) -> f32 {
        let offset = difference(colour, self.mean);
        self.offset - 0.5 * dot(offset, product(&self.inverse, offset))
    }
}

impl Moments {
    fn of(colours: &[[f32; 3]]) -> Self {
        let count = colours.len().max(1) as f32;
        let mut mean = [0.0; 3];
        for colour in colours {
            for (sum, value) in mean.iter_mut().zip(colour) {
                *sum += value / count;
            }
        }
        let mut covariance = [[0.0; 3]; 3];
        for colour in colours {
            let offset = difference(*colour, mean);
            for (row, a) in covariance.iter_mut().zip(offset) {
                for (sum, b) in row.iter_mut().zip(offset) {
                    *sum += a * b / count;
                }
            }
        }
        for (channel, row) in covariance.iter_mut().enumerate() {
            row[channel] += NOISE;
        }
        Self {
            mean,
            covariance,
            count: colours.len(),
        }
    }

    fn variance(&self) -> f32 {
        (0..3).map(|channel| self.covariance[channel][channel]).sum()
    }

    fn principal_axis(&self) -> [f32; 3] {
        // Not orthogonal to a grey axis, nor to a channel's.
        let mut axis = [0.6, 0.59, 0.54];
        for _ in 0..AXIS_STEPS {
            let next = product(&self.covariance, axis);
            let length = dot(next, next).sqrt().max(f32::MIN_POSITIVE);
            axis = next.map(|value| value / length);
        }
        axis
    }

    fn gaussian(&self, total: usize) -> Gaussian {
        let [[rr, rg, rb], [_, gg, gb], [_, _, bb]] = self.covariance;
        let cofactors = [
            [gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg],
            [rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb],
            [rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg],
        ];
        // At least that of the noise; rounding may make it less.
        let determinant = dot([rr, rg, rb], cofactors[0]).max(NOISE * NOISE * NOISE);
        Gaussian {
            mean: self.mean,
            inverse: cofactors.map(|row| row.map(|value| value / determinant)),
            offset: (self.count as f32 / total as f32).ln() - 0.5 * determinant.ln(),
        }
    }
}

fn difference(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|at| a[at] - b[at])
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn product(matrix: &[[f32; 3]; 3], vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| dot(row, vector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_colours_cost_less() {
        let reds: Vec<[f32; 3]> = (0..200).map(|at| [0.7 + at as f32 / 1000.0, 0.1, 0.2]).collect();
        let mixed: Vec<[f32; 3]> = reds
            .iter()
            .flat_map(|[r, g, b]| [[*b, *r, *g], [*g, *b, *r]])
            .collect();
        let (first, second) = (
            Mixture::estimate(&reds).unwrap(),
            Mixture::estimate(&mixed).unwrap(),
        );
        for colour in &reds {
            assert!(first.cost(*colour) + 5.0 < second.cost(*colour));
        }
        for colour in &mixed {
            assert!(second.cost(*colour) + 5.0 < first.cost(*colour));
        }
    }

    #[test]
    fn costs_are_finite() {
        let flat = Mixture::estimate(&[[0.5; 3]; 10]).unwrap();
        let two = Mixture::estimate(&[[0.0; 3], [1.0; 3]]).unwrap();
        for colour in [[0.0; 3], [0.5; 3], [1.0, 0.0, 1.0]] {
            assert!(flat.cost(colour).is_finite() && two.cost(colour).is_finite());
        }
        assert!(Mixture::estimate(&[]).is_none());
    }
}
