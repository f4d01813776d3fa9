//! The noise schedule of latent diffusion (Rombach et al. 2022, "High-Resolution Image Synthesis with Latent
//! Diffusion Models") and its subsequence for sampling in fewer steps (Song et al. 2020, "Denoising Diffusion
//! Implicit Models", section 4.2).

use tch::{Kind, TchError, Tensor};

use crate::Device;

/// Number of timesteps in training.
const TIMESTEPS: usize = 1000;
/// Square roots of the variances of the first and the last timestep are interpolated linearly.
const FIRST_VARIANCE: f64 = 0.0015;
const LAST_VARIANCE: f64 = 0.0205;
/// Length of a timestep's embedding, half cosines and half sines.
const EMBEDDING_LEN: i64 = 256;
/// Largest period of the embedding in timesteps, divided by 2 pi.
const MAX_PERIOD: f64 = 10_000.0;

/// A step of the sampler, from a timestep to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// The network's timestep, 1 to 999.
    pub timestep: i64,
    /// Cumulative product of 1 - variance at the timestep.
    pub alpha: f32,
    /// The same at the timestep where the step ends.
    pub previous_alpha: f32,
}

/// Returns the steps from the noisiest to the last. The timesteps are `TIMESTEPS / count` apart, so that
/// there may be more of them than `count`. Timesteps beyond the schedule, with which `IOPaint` fails, are
/// replaced by its last one.
pub(super) fn steps(count: u32) -> Vec<Step> {
    let alphas = cumulative_alphas();
    let stride = (TIMESTEPS / count.max(1) as usize).max(1);
    let mut timesteps: Vec<usize> = (0..TIMESTEPS)
        .step_by(stride)
        .map(|timestep| (timestep + 1).min(TIMESTEPS - 1))
        .collect();
    timesteps.dedup();
    let previous = std::iter::once(0).chain(timesteps.iter().copied());
    let mut steps: Vec<Step> = timesteps
        .iter()
        .zip(previous)
        .map(|(&timestep, previous)| Step {
            timestep: timestep as i64,
            alpha: alphas[timestep],
            previous_alpha: alphas[previous],
        })
        .collect();
    steps.reverse();
    steps
}

/// Returns the cumulative product of 1 - variance of every timestep, computed in float64.
fn cumulative_alphas() -> [f32; TIMESTEPS] {
    let (first, last) = (FIRST_VARIANCE.sqrt(), LAST_VARIANCE.sqrt());
    let mut product = 1.0;
    std::array::from_fn(|timestep| {
        let root = first + (last - first) * timestep as f64 / (TIMESTEPS - 1) as f64;
        product *= 1.0 - root * root;
        product as f32
    })
}

/// Returns the sinusoidal embedding `[1, 256]` of a timestep (Vaswani et al. 2017, section 3.5).
pub(super) fn embedding(timestep: i64, device: Device) -> Result<Tensor, TchError> {
    let half = EMBEDDING_LEN / 2;
    let angles = Tensor::f_arange(half, (Kind::Float, tch::Device::Cpu))?
        .f_mul_scalar(-MAX_PERIOD.ln())?
        .f_div_scalar(half as f64)?
        .f_exp()?
        .f_mul_scalar(timestep)?;
    Tensor::f_cat(&[angles.f_cos()?, angles.f_sin()?], 0)?
        .f_unsqueeze(0)?
        .f_to_device(device.to_tch())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `IOPaint`'s `alphas_cumprod`.
    const ALPHAS: [(usize, f32); 6] = [
        (0, 0.9985),
        (1, 0.996_994_14),
        (51, 0.914_558_77),
        (500, 0.107_676_75),
        (951, 0.000_253_142_88),
        (999, 0.000_096_910_866),
    ];

    #[test]
    fn alphas_equal_the_original() {
        let alphas = cumulative_alphas();
        for (timestep, alpha) in ALPHAS {
            assert!(
                (alphas[timestep] - alpha).abs() <= 1e-6 * alpha,
                "{timestep}: {}",
                alphas[timestep]
            );
        }
    }

    #[test]
    fn twenty_steps_end_at_the_first_timestep() {
        let steps = steps(20);
        let timesteps: Vec<i64> = steps.iter().map(|step| step.timestep).collect();
        assert_eq!(
            timesteps,
            (0..20).rev().map(|step| step * 50 + 1).collect::<Vec<_>>()
        );
        for pair in steps.windows(2) {
            assert_eq!(pair[0].previous_alpha.to_bits(), pair[1].alpha.to_bits());
        }
    }

    #[test]
    fn every_count_stays_in_the_schedule() {
        for count in 1..=1000 {
            let steps = steps(count);
            assert!(steps.len() >= count.min(999) as usize, "{count}");
            assert!(
                steps.iter().all(|step| (1..1000).contains(&step.timestep)),
                "{count}"
            );
            assert!(
                steps.windows(2).all(|pair| pair[0].timestep > pair[1].timestep),
                "{count}"
            );
        }
    }
}
