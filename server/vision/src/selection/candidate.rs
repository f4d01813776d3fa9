//! Candidates for the object under a click: regions of saliency maps at several scales, and their scores.

use iopaint_imaging::Rect;
use iopaint_inpaint::ForwardError;

use super::{
    frame::Frame,
    maps::Source,
    prompt::Click,
    regions::{component, neighbours},
};

/// Saliency from which a cell belongs to an object.
const THRESHOLD: f32 = 0.5;
/// Below this saliency, nothing is found at the click.
const NOTHING: f32 = 0.1;
/// The threshold if the click's saliency is below [`THRESHOLD`], a fraction of that saliency.
const RELATIVE: f32 = 0.6;
/// Width of the ring around a region in which the contrast is measured, in cells.
const RING: usize = 4;
/// Loss of score per fraction of the region's outline on an edge of the crop that isn't one of the image: the
/// object continues beyond it.
const CUT: f32 = 2.0;
/// Advantage in score of the whole image and the crops: a click on a thing in front of a larger one means the
/// thing. Chosen on the images of models/eval/selection: mean `IoU` 0.85 before the second pass, of 0.90 if
/// the best region were always chosen, and 0.80 without.
const CLOSER: [f32; 3] = [0.0, 0.15, 0.15];
/// Loss of score per negative click in the region. More than the range of scores of usable regions.
const INCLUDED: f32 = 0.5;
/// Loss of score per positive click beyond the region, which may be on another object.
const MISSED: f32 = 0.15;
/// Score without clicks from which a region is an object at all.
const USABLE: f32 = 0.1;
/// Score from which no further crop is tried.
const GOOD: f32 = 0.8;
/// Crops around a click, as fractions of the image's longer side.
const SCALES: [u32; 2] = [2, 4];
/// Crops are placed on a grid of this fraction of their side, so that neighbouring clicks share maps.
const GRID: u32 = 8;

/// A region that may be the object.
pub(super) struct Candidate {
    pub frame: Frame,
    /// The saliency of all cells, 0 to 1.
    pub saliency: Vec<f32>,
    /// The cells of the region.
    pub members: Vec<bool>,
    /// At most about 1; the higher the better.
    pub score: f32,
}

impl Candidate {
    /// Returns the saliency in the region, 0 elsewhere.
    pub fn values(&self) -> Vec<f32> {
        let values = self.saliency.iter().zip(&self.members);
        values
            .map(|(value, member)| if *member { *value } else { 0.0 })
            .collect()
    }
}

/// Returns the best region around the click at (x, y), which is within the image, by up to three forward
/// passes: the whole image, a crop of half its longer side, and, unless one of the regions is good, a
/// quarter. `clicks` are all clicks of the prompt; positive ones belong to the region. `None` if the network
/// finds nothing at the click.
pub(super) fn best(
    source: &mut Source<'_>,
    (x, y): (u32, u32),
    clicks: &[Click],
) -> Result<Option<Candidate>, ForwardError> {
    let size = source.image.dimensions();
    let whole = Rect::whole(size);
    let crops = SCALES.map(|scale| around((x, y), size.0.max(size.1).div_ceil(scale), size));
    let mut best: Option<Candidate> = None;
    let mut seen: Vec<Rect> = Vec::new();
    for (index, (rect, advantage)) in [whole, crops[0], crops[1]].into_iter().zip(CLOSER).enumerate() {
        let is_good = best.as_ref().is_some_and(|best| best.score >= GOOD);
        if seen.contains(&rect) || (index == 2 && is_good) {
            continue;
        }
        seen.push(rect);
        let frame = Frame::new(rect);
        let map = source.map(rect)?;
        let saliency = frame.sample(&map);
        let Some(mut found) = region(frame, saliency, (x, y), clicks, size) else {
            continue;
        };
        found.score += advantage;
        if best.as_ref().is_none_or(|best| found.score > best.score) {
            best = Some(found);
        }
    }
    Ok(best)
}

/// Returns the region around (x, y) with its score; `None` if the saliency there is too small.
fn region(
    frame: Frame,
    saliency: Vec<f32>,
    (x, y): (u32, u32),
    clicks: &[Click],
    size: (u32, u32),
) -> Option<Candidate> {
    let seed = frame.cell(x, y)?;
    let at_click = saliency[seed];
    if at_click < NOTHING {
        return None;
    }
    let threshold = THRESHOLD.min(RELATIVE * at_click);
    let members = component(&frame, seed, |cell| saliency[cell] > threshold);
    let clarity = contrast(&frame, &saliency, &members) * (1.0 - CUT * cut_fraction(&frame, &members, size));
    if clarity < USABLE {
        return None;
    }
    let losses = clicks.iter().map(|click| {
        let is_member = frame.cell(click.x, click.y).is_some_and(|cell| members[cell]);
        match (click.positive, is_member) {
            (true, false) => MISSED,
            (false, true) => INCLUDED,
            _ => 0.0,
        }
    });
    let score = clarity - losses.sum::<f32>();
    Some(Candidate {
        frame,
        saliency,
        members,
        score,
    })
}

