//! Hiding the seam between what was filled and what was there.

use super::level::Canvas;
use super::pixel::{COLOURS, Colours};
use super::smooth::pull_push;

/// The largest difference at the rim, of 255, that counts as a seam. More is an edge: the filling shows something else
/// than what is beside it, and the correction would smear the one over the other.
const LARGEST: f32 = 12.0;
/// Sweeps that smooth the correction near the seam, where it changes most.
const SWEEPS: usize = 12;

/// Adds a smooth correction to the hole's pixels that is, at its rim, what the filling is off by there: cloning in the
/// gradient domain (Perez, Gangnet and Blake 2003), in its form with a membrane, as the difference is interpolated
/// and the filling's own gradients stay. `rim` are known pixels beside the hole and `filled_rim` what the filling
/// would make of them.
pub(super) fn hide(
    canvas: &Canvas,
    holes: &[u32],
    estimates: &mut [Colours],
    rim: &[u32],
    filled_rim: &[Colours],
) {
    let mut wrong = vec![([0.0; COLOURS], 0.0); canvas.pixels.len()];
    for (at, filled) in rim.iter().zip(filled_rim) {
        let at = *at as usize;
        if let (Some(wrong), Some(pixel)) = (wrong.get_mut(at), canvas.pixels.get(at)) {
            let mut difference = [0.0; COLOURS];
            for ((difference, filled), pixel) in difference.iter_mut().zip(filled).zip(pixel) {
                *difference = f32::from(*pixel) - filled;
            }
            if difference.iter().all(|part| part.abs() <= LARGEST) {
                *wrong = (difference, 1.0);
            }
        }
    }
    let mut correction = pull_push(&wrong, canvas.width);
    for _ in 0..SWEEPS {
        relax(&mut correction, holes, canvas.width);
    }
    for (at, estimate) in holes.iter().zip(estimates) {
        if let Some(correction) = correction.get(*at as usize) {
            for (part, correction) in estimate.iter_mut().zip(correction) {
                *part = (*part + correction).clamp(0.0, 255.0);
            }
        }
    }
}

/// One Gauss-Seidel sweep of Laplace's equation over the hole.
fn relax(values: &mut [Colours], holes: &[u32], width: usize) {
    for at in holes {
        let at = *at as usize;
        let x = at % width;
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then_some(at + 1),
            at.checked_sub(width),
            Some(at + width),
        ];
        let (mut sum, mut count) = ([0.0; COLOURS], 0.0_f32);
        for value in neighbours.into_iter().flatten().filter_map(|at| values.get(at)) {
            sum.iter_mut().zip(value).for_each(|(sum, part)| *sum += part);
            count += 1.0;
        }
        if let Some(value) = values.get_mut(at) {
            *value = sum.map(|sum| sum / count.max(1.0));
        }
    }
}

/// The known pixels that touch the hole by a side, in order.
pub(super) fn rim(canvas: &Canvas) -> Vec<u32> {
    let is_hole = |at: usize| canvas.hole.get(at).copied().unwrap_or(false);
    let touches = |at: usize| {
        let x = at % canvas.width;
        (x > 0 && is_hole(at - 1))
            || (x + 1 < canvas.width && is_hole(at + 1))
            || at.checked_sub(canvas.width).is_some_and(is_hole)
            || is_hole(at + canvas.width)
    };
    let known = (0..canvas.hole.len()).filter(|at| !is_hole(*at) && touches(*at));
    known.map(|at| at as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::pixel::coloured;

    #[test]
    fn a_filling_that_is_evenly_too_dark_comes_out_right() {
        let (width, height) = (24, 20);
        let inside = |at: usize| (6..18).contains(&(at % width)) && (5..15).contains(&(at / width));
        let canvas = Canvas {
            width,
            height,
            pixels: vec![coloured([100, 120, 140]); width * height],
            hole: (0..width * height).map(inside).collect(),
        };
        let holes: Vec<u32> = (0..(width * height) as u32)
            .filter(|at| inside(*at as usize))
            .collect();
        let dark = [90.0, 110.0, 130.0];
        let rim = rim(&canvas);
        assert_eq!(rim.len(), 2 * (12 + 10));
        let mut estimates = vec![dark; holes.len()];
        hide(&canvas, &holes, &mut estimates, &rim, &vec![dark; rim.len()]);
        for estimate in &estimates {
            assert!((estimate[0] - 100.0).abs() < 0.5 && (estimate[2] - 140.0).abs() < 0.5);
        }
    }

    #[test]
    fn an_edge_at_the_rim_is_not_smeared_into_the_hole() {
        let canvas = Canvas {
            width: 9,
            height: 3,
            pixels: vec![coloured([200; 3]); 27],
            hole: (0..27)
                .map(|at| (1..8).contains(&(at % 9)) && at / 9 == 1)
                .collect(),
        };
        let holes: Vec<u32> = (10..17).collect();
        let rim = rim(&canvas);
        let dark = [50.0; COLOURS];
        let mut estimates = vec![dark; holes.len()];
        hide(&canvas, &holes, &mut estimates, &rim, &vec![dark; rim.len()]);
        assert_eq!(estimates, vec![dark; holes.len()]);
    }
}
