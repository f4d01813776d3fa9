//! Detection of text regions by a network.

use std::ops::ControlFlow;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};

use super::area::{areas, centre_is_in};
use super::evidence::Verdict;
use super::extend::extended;
use super::geometry::RotatedRect;
use super::lines::{MAX_LINES, continues, lines_in};
use super::pass::{regions_at, scales};
use super::segment::{Segmentation, run_all};
use super::{TextOptions, TextRegion};
use crate::Network;

/// Smallest height of a coarse pass's regions, and of regions that the detector is unsure about, in pixels of
/// the input.
const MIN_HEIGHT: f32 = 24.0;
/// Height in pixels of the input from which a region counts only with evidence of letters: objects that the
/// network takes for letters are larger.
const MIN_DOUBTFUL_HEIGHT: f32 = 64.0;
/// Score from which regions count with evidence of a line of text, although the detector is unsure. Set with
/// the certainty that they need (`evidence`).
const MIN_UNSURE_SCORE: f32 = 0.3;
/// Certainty of letters beyond a region's end from which they are part of it. Set on 25 tuning scenes, as the
/// next one (docs/text.md): 0.65 and 0.8 are worse.
const MIN_CONTINUED_CERTAINTY: f32 = 0.72;
/// Certainty of letters beyond the end of a region that wouldn't count without them; with 0.75, the masks are
/// the same.
const MIN_PART_CERTAINTY: f32 = 0.8;
/// Fraction of a region from which the finer passes' regions cover it. A larger region is often the whole
/// line of which they found parts.
const KNOWN: f32 = 0.9;

/// A region with the segmentation of its strokes.
pub(super) struct Found {
    pub(super) region: TextRegion,
    pub(super) segmentation: Segmentation,
}

