//! The completion itself: coarse to fine, searching and voting in turn.

use std::ops::ControlFlow;

use iopaint_inpaint::{Monitor, Stop};

use super::anchor::Anchor;
use super::field::{EVERYWHERE, Field};
use super::guide::Guide;
use super::level::{Canvas, Level};
use super::misfit::Doubt;
use super::pixel::{COLOURS, Colours, PARTS, colours};
use super::pyramid::pyramid;
use super::seam;
use super::smooth::pull_push;
use super::vote::vote;

/// Turns of searching and voting at the coarsest level, where the structure is found, and at the finest, which only
/// adds detail; those between have numbers between.
const TURNS: (usize, usize) = (12, 3);
/// Rounds of search in a turn, and in the first, which begins with sources taken at random.
const ROUNDS: usize = 2;
const FIRST_ROUNDS: usize = 8;
/// How steeply better matches count more (see [`vote`]); in the last vote they do much more, so that the result is
/// crisp.
pub(super) const SHARPNESS: f32 = 1.0;
pub(super) const LAST_SHARPNESS: f32 = 4.0;
/// The level, or the coarsest, at which it is seen where patches don't fit (see [`Doubt`]), and that whose colours finer
/// ones are held to there.
const DOUBTED: usize = 3;
const MIXED: usize = 2;
/// What is filled in where nothing is known: mid-grey.
const UNKNOWN: Colours = [128.0; COLOURS];

/// How a completion is to run.
pub(super) struct Run<'a> {
    pub(super) seed: u64,
    pub(super) threads: usize,
    pub(super) monitor: &'a dyn Monitor,
}

/// The colours of the hole's pixels, in order. `guess`, a picture of the same size as `canvas`, is what the search
/// begins with in the hole and is held to (see [`Guide`]); without it that is a smooth filling.
pub(super) fn fill(canvas: Canvas, guess: Option<Canvas>, run: &Run<'_>) -> Result<Vec<Colours>, Stop> {
    let mut levels = pyramid(canvas);
    let guide = guess.map(|guess| Guide::new(guess, &levels));
    let coarsest = levels.len().saturating_sub(1);
    let (doubted_level, mixed_level) = (DOUBTED.min(coarsest), MIXED.min(coarsest));
    let mut doubt: Option<Doubt> = None;
    let mut anchor: Option<Anchor> = None;
    let mut steps = Steps::of(&levels, run.monitor);
    let mut coarser: Option<(Level, Field)> = None;
    while let Some(mut level) = levels.pop() {
        let number = levels.len();
        let seed = run.seed.wrapping_add(number as u64);
        let begun = match &coarser {
            Some((coarse, field)) => field.doubled(coarse, &level, seed),
            None => Field::random(&level, seed),
        };
        let mut estimates = match (&guide, &coarser, &begun) {
            (_, Some(_), Some(field)) => voted(&level, field, 0.0, run.threads),
            (Some(guide), None, _) => guide.estimates(number),
            _ => smooth(&level),
        };
        let Some(mut field) = begun else {
            return Ok(estimates);
        };
        level.write(&estimates);
        let turns = turns(number, steps.levels);
        let mut rounds = 0..;
        for turn in 0..turns {
            let count = if coarser.is_none() && turn == 0 {
                FIRST_ROUNDS
            } else {
                ROUNDS
            };
            for round in rounds.by_ref().take(count) {
                field.improve(&level, EVERYWHERE, round, seed, run.threads);
            }
            let last = number == 0 && turn + 1 == turns;
            let sharpness = if last { LAST_SHARPNESS } else { SHARPNESS };
            vote(
                &level,
                &field,
                sharpness,
                run.threads,
                &level.holes,
                &mut estimates,
            );
            if last {
                let rim = seam::rim(&level.canvas);
                let mut filled = at(&level.canvas, &rim);
                vote(&level, &field, sharpness, run.threads, &rim, &mut filled);
                seam::hide(&level.canvas, &level.holes, &mut estimates, &rim, &filled);
                if let Some(anchor) = &anchor {
                    anchor.hold(&level, mixed_level, 1.0, run.threads, &mut estimates);
                }
                return Ok(estimates);
            }
            if let Some(guide) = &guide {
                let left = 1.0 - turn as f32 / turns as f32;
                guide.hold(&level, number, left, run.threads, &mut estimates);
            }
            if let Some(anchor) = &anchor {
                anchor.hold(&level, mixed_level - number, 1.0, run.threads, &mut estimates);
            }
            level.write(&estimates);
            steps.took(&level)?;
        }
        if number == doubted_level && guide.is_some() {
            doubt = Some(Doubt::new(&level, &field));
        }
        if let (Some(doubt), Some(guide)) = (doubt.as_ref().filter(|_| number == mixed_level), &guide) {
            let guess = guide.estimates(number);
            anchor = Some(doubt.anchor(&level, doubted_level - number, &estimates, &guess));
        }
        coarser = Some((level, field));
    }
    Ok(Vec::new())
}

fn turns(level: usize, levels: usize) -> usize {
    let (most, least) = TURNS;
    (most * (level + 1) / levels).max(least)
}

/// Counts the work done, in patches searched for, and asks whether to go on.
struct Steps<'a> {
    monitor: &'a dyn Monitor,
    levels: usize,
    done: usize,
    total: usize,
}

impl<'a> Steps<'a> {
    fn of(levels: &[Level], monitor: &'a dyn Monitor) -> Self {
        let work = levels.iter().enumerate();
        Self {
            monitor,
            levels: levels.len(),
            done: 0,
            total: work
                .map(|(number, level)| turns(number, levels.len()) * level.targets.len())
                .sum(),
        }
    }

