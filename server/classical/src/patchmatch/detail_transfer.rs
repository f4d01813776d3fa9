//! Detail for a filling that was made smaller.
//!
//! What a network fills in at half or a quarter of the size is right in its large forms and has no detail. The
//! picture around the hole has: for every patch of the small filling the known patch most like it is found, and what
//! stands there at the picture's own size is put in its place. Of that only what the small size can't show is taken:
//! the filling, made small again, stays what the network said.

use std::ops::ControlFlow;

use iopaint_inpaint::Stop;

use super::anchor::Anchor;
use super::field::{EVERYWHERE, Field};
use super::fill::{LAST_SHARPNESS, Run, SHARPNESS, smooth, voted};
use super::level::{Canvas, Level};
use super::pixel::{Colours, Pixel, colours};
use super::pyramid::halved;
use super::vote::vote;

/// Turns at the small size, in which the texture of what is to be filled and its sources settle, and the rounds of
/// search in each.
const TURNS: usize = 4;
const ROUNDS: usize = 4;
/// Rounds of search at every larger size, which only correct, and how far they look around what was found, in pixels.
const FINE_ROUNDS: usize = 1;
const FINE_REACH: usize = 16;

/// The colours of the hole's pixels of `canvas`, in order. `small` is `canvas` halved `halvings` times and filled, row by
/// row. `None` where there are no patches to take detail from.
pub(super) fn restore(
    canvas: Canvas,
    small: &[Pixel],
    halvings: u32,
    run: &Run<'_>,
) -> Result<Option<Vec<Colours>>, Stop> {
    let mut levels = vec![Level::new(canvas)];
    for _ in 0..halvings {
        let half = levels.last().map(|level| Level::new(halved(&level.canvas)));
        levels.extend(half);
    }
    let total = levels.len();
    let width = levels.last().map_or(0, |level| level.canvas.width);
    let anchor = Anchor::new(small.iter().map(|pixel| (colours(pixel), 1.0)).collect(), width);
    let mut coarser: Option<(Level, Field)> = None;
    while let Some(mut level) = levels.pop() {
        let number = levels.len();
        let seed = run.seed.wrapping_add(number as u64);
        let halvings = halvings as usize - number;
        let begun = match &coarser {
            Some((coarse, field)) => field.doubled(coarse, &level, seed),
            None => Field::random(&level, seed),
        };
        let Some(mut field) = begun else {
            return Ok(None);
        };
        let (turns, rounds, reach) = if coarser.is_none() {
            (TURNS, ROUNDS, EVERYWHERE)
        } else {
            (1, FINE_ROUNDS, FINE_REACH)
        };
        let mut estimates = match coarser {
            Some(_) => voted(&level, &field, 0.0, run.threads),
            None => smooth(&level),
        };
        let mut round = 0..;
        for _ in 0..turns {
            anchor.hold(&level, halvings, 1.0, run.threads, &mut estimates);
            level.write(&estimates);
            for round in round.by_ref().take(rounds) {
                field.improve(&level, reach, round, seed, run.threads);
            }
            let sharpness = if number == 0 { LAST_SHARPNESS } else { SHARPNESS };
            vote(
                &level,
                &field,
                sharpness,
                run.threads,
                &level.holes,
                &mut estimates,
            );
        }
        anchor.hold(&level, halvings, 1.0, run.threads, &mut estimates);
        if let ControlFlow::Break(stop) = run.monitor.step(total - number, total) {
            return Err(stop);
        }
        if number == 0 {
            return Ok(Some(estimates));
        }
        coarser = Some((level, field));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use iopaint_imaging::{GrayImage, RgbImage};
    use iopaint_inpaint::{Detail, Unmonitored};

    use crate::PatchMatch;

    const SIDE: u32 = 160;

    /// Cloth: fine stripes, bright at the left and dark at the right, so that halved it is an even slope.
    fn cloth(x: u32, y: u32) -> u8 {
        (180 - x / 2) as u8 + if (x + y).is_multiple_of(2) { 24 } else { 0 }
    }

    fn image(value: impl Fn(u32, u32) -> u8) -> RgbImage {
        RgbImage::from_fn(SIDE, SIDE, |x, y| [value(x, y); 3].into())
    }

    fn hole() -> GrayImage {
        GrayImage::from_fn(SIDE, SIDE, |x, y| {
            [if x.abs_diff(80).pow(2) + y.abs_diff(80).pow(2) < 900 {
                255
            } else {
                0
            }]
            .into()
        })
    }

    /// What [`cloth`] is when halved twice.
    fn small() -> RgbImage {
        RgbImage::from_fn(SIDE / 4, SIDE / 4, |x, _| [(191 - 2 * x) as u8; 3].into())
    }

    fn restored(image: &RgbImage, threads: usize) -> Option<RgbImage> {
        let patches = PatchMatch::new(NonZeroUsize::new(threads).unwrap(), 0);
        patches
            .restore(image, &hole(), &small(), 2, &Unmonitored)
            .unwrap()
    }

    #[test]
    fn the_filling_has_the_pictures_detail() {
        let out = restored(&image(cloth), 2).unwrap();
        let (mut found, mut pixels) = (0, 0);
        for (x, y, mask) in hole().enumerate_pixels() {
            if mask.0[0] > 0 {
                let apart = out.get_pixel(x, y).0[0].abs_diff(out.get_pixel(x + 1, y).0[0]);
                found += u32::from((12..40).contains(&apart));
                pixels += 1;
            }
        }
        assert!(found * 10 > pixels * 8, "{found} of {pixels}");
    }

    #[test]
    fn made_small_again_it_is_what_the_network_said() {
        let out = restored(&image(cloth), 2).unwrap();
        let hole = hole();
        for (x, y, right) in small().enumerate_pixels() {
            let pixels = (0..16).map(|at| (4 * x + at % 4, 4 * y + at / 4));
            if pixels.clone().all(|(x, y)| hole.get_pixel(x, y).0[0] > 0) {
                let sum: u32 = pixels.map(|(x, y)| u32::from(out.get_pixel(x, y).0[0])).sum();
                assert!(
                    (sum / 16).abs_diff(u32::from(right.0[0])) <= 4,
                    "{x},{y}: {}",
                    sum / 16
                );
            }
        }
    }

    #[test]
    fn only_the_hole_changes_and_what_was_in_it_does_not_count() {
        let before = image(cloth);
        let mut erased = before.clone();
        let hole = hole();
        for (pixel, _) in erased
            .pixels_mut()
            .zip(hole.pixels())
            .filter(|(_, hole)| hole.0[0] > 0)
        {
            *pixel = [255, 0, 0].into();
        }
        let out = restored(&before, 2).unwrap();
        assert_eq!(restored(&erased, 2).unwrap(), out);
        let known = before.pixels().zip(out.pixels()).zip(hole.pixels());
        assert!(
            known
                .filter(|(_, hole)| hole.0[0] == 0)
                .all(|((before, after), _)| before == after)
        );
    }

    #[test]
    fn it_does_not_depend_on_the_number_of_threads() {
        assert_eq!(restored(&image(cloth), 1), restored(&image(cloth), 3));
    }

    #[test]
    fn where_nothing_is_known_there_is_no_detail() {
        let patches = PatchMatch::new(NonZeroUsize::MIN, 0);
        let all = GrayImage::from_pixel(SIDE, SIDE, [255].into());
        let out = patches.restore(&image(cloth), &all, &small(), 2, &Unmonitored);
        assert_eq!(out, Ok(None));
    }
}