/// Returns the mean saliency of the region minus that of the [`RING`] around it; 0 if the region fills the
/// frame.
fn contrast(frame: &Frame, saliency: &[f32], members: &[bool]) -> f32 {
    let mut near = members.to_vec();
    let mut border: Vec<usize> = (0..frame.len()).filter(|&cell| members[cell]).collect();
    let mut ring = Vec::new();
    for _ in 0..RING {
        let mut next = Vec::new();
        for cell in border.drain(..).flat_map(|cell| neighbours(frame, cell)) {
            if !near[cell] {
                near[cell] = true;
                next.push(cell);
            }
        }
        ring.extend_from_slice(&next);
        border = next;
    }
    if ring.is_empty() {
        return 0.0;
    }
    let inside = (0..frame.len())
        .filter(|&cell| members[cell])
        .map(|cell| saliency[cell]);
    mean(inside) - mean(ring.into_iter().map(|cell| saliency[cell]))
}

/// Returns the mean; 0 without values.
pub(super) fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Returns the fraction of the region's outline on the frame's edges within the image.
fn cut_fraction(frame: &Frame, members: &[bool], (width, height): (u32, u32)) -> f32 {
    let Rect {
        x,
        y,
        width: across,
        height: down,
    } = frame.rect;
    let (mut outline, mut cut) = (0_u32, 0_u32);
    for cell in (0..frame.len()).filter(|&cell| members[cell]) {
        let (column, row) = (cell % frame.columns, cell / frame.columns);
        let inner = neighbours(frame, cell).filter(|&next| members[next]).count();
        outline += u32::from(inner < 4);
        let is_cut = (column == 0 && x > 0)
            || (row == 0 && y > 0)
            || (column + 1 == frame.columns && x + across < width)
            || (row + 1 == frame.rows && y + down < height);
        cut += u32::from(is_cut);
    }
    if outline > 0 {
        cut as f32 / outline as f32
    } else {
        0.0
    }
}

/// Returns the square of `side` pixels around a pixel, moved to the nearest place on the grid and into the
/// image, and cut to the image's sides.
fn around((x, y): (u32, u32), side: u32, (width, height): (u32, u32)) -> Rect {
    let step = (side / GRID).max(1);
    let span = |at: u32, length: u32| {
        let side = side.clamp(1, length);
        let start = at.saturating_sub(side / 2) / step * step;
        (start.min(length - side), side)
    };
    let ((x, across), (y, down)) = (span(x, width), span(y, height));
    Rect {
        x,
        y,
        width: across,
        height: down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_contain_the_click() {
        for (x, y) in [(0, 0), (99, 59), (50, 30), (13, 58), (98, 1)] {
            for side in [1, 2, 25, 50, 100] {
                let rect = around((x, y), side, (100, 60));
                assert!(rect.x <= x && x < rect.x + rect.width, "{x} {side}");
                assert!(rect.y <= y && y < rect.y + rect.height);
                assert!(rect.x + rect.width <= 100 && rect.y + rect.height <= 60);
            }
        }
        assert_eq!(around((52, 32), 50, (100, 60)), around((53, 33), 50, (100, 60)));
    }

    #[test]
    fn regions_at_the_crops_edge_score_less() {
        let frame = Frame::new(Rect {
            x: 10,
            y: 10,
            width: 40,
            height: 40,
        });
        let square = |start: usize| -> Vec<f32> {
            let inside = |at: usize| (start..start + 20).contains(&at);
            (0..1600)
                .map(|cell| f32::from(inside(cell % 40) && inside(cell / 40)))
                .collect()
        };
        let score = |start, size| {
            let found = region(frame, square(start), (20, 20), &[], size);
            found.map_or(0.0, |found| found.score)
        };
        assert!(score(5, (100, 100)) > 0.9);
        assert!(score(0, (100, 100)) < 0.6);
        assert!(region(frame, square(5), (12, 12), &[], (100, 100)).is_none());
    }

    #[test]
    fn contradictions_lower_the_score() {
        let frame = Frame::new(Rect::whole((10, 10)));
        let saliency: Vec<f32> = (0..100).map(|cell| f32::from(cell % 10 < 5)).collect();
        let score = |clicks: &[Click]| {
            region(frame, saliency.clone(), (1, 1), clicks, (10, 10))
                .unwrap()
                .score
        };
        let click = |x, positive| Click { x, y: 5, positive };
        assert!(score(&[click(2, true), click(8, false)]) > 0.9);
        assert!(score(&[click(2, false)]) < 0.6);
        assert!(score(&[click(8, true)]) < 0.9);
    }
}
