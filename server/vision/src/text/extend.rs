//! Extension of a region along its text: the detector often finds only a part of a line of large letters.

use iopaint_imaging::RgbImage;
use iopaint_inpaint::ForwardError;

use super::geometry::RotatedRect;
use super::segment::{Segmentation, run_all};
use crate::Network;

/// Squares by which each end may be extended.
const MAX_SQUARES: usize = 4;
/// Fraction of a square beyond the end from which other regions cover it.
const KNOWN: f32 = 0.5;

/// Returns the segmentation of a region, extended by squares beyond its ends in which the stroke network is
/// certain of letters; `None` if there is none.
///
/// The network has run in `region`. An end is probed only if there are strokes in the columns beyond it, for
/// the sake of time. The squares lie in the image, and not in `known` regions. The network runs once more
/// than the region is extended.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape.
pub fn extended(
    strokes: &mut dyn Network,
    image: &RgbImage,
    region: &Segmentation,
    known: &[RotatedRect],
    min_certainty: f32,
) -> Result<Option<Segmentation>, ForwardError> {
    let (mut rect, mut open) = (*region.text(), region.has_strokes_beyond());
    let mut found = None;
    for _ in 0..MAX_SQUARES {
        let side = rect.short_side();
        for (direction, open) in [-1.0, 1.0].into_iter().zip(&mut open) {
            let square = rect.square_beyond(direction);
            *open &= is_inside(image, &square) && square.covered_by(known) < KNOWN;
        }
        if open == [false; 2] {
            break;
        }
        let probed = rect.lengthened(open.map(|open| if open { side } else { 0.0 }));
        let mut probe = Segmentation::new(probed);
        run_all(strokes, image, &mut [&mut probe])?;
        let Some(ends) = probe.end_evidence() else {
            break;
        };
        let before = open;
        for (open, end) in open.iter_mut().zip(ends) {
            *open &= end.is_letters(min_certainty);
        }
        if open == [false; 2] {
            break;
        }
        rect = rect.lengthened(open.map(|open| if open { side } else { 0.0 }));
        found = Some(if open == before {
            probe
        } else {
            Segmentation::new(rect)
        });
    }
    if let Some(found) = &mut found {
        run_all(strokes, image, &mut [found])?;
    }
    Ok(found)
}

/// Returns true if the centre of `square` lies in the image.
fn is_inside(image: &RgbImage, square: &RotatedRect) -> bool {
    let (x, y) = square.centre();
    (0.0..image.width() as f32).contains(&x) && (0.0..image.height() as f32).contains(&y)
}
