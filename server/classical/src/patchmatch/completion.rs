//! The EM iterations from the coarsest level to the finest.

use std::ops::ControlFlow;

use iopaint_inpaint::{Monitor, Stop};

use super::confidence::ConfidenceMap;
use super::feature_image::FeatureImage;
use super::features::{CHANNELS, COLOUR_CHANNELS, Colour, colour_of};
use super::initial_guess::InitialGuess;
use super::level::PyramidLevel;
use super::low_frequency::LowFrequencyConstraint;
use super::nearest_neighbour_field::{NearestNeighbourField, UNLIMITED_RADIUS};
use super::offset_copy::CopiedPieces;
use super::offset_labels::offset_labels;
use super::piece_choice::{is_deep, piece_pixels};
use super::pull_push::pull_push;
use super::pyramid::build_pyramid;
use super::seam_blending::{blend_seam, rim_pixels};
use super::source_detail::copy_source_detail;
use super::vote::{vote, vote_with_sources};

/// EM iterations at the coarsest level, which decides the structure, and the minimum at finer levels, which
/// add detail: level l of n (0 is the finest) gets max(MAX * (l + 1) / n, MIN). Set when the model was added,
/// without a recorded comparison, as were the `PatchMatch` iterations and the sharpness of votes.
const MAX_EM_ITERATIONS: usize = 12;
const MIN_EM_ITERATIONS: usize = 3;
/// `PatchMatch` iterations per EM iteration.
const PATCHMATCH_ITERATIONS: u64 = 2;
/// `PatchMatch` iterations in the first EM iteration, which starts from a random field.
const FIRST_PATCHMATCH_ITERATIONS: u64 = 8;
/// Sharpness of the votes by SSD, a factor without unit (formula in [`vote`]).
pub(super) const SHARPNESS: f32 = 1.0;
/// Sharpness of the last vote: higher, since averaging many patches blurs the result.
pub(super) const FINAL_SHARPNESS: f32 = 4.0;
/// Level at which the match confidence is measured, at 1/8 of the size; the coarsest level if there are
/// fewer. Chosen on the 13 test photographs; level 2 blurred some backgrounds (docs/experiments.md).
const CONFIDENCE_LEVEL: usize = 3;
/// Level whose colours, mixed with the guess by confidence, constrain all finer levels: 1/4 of the size, or
/// the coarsest level if there are fewer. Set with the confidence map, without a recorded comparison.
const MIXTURE_LEVEL: usize = 2;
/// The finest level at which pieces of the surroundings are labelled, at 1/4 of the size.
const LABEL_LEVEL: usize = 2;
/// Hole pixels of that level, at most; with more of them, the next coarser level is labelled. The time of a
/// minimum cut grows with them.
const MAX_LABELLED_PIXELS: usize = 8000;
/// The number of finest levels at which the detail of single source pixels replaces that of the votes. Chosen
/// on ten cases of the tuning half of `make eval-removals`: with three, distances and energy are the same.
const DETAIL_LEVELS: usize = 2;
/// The last EM iterations of each of these levels in which it does, for the sake of time; shallow holes have
/// more.
const DETAIL_ITERATIONS: usize = 3;
/// Colour of the hole in an image without known pixels: mid-grey.
const GREY: Colour = [128.0; COLOUR_CHANNELS];

/// Settings of one completion.
pub(super) struct CompletionContext<'a> {
    pub(super) seed: u64,
    pub(super) threads: usize,
    /// Receives progress after every EM iteration and may stop the completion.
    pub(super) monitor: &'a dyn Monitor,
}