    fn took(&mut self, level: &Level) -> Result<(), Stop> {
        self.done += level.targets.len();
        match self.monitor.step(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(stop) => Err(stop),
        }
    }
}

pub(super) fn voted(level: &Level, field: &Field, sharpness: f32, threads: usize) -> Vec<Colours> {
    let mut estimates = vec![UNKNOWN; level.holes.len()];
    vote(level, field, sharpness, threads, &level.holes, &mut estimates);
    estimates
}

fn at(canvas: &Canvas, places: &[u32]) -> Vec<Colours> {
    let pixels = places.iter().map(|at| canvas.pixels.get(*at as usize));
    pixels
        .map(|pixel| pixel.map_or(UNKNOWN, colours::<u8, PARTS>))
        .collect()
}

/// The level's pixels, smoothly filled.
pub(super) fn smooth(level: &Level) -> Vec<Colours> {
    if level.canvas.hole.iter().all(|hole| *hole) {
        return vec![UNKNOWN; level.holes.len()];
    }
    let known = level.canvas.pixels.iter().zip(&level.canvas.hole);
    let values: Vec<_> = known
        .map(|(pixel, hole)| {
            if *hole {
                ([0.0; COLOURS], 0.0)
            } else {
                (colours(pixel), 1.0)
            }
        })
        .collect();
    let filled = pull_push(&values, level.canvas.width);
    let holes = level.holes.iter().map(|at| filled.get(*at as usize));
    holes.map(|value| value.copied().unwrap_or(UNKNOWN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::pixel::coloured;
    use crate::patchmatch::texture::write_texture;
    use iopaint_inpaint::Unmonitored;

    const RUN: Run<'static> = Run {
        seed: 1,
        threads: 2,
        monitor: &Unmonitored,
    };

    fn canvas(
        side: usize,
        colour: impl Fn(usize, usize) -> u8,
        hole: impl Fn(usize, usize) -> bool,
    ) -> Canvas {
        let places = (0..side * side).map(|at| (at % side, at / side));
        Canvas {
            width: side,
            height: side,
            pixels: places.clone().map(|(x, y)| coloured([colour(x, y); 3])).collect(),
            hole: places.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    #[test]
    fn a_pattern_goes_on_through_the_hole() {
        let stripes = |x: usize, _| if x % 8 < 4 { 60 } else { 180 };
        let inside = |x: usize, y: usize| (40..60).contains(&x) && (36..64).contains(&y);
        let holes = (0..96 * 96).filter(|at| inside(at % 96, at / 96));
        let filled = fill(
            canvas(96, |x, y| if inside(x, y) { 0 } else { stripes(x, y) }, inside),
            None,
            &RUN,
        )
        .unwrap();
        let wrong = holes
            .zip(&filled)
            .filter(|(at, estimate)| (estimate[0] - f32::from(stripes(at % 96, 0))).abs() > 8.0)
            .count();
        assert!(
            wrong * 20 < filled.len(),
            "{wrong} of {} pixels are wrong",
            filled.len()
        );
    }

    #[test]
    fn where_nothing_is_known_the_hole_is_grey() {
        let filled = fill(canvas(32, |_, _| 250, |_, _| true), None, &RUN).unwrap();
        assert_eq!(filled, vec![UNKNOWN; 32 * 32]);
    }

    #[test]
    fn where_there_is_no_whole_patch_the_filling_is_smooth() {
        let filled = fill(canvas(9, |_, _| 50, |x, _| x != 0), None, &RUN).unwrap();
        assert!(filled.iter().all(|estimate| (estimate[0] - 50.0).abs() < 0.5));
    }

    #[test]
    fn what_was_in_the_hole_has_no_influence() {
        let inside = |x: usize, y: usize| (20..50).contains(&x) && (20..50).contains(&y);
        let with = |erased: u8| {
            let colour = |x: usize, y: usize| {
                if inside(x, y) {
                    erased
                } else {
                    ((x * 3) ^ (y * 5)) as u8
                }
            };
            fill(canvas(64, colour, inside), None, &RUN).unwrap()
        };
        assert_eq!(with(0), with(255));
    }

    #[test]
    fn with_a_guess_the_result_does_not_depend_on_the_number_of_threads() {
        let noise = |x: usize, y: usize| (x * x * 7 + y * y * 13 + x * y) as u8;
        let inside = |x: usize, y: usize| x.abs_diff(64) < 40 && y.abs_diff(64) < 40;
        let on = |threads| {
            let guess = canvas(128, |_, _| 200, |_, _| false);
            let run = Run { threads, ..RUN };
            fill(canvas(128, noise, inside), Some(guess), &run).unwrap()
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn beside_grain_a_smooth_guess_does_not_fetch_smooth_patches_of_its_colour() {
        let side = 160;
        let grain = |x: usize, y: usize| 100 + ((x * 73) ^ (y * 151)).wrapping_mul(2_654_435_761) as u8 % 40;
        let picture = |x: usize, y: usize| if y < 50 { 119 } else { grain(x, y) };
        let ribbon = |x: usize, y: usize| (16..144).contains(&x) && (80..120).contains(&y);
        let mut known = canvas(side, |x, y| if ribbon(x, y) { 0 } else { picture(x, y) }, ribbon);
        write_texture(&mut known);
        let filled = fill(known, Some(canvas(side, |_, _| 119, |_, _| false)), &RUN).unwrap();
        let smooth = |colours: &&Colours| (colours[0] - 119.0).abs() < 1.0;
        let share = filled.iter().filter(smooth).count() as f32 / filled.len() as f32;
        assert!(share < 0.1, "{share}");
    }
}
