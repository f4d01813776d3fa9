//! Samplers of diffusion models: from noise to a latent image.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use iopaint_inpaint::{ForwardError, LdmSampler, Monitor};
use tch::{TchError, Tensor};

use super::schedule::Step;
use crate::tensor::forward_error;

/// Weights of the current and the earlier noise estimates, the latest first, by the number of earlier ones:
/// the Adams-Bashforth methods of orders 2 to 4 (Liu et al. 2022, "Pseudo Numerical Methods for Diffusion
/// Models on Manifolds", appendix).
const ADAMS_BASHFORTH: [(&[f64], f64); 3] = [
    (&[3.0, -1.0], 2.0),
    (&[23.0, -16.0, 5.0], 12.0),
    (&[55.0, -59.0, 37.0, -9.0], 24.0),
];

/// Returns the latent image at the end of `steps`, starting from `noise`. `predict` returns the network's
/// estimate of the noise in a latent image at a timestep. The monitor is asked before each step.
pub(super) fn sample(
    sampler: LdmSampler,
    steps: &[Step],
    noise: Tensor,
    monitor: &dyn Monitor,
    mut predict: impl FnMut(&Tensor, i64) -> Result<Tensor, ForwardError>,
) -> Result<Tensor, ForwardError> {
    let failed = |error: TchError| forward_error(&error);
    let mut latent = noise;
    // The latest estimate first.
    let mut earlier: VecDeque<Tensor> = VecDeque::with_capacity(ADAMS_BASHFORTH.len() + 1);
    for (done, step) in steps.iter().enumerate() {
        if let ControlFlow::Break(stop) = monitor.step(done, steps.len()) {
            return Err(stop.into());
        }
        let estimate = predict(&latent, step.timestep)?;
        if sampler == LdmSampler::Ddim {
            latent = denoise(&latent, &estimate, *step).map_err(failed)?;
            continue;
        }
        let refined = if earlier.is_empty() {
            // The pseudo improved Euler method, with a second estimate at the end of the step.
            let end = denoise(&latent, &estimate, *step).map_err(failed)?;
            let next = steps.get(done + 1).unwrap_or(step);
            let second = predict(&end, next.timestep)?;
            estimate
                .f_add(&second)
                .and_then(|sum| sum.f_div_scalar(2.0))
                .map_err(failed)?
        } else {
            multistep(&estimate, &earlier).map_err(failed)?
        };
        latent = denoise(&latent, &refined, *step).map_err(failed)?;
        earlier.push_front(estimate);
        earlier.truncate(ADAMS_BASHFORTH.len());
    }
    Ok(latent)
}

/// Combines the current noise estimate with at least one earlier one.
fn multistep(estimate: &Tensor, earlier: &VecDeque<Tensor>) -> Result<Tensor, TchError> {
    let order = earlier.len().min(ADAMS_BASHFORTH.len());
    let (weights, divisor) = ADAMS_BASHFORTH[order.saturating_sub(1)];
    let mut sum = estimate.f_mul_scalar(weights[0])?;
    for (estimate, &weight) in earlier.iter().zip(&weights[1..]) {
        sum = sum.f_add(&estimate.f_mul_scalar(weight)?)?;
    }
    sum.f_div_scalar(divisor)
}

/// Returns the latent image at the end of a step, given the noise in it (Song et al. 2020, equation 12 with
/// sigma 0).
fn denoise(latent: &Tensor, noise: &Tensor, step: Step) -> Result<Tensor, TchError> {
    let scalar = |value: f32| f64::from(value);
    let clean = latent
        .f_sub(&noise.f_mul_scalar(scalar((1.0 - step.alpha).sqrt()))?)?
        .f_div_scalar(scalar(step.alpha.sqrt()))?;
    clean
        .f_mul_scalar(scalar(step.previous_alpha.sqrt()))?
        .f_add(&noise.f_mul_scalar(scalar((1.0 - step.previous_alpha).sqrt()))?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use iopaint_inpaint::{Stop, Unmonitored};
    use tch::{Device, Kind};

    use super::*;
    use crate::ldm::schedule::steps;

    fn zeros() -> Tensor {
        Tensor::zeros([1, 3, 2, 2], (Kind::Float, Device::Cpu))
    }

    struct StopAt(usize);

    impl Monitor for StopAt {
        fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }

        fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
            assert_eq!(total, 10);
            if done == self.0 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
    }

    /// If the estimate is the true noise, every step keeps the clean image.
    #[test]
    fn true_noise_gives_the_clean_image() {
        let steps = steps(10);
        let (clean, noise) = (zeros() + 0.25, zeros() + 1.5);
        let mix = |alpha: f32| {
            let alpha = f64::from(alpha);
            &clean * alpha.sqrt() + &noise * (1.0 - alpha).sqrt()
        };
        for sampler in [LdmSampler::Ddim, LdmSampler::Plms] {
            let start = mix(steps[0].alpha);
            let end = sample(sampler, &steps, start, &Unmonitored, |_, _| {
                Ok(noise.shallow_clone())
            })
            .unwrap();
            let expected = mix(steps[9].previous_alpha);
            assert!(
                (end - expected).abs().max().double_value(&[]) < 1e-4,
                "{sampler:?}"
            );
        }
    }

    #[test]
    fn monitor_stops_between_steps() {
        for (sampler, expected) in [(LdmSampler::Ddim, 3), (LdmSampler::Plms, 4)] {
            let calls = Cell::new(0);
            let error = sample(sampler, &steps(10), zeros(), &StopAt(3), |latent, _| {
                calls.set(calls.get() + 1);
                Ok(latent.shallow_clone())
            })
            .unwrap_err();
            assert_eq!(error, ForwardError::Stopped(Stop::Cancelled));
            assert_eq!(calls.get(), expected, "{sampler:?}");
        }
    }
}