/// Completes the hole of `image`. Returns the colours of its hole pixels in row-major order.
///
/// `guess` is an image of the same size; the coarsest level starts from it, and the levels are constrained to
/// it (see [`InitialGuess`] and [`ConfidenceMap`]). Without it the coarsest level starts from a smooth
/// interpolation.
///
/// # Errors
/// Returns the monitor's [`Stop`].
pub(super) fn complete(
    image: FeatureImage,
    guess: Option<FeatureImage>,
    context: &CompletionContext<'_>,
) -> Result<Vec<Colour>, Stop> {
    let threads = context.threads;
    let mut levels = build_pyramid(image);
    let guess = guess.map(|guess| InitialGuess::new(guess, &levels));
    let coarsest = levels.len().saturating_sub(1);
    let (confidence_level, mixture_level) = (CONFIDENCE_LEVEL.min(coarsest), MIXTURE_LEVEL.min(coarsest));
    let label_level = label_level(&levels);
    let mut confidence: Option<ConfidenceMap> = None;
    let mut mixture: Option<LowFrequencyConstraint> = None;
    // The components that are filled with pieces, and their colours; the others are filled with votes.
    let mut pieces: Vec<(bool, Colour)> = Vec::new();
    let mut progress = EmProgress::new(&levels, context.monitor);
    let mut coarser: Option<(PyramidLevel, NearestNeighbourField)> = None;
    while let Some(mut level) = levels.pop() {
        let number = levels.len();
        let seed = context.seed.wrapping_add(number as u64);
        let initial_field = match &coarser {
            Some((coarse, field)) => field.upsampled(coarse, &level, seed),
            None => NearestNeighbourField::random(&level, seed),
        };
        let mut estimates = match (&guess, &coarser, &initial_field) {
            (_, Some(_), Some(field)) => vote_by_depth(&level, field, threads),
            (Some(guess), None, _) => guess.colours(number),
            _ => interpolate_hole(&level),
        };
        let Some(mut field) = initial_field else {
            return Ok(estimates);
        };
        level.write_colours(&estimates);
        let copies_detail = guess.is_some() && number < DETAIL_LEVELS;
        let em_iterations = em_iterations(number, progress.levels);
        let mut next_iteration = 0;
        for em_iteration in 0..em_iterations {
            let count = if coarser.is_none() && em_iteration == 0 {
                FIRST_PATCHMATCH_ITERATIONS
            } else {
                PATCHMATCH_ITERATIONS
            };
            let iterations = next_iteration..next_iteration + count;
            next_iteration = iterations.end;
            field.run_patchmatch_iterations(&level, UNLIMITED_RADIUS, iterations, seed, threads);
            let last = number == 0 && em_iteration + 1 == em_iterations;
            let sharpness = if last { FINAL_SHARPNESS } else { SHARPNESS };
            let hole_pixels = &level.hole_pixels;
            let copies_detail = copies_detail && em_iteration + DETAIL_ITERATIONS >= em_iterations;
            let sources = vote_on_hole(&level, &field, sharpness, threads, copies_detail, &mut estimates);
            if last {
                let rim = rim_pixels(&level.image);
                let mut voted_rim = colours_at(&level.image, &rim);
                vote(&level, &field, sharpness, threads, &rim, &mut voted_rim);
                blend_seam(&level.image, hole_pixels, &mut estimates, &rim, &voted_rim);
                if let Some(mixture) = &mixture {
                    mixture.apply(&level, mixture_level, 1.0, threads, &mut estimates);
                }
                if copies_detail {
                    copy_source_detail(&level, &sources, threads, &mut estimates);
                }
                write_pieces(pieces, &mut estimates);
                return Ok(estimates);
            }
            if let Some(guess) = &guess {
                let share = 1.0 - em_iteration as f32 / em_iterations as f32;
                guess.constrain(&level, number, share, threads, &mut estimates);
            }
            if let Some(mixture) = &mixture {
                mixture.apply(&level, mixture_level - number, 1.0, threads, &mut estimates);
            }
            if copies_detail {
                copy_source_detail(&level, &sources, threads, &mut estimates);
            }
            level.write_colours(&estimates);
            progress.finish_em_iteration(&level)?;
        }
        if number == confidence_level && (guess.is_some() || label_level.is_some()) {
            confidence = Some(ConfidenceMap::new(&level, &field));
        }
        if let (Some(confidence), Some(guess)) =
            (confidence.as_ref().filter(|_| number == mixture_level), &guess)
        {
            let guess = guess.colours(number);
            mixture = Some(confidence.mix_guess(&level, confidence_level - number, &estimates, &guess));
        }
        if let (Some(confidence), Some(finest)) = (&confidence, levels.first())
            && Some(number) == label_level
        {
            let chosen = piece_pixels(finest, confidence, confidence_level);
            if chosen.contains(&true) {
                if let Some(mixture) = &mixture {
                    mixture.apply(&level, mixture_level - number, 1.0, threads, &mut estimates);
                    level.write_colours(&estimates);
                }
                match copy_pieces(finest, &level, number, &field, threads) {
                    Some(copies) if !chosen.contains(&false) => return Ok(copies),
                    Some(copies) => pieces = chosen.into_iter().zip(copies).collect(),
                    None => {}
                }
            }
        }
        coarser = Some((level, field));
    }
    Ok(Vec::new())
}