/// Returns the regions of text in `image`, or those whose centre lies in `options.region`: in raster order of
/// their first pixels, then the large ones that only the coarser passes found, then nearly square parts of
/// lines.
///
/// `network` takes `[1, 3, H, W]`, with sides that are multiples of 32, and returns text probabilities of
/// shape `[1, 1, H, W]`. The image runs in one forward pass of at most 1.5 megapixels. If it is large
/// enough, and `network` has a stroke network, passes at half and a quarter of that resolution follow,
/// and large regions count only if the stroke network finds letters in them, and are extended along the
/// text if it finds more of them beyond their ends. Lines in which it is certain of letters count below
/// `options.min_score` too; their score is its certainty. `monitor` is called before the passes, which may
/// run at the same time, and after the regions of each were examined.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape, or if `monitor` stops the run.
pub fn detect_text(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<TextRegion>, ForwardError> {
    let found = detect(network, image, options, monitor)?;
    Ok(found.into_iter().map(|found| found.region).collect())
}

/// A region that the detector found, and whether it counts only with evidence of letters.
struct Candidate {
    found: Found,
    needs_evidence: bool,
}

/// Returns the regions of [`detect_text`]. The stroke network has run in those that needed evidence.
pub(super) fn detect(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Found>, ForwardError> {
    let Some((interest, crop)) = areas(image, options.region) else {
        return Ok(Vec::new());
    };
    let has_strokes = network.strokes().is_some();
    let scales = scales(crop.size(), has_strokes);
    let min_score = if has_strokes {
        options.min_score.min(MIN_UNSURE_SCORE)
    } else {
        options.min_score
    };
    report(monitor, 0, scales.len())?;
    let (mut found, mut doubtful) = (Vec::new(), Vec::new());
    let passes = regions_at(network, image, crop, &scales, min_score)?;
    for (pass, (scale, regions)) in scales.iter().zip(passes).enumerate() {
        let known = rectangles(&found);
        let mut candidates = Vec::new();
        for region in regions {
            let Some(rect) = RotatedRect::around(&region.polygon) else {
                continue;
            };
            let height = rect.short_side() * *scale as f32;
            let is_unsure = region.score < options.min_score;
            let is_large = height >= MIN_HEIGHT;
            let is_new =
                pass == 0 || (rect.covered_by(&known) < KNOWN && lines_in(&rect, &known) <= MAX_LINES);
            if !is_new || (!is_large && (pass > 0 || is_unsure)) || !centre_is_in(&interest, &region) {
                continue;
            }
            candidates.push(Candidate {
                found: Found {
                    region,
                    segmentation: Segmentation::new(rect),
                },
                needs_evidence: is_unsure || pass > 0 || height >= MIN_DOUBTFUL_HEIGHT,
            });
        }
        if let Some(strokes) = network.strokes() {
            let doubtful = candidates.iter_mut().filter(|candidate| candidate.needs_evidence);
            let mut jobs: Vec<_> = doubtful
                .map(|candidate| &mut candidate.found.segmentation)
                .collect();
            run_all(strokes, image, &mut jobs)?;
        }
        let (first_new, mut rejected) = (found.len(), Vec::new());
        for candidate in candidates {
            let mut one = candidate.found;
            let score = one.region.score;
            match judge(&mut one, image.dimensions(), options.min_score) {
                Verdict::Text => found.push(one),
                verdict => rejected.push((one, score, verdict)),
            }
        }
        if let Some(strokes) = network.strokes() {
            extend_found(strokes, image, &mut found, first_new)?;
            extend_rejected(strokes, image, &found, &mut rejected, options.min_score)?;
        }
        for (one, _, verdict) in rejected {
            match verdict {
                Verdict::Text => found.push(one),
                Verdict::PartOfLine => doubtful.push(one),
                Verdict::Object => {}
            }
        }
        report(monitor, pass + 1, scales.len())?;
    }
    add_parts_of_lines(&mut found, doubtful);
    Ok(found)
}

/// Extends the regions from `first` in which the stroke network has run.
fn extend_found(
    strokes: &mut dyn Network,
    image: &RgbImage,
    found: &mut [Found],
    first: usize,
) -> Result<(), ForwardError> {
    for index in first..found.len() {
        let known = rectangles(found);
        if let Some(one) = found.get_mut(index)
            && one.segmentation.evidence().is_some()
        {
            extend(strokes, image, one, &known, MIN_CONTINUED_CERTAINTY)?;
        }
    }
    Ok(())
}

/// Extends regions that don't count, with the detector's scores, and judges those again that continue.
fn extend_rejected(
    strokes: &mut dyn Network,
    image: &RgbImage,
    found: &[Found],
    rejected: &mut [(Found, f32, Verdict)],
    min_score: f32,
) -> Result<(), ForwardError> {
    let known = rectangles(found);
    for (one, score, verdict) in rejected {
        if one.segmentation.evidence().is_some()
            && one.segmentation.text().covered_by(&known) < KNOWN
            && extend(strokes, image, one, &known, MIN_PART_CERTAINTY)?
        {
            one.region.score = *score;
            *verdict = judge(one, image.dimensions(), min_score);
        }
    }
    Ok(())
}

/// Extends a region beyond its ends, and returns true if the stroke network found letters there.
fn extend(
    strokes: &mut dyn Network,
    image: &RgbImage,
    found: &mut Found,
    known: &[RotatedRect],
    min_certainty: f32,
) -> Result<bool, ForwardError> {
    let Some(segmentation) = extended(strokes, image, &found.segmentation, known, min_certainty)? else {
        return Ok(false);
    };
    found.region.polygon = segmentation.text().corners();
    found.segmentation = segmentation;
    Ok(true)
}

fn rectangles(found: &[Found]) -> Vec<RotatedRect> {
    found.iter().map(|found| *found.segmentation.text()).collect()
}

/// Appends those of `doubtful` to `found` that continue one of its lines.
fn add_parts_of_lines(found: &mut Vec<Found>, doubtful: Vec<Found>) {
    for part in doubtful {
        let (rect, known) = (part.segmentation.text(), rectangles(found));
        if rect.covered_by(&known) < KNOWN && known.iter().any(|line| continues(line, rect)) {
            found.push(part);
        }
    }
}

/// Returns the verdict of the stroke network on a region, and sets the score of one that the detector is
/// unsure about; `Text` if the network hasn't run in it.
fn judge(found: &mut Found, size: (u32, u32), min_score: f32) -> Verdict {
    let is_unsure = found.region.score < min_score;
    let rect = found.segmentation.text();
    let verdict = match found.segmentation.evidence() {
        Some(evidence) if is_unsure => {
            found.region.score = evidence.certainty();
            evidence.verdict_on_unsure(rect)
        }
        Some(evidence) => evidence.verdict(rect, size),
        None => Verdict::Text,
    };
    if found.region.score < min_score {
        return Verdict::Object;
    }
    verdict
}

/// Reports finished forward passes.
fn report(monitor: &dyn Monitor, done: usize, passes: usize) -> Result<(), ForwardError> {
    match monitor.step(done, passes) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(stop) => Err(stop.into()),
    }
}

#[cfg(test)]
mod tests;