/// Returns the level at which pieces of the surroundings are labelled: [`LABEL_LEVEL`], or the next coarser
/// one if it has too many hole pixels; `None` if no part of the hole is deep enough.
fn label_level(levels: &[PyramidLevel]) -> Option<usize> {
    let is_deep = levels.first().is_some_and(is_deep);
    let finest = levels.get(LABEL_LEVEL).filter(|_| is_deep)?;
    let level = LABEL_LEVEL + usize::from(finest.hole_pixels.len() > MAX_LABELLED_PIXELS);
    (level < levels.len()).then_some(level)
}

/// Returns the colours of the finest level's hole pixels, copied in pieces by the offset labels of `level`;
/// `None` if they can't all be copied.
fn copy_pieces(
    finest: &PyramidLevel,
    level: &PyramidLevel,
    number: usize,
    field: &NearestNeighbourField,
    threads: usize,
) -> Option<Vec<Colour>> {
    let labels = offset_labels(level, field, threads)?;
    let mut pieces = CopiedPieces::align(&finest.image, level, number, &labels)?;
    let rim = rim_pixels(&finest.image);
    pieces.blend(&rim);
    let mut estimates = vec![GREY; finest.hole_pixels.len()];
    pieces.write(threads, &finest.hole_pixels, &mut estimates);
    let mut copied_rim = colours_at(&finest.image, &rim);
    pieces.write(threads, &rim, &mut copied_rim);
    blend_seam(
        &finest.image,
        &finest.hole_pixels,
        &mut estimates,
        &rim,
        &copied_rim,
    );
    Some(estimates)
}

/// Votes on all hole pixels. Returns their most voted sources if `copies_detail`, else an empty list.
fn vote_on_hole(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    sharpness: f32,
    threads: usize,
    copies_detail: bool,
    estimates: &mut [Colour],
) -> Vec<Option<u32>> {
    if copies_detail {
        return vote_with_sources(level, field, sharpness, threads, estimates);
    }
    vote(level, field, sharpness, threads, &level.hole_pixels, estimates);
    Vec::new()
}

/// Writes the colours of the chosen components of `pieces`.
fn write_pieces(pieces: Vec<(bool, Colour)>, estimates: &mut [Colour]) {
    for (estimate, (chosen, copy)) in estimates.iter_mut().zip(pieces) {
        if chosen {
            *estimate = copy;
        }
    }
}

/// Returns the EM iterations of a level; 0 is the finest of `levels`.
fn em_iterations(level: usize, levels: usize) -> usize {
    (MAX_EM_ITERATIONS * (level + 1) / levels).max(MIN_EM_ITERATIONS)
}

/// Reports finished EM iterations to a monitor, weighted by the target patches of their level.
struct EmProgress<'a> {
    monitor: &'a dyn Monitor,
    levels: usize,
    done: usize,
    total: usize,
}

impl<'a> EmProgress<'a> {
    fn new(levels: &[PyramidLevel], monitor: &'a dyn Monitor) -> Self {
        let work = levels.iter().enumerate();
        Self {
            monitor,
            levels: levels.len(),
            done: 0,
            total: work
                .map(|(number, level)| em_iterations(number, levels.len()) * level.targets.len())
                .sum(),
        }
    }

    fn finish_em_iteration(&mut self, level: &PyramidLevel) -> Result<(), Stop> {
        self.done += level.targets.len();
        match self.monitor.step(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(stop) => Err(stop),
        }
    }
}

/// Returns the votes on all hole pixels with weights by depth alone: a new field has no SSDs yet.
pub(super) fn vote_by_depth(
    level: &PyramidLevel,
    field: &NearestNeighbourField,
    threads: usize,
) -> Vec<Colour> {
    let mut estimates = vec![GREY; level.hole_pixels.len()];
    vote(level, field, 0.0, threads, &level.hole_pixels, &mut estimates);
    estimates
}

fn colours_at(image: &FeatureImage, positions: &[u32]) -> Vec<Colour> {
    let pixels = positions.iter().map(|at| image.pixels.get(*at as usize));
    pixels
        .map(|pixel| pixel.map_or(GREY, colour_of::<u8, CHANNELS>))
        .collect()
}

/// Returns the colours of the hole pixels, interpolated smoothly from the known pixels; grey if there are
/// none.
pub(super) fn interpolate_hole(level: &PyramidLevel) -> Vec<Colour> {
    if level.image.hole.iter().all(|hole| *hole) {
        return vec![GREY; level.hole_pixels.len()];
    }
    let pixels = level.image.pixels.iter().zip(&level.image.hole);
    let values: Vec<_> = pixels
        .map(|(pixel, hole)| {
            if *hole {
                ([0.0; COLOUR_CHANNELS], 0.0)
            } else {
                (colour_of(pixel), 1.0)
            }
        })
        .collect();
    let interpolated = pull_push(&values, level.image.width);
    let colours = level.hole_pixels.iter().map(|at| interpolated.get(*at as usize));
    colours.map(|colour| colour.copied().unwrap_or(GREY)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::features::features_from_rgb;
    use crate::patchmatch::texture::compute_texture;
    use iopaint_inpaint::Unmonitored;

    const CONTEXT: CompletionContext<'static> = CompletionContext {
        seed: 1,
        threads: 2,
        monitor: &Unmonitored,
    };

    fn image(
        side: usize,
        colour: impl Fn(usize, usize) -> u8,
        hole: impl Fn(usize, usize) -> bool,
    ) -> FeatureImage {
        let positions = (0..side * side).map(|at| (at % side, at / side));
        FeatureImage {
            width: side,
            height: side,
            pixels: positions
                .clone()
                .map(|(x, y)| features_from_rgb([colour(x, y); 3]))
                .collect(),
            hole: positions.map(|(x, y)| hole(x, y)).collect(),
        }
    }

    #[test]
    fn patterns_are_continued() {
        let stripes = |x: usize, _| if x % 8 < 4 { 60 } else { 180 };
        let inside = |x: usize, y: usize| (40..60).contains(&x) && (36..64).contains(&y);
        let holes = (0..96 * 96).filter(|at| inside(at % 96, at / 96));
        let filled = complete(
            image(96, |x, y| if inside(x, y) { 0 } else { stripes(x, y) }, inside),
            None,
            &CONTEXT,
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
    fn hole_without_known_pixels_is_grey() {
        let filled = complete(image(32, |_, _| 250, |_, _| true), None, &CONTEXT).unwrap();
        assert_eq!(filled, vec![GREY; 32 * 32]);
    }

    #[test]
    fn hole_without_sources_is_interpolated() {
        let filled = complete(image(9, |_, _| 50, |x, _| x != 0), None, &CONTEXT).unwrap();
        assert!(filled.iter().all(|estimate| (estimate[0] - 50.0).abs() < 0.5));
    }

    #[test]
    fn erased_colours_have_no_influence() {
        let inside = |x: usize, y: usize| (20..50).contains(&x) && (20..50).contains(&y);
        let with = |erased: u8| {
            let colour = |x: usize, y: usize| {
                if inside(x, y) {
                    erased
                } else {
                    ((x * 3) ^ (y * 5)) as u8
                }
            };
            complete(image(64, colour, inside), None, &CONTEXT).unwrap()
        };
        assert_eq!(with(0), with(255));
    }

    #[test]
    fn guessed_result_is_independent_of_threads() {
        let noise = |x: usize, y: usize| (x * x * 7 + y * y * 13 + x * y) as u8;
        let inside = |x: usize, y: usize| x.abs_diff(64) < 40 && y.abs_diff(64) < 40;
        let on = |threads| {
            let guess = image(128, |_, _| 200, |_, _| false);
            let context = CompletionContext { threads, ..CONTEXT };
            complete(image(128, noise, inside), Some(guess), &context).unwrap()
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn smooth_guess_keeps_grain() {
        let side = 160;
        let grain = |x: usize, y: usize| 100 + ((x * 73) ^ (y * 151)).wrapping_mul(2_654_435_761) as u8 % 40;
        let picture = |x: usize, y: usize| if y < 50 { 119 } else { grain(x, y) };
        let ribbon = |x: usize, y: usize| (16..144).contains(&x) && (80..120).contains(&y);
        let mut known = image(side, |x, y| if ribbon(x, y) { 0 } else { picture(x, y) }, ribbon);
        compute_texture(&mut known);
        let filled = complete(known, Some(image(side, |_, _| 119, |_, _| false)), &CONTEXT).unwrap();
        let smooth = |colours: &&Colour| (colours[0] - 119.0).abs() < 1.0;
        let share = filled.iter().filter(smooth).count() as f32 / filled.len() as f32;
        assert!(share < 0.1, "{share}");
    }
}
