//! Layers for clicks.

use iopaint_inpaint::ForwardError;

use super::{
    area::{CONTEXT, TRUSTED, grown},
    candidate::{Candidate, best},
    colour::refine,
    frame::Frame,
    layers::{Layer, Layers, SELECTED},
    maps::Source,
    prompt::Click,
    regions::{change, component, components},
};

/// The second pass is skipped if the object's crop would have more than this fraction of the sides of the
/// crop in which it was found: the map would gain little resolution.
const ALREADY_CLOSE: f32 = 0.7;
/// The second pass's region replaces the first one's if they overlap at least by this intersection over
/// union.
const AGREEMENT: f32 = 0.5;
/// A positive click within the image's longer side over this of the selection corrects its edge.
const CLOSE: u32 = 50;
/// Reach of such a correction around the click, as a multiple of the click's distance to the selection: a
/// click in the middle of a missing part is about as far from the selection as the part is wide.
const CORRECTION_REACH: f32 = 4.0;
/// Side of the crop for such a correction: the image's longer side over this.
const CORRECTION_CROP: u32 = 12;
/// Score from which an object under a negative click is taken away as a whole.
const CLEAR: f32 = 0.6;
/// An object under a negative click is taken away as a whole if it is at most this fraction of the selection
/// in its crop: a larger one is the selected object itself.
const LARGEST_PART: f32 = 0.5;
/// Cells within this fraction of the object's bounding box around it may be added by their colour.
const TOLERANCE: f32 = 0.05;
/// Colour difference to the click, in RGB of range 0 to 1, up to which pixels are selected where the network
/// finds nothing: 30 of 255.
const SAME_COLOUR: f32 = 0.12;
/// Side of the crop for the selection by colour, a fraction of the image's longer side.
const COLOUR_CROP: u32 = 4;

/// Returns the object under a positive click, by up to four forward passes, and its confidence in 0 to 1. If
/// the network finds nothing, it is the connected region of similar colour, with the confidence 0.
pub(super) fn object(
    source: &mut Source<'_>,
    click: &Click,
    clicks: &[Click],
) -> Result<(Layer, f32), ForwardError> {
    match best(source, (click.x, click.y), clicks)? {
        Some(candidate) => {
            let layer = closer(source, &candidate, click)?;
            let confidence = layer.confidence();
            Ok((layer, confidence))
        }
        None => Ok((similar_colour(source, click, COLOUR_CROP), 0.0)),
    }
}

/// Returns the part to add for a positive click close to the selection: a correction of its edge, for which
/// another object would be too much. `None` if the click is further away than the image's longer side over
/// [`CLOSE`].
pub(super) fn correction(source: &Source<'_>, selection: &Layers, click: &Click) -> Option<Layer> {
    let (width, height) = source.image.dimensions();
    let reach = (width.max(height) / CLOSE).max(1);
    let is_selected = |distance: u32| {
        let span = |at: u32, side: u32| [at.saturating_sub(distance), at, (at + distance).min(side - 1)];
        span(click.y, height).into_iter().any(|y| {
            let mut columns = span(click.x, width).into_iter();
            columns.any(|x| selection.value(x, y) >= SELECTED)
        })
    };
    let distance = (1..=reach).find(|distance| is_selected(*distance))?;
    let mut layer = similar_colour(source, click, CORRECTION_CROP);
    let cell_px = layer.frame.rect.width as f32 / layer.frame.columns as f32;
    let reach = CORRECTION_REACH * distance as f32 + 2.0 * cell_px;
    for (cell, value) in layer.values.iter_mut().enumerate() {
        let (x, y) = layer.frame.centre(cell);
        if (x - click.x as f32).hypot(y - click.y as f32) > reach {
            *value = 0.0;
        }
    }
    Some(layer)
}

/// Returns the layer of a candidate, refined by a second pass on the crop around it if that has a higher
/// resolution.
fn closer(source: &mut Source<'_>, candidate: &Candidate, click: &Click) -> Result<Layer, ForwardError> {
    let coarse = &candidate.frame;
    let size = source.image.dimensions();
    let Some(bounds) = coarse.bounds(|cell| candidate.members[cell]) else {
        return Ok(refined(source, *coarse, &candidate.values(), &candidate.members));
    };
    let rect = grown(bounds, CONTEXT, size);
    let frame = Frame::new(rect);
    let is_close = rect.width as f32 > ALREADY_CLOSE * coarse.rect.width as f32
        && rect.height as f32 > ALREADY_CLOSE * coarse.rect.height as f32;
    if is_close {
        return Ok(refined(source, *coarse, &candidate.values(), &candidate.members));
    }
    let map = source.map(rect)?;
    let saliency = frame.sample(&map);
    let was_member: Vec<bool> = (0..frame.len())
        .map(|cell| {
            let (x, y) = frame.centre(cell);
            coarse
                .cell(x as u32, y as u32)
                .is_some_and(|cell| candidate.members[cell])
        })
        .collect();
    let members = overlapping(&frame, &saliency, &was_member, frame.cell(click.x, click.y));
    let both = |cell: &usize| members[*cell] && was_member[*cell];
    let either = |cell: &usize| members[*cell] || was_member[*cell];
    let count = |is_counted: &dyn Fn(&usize) -> bool| (0..frame.len()).filter(is_counted).count() as f32;
    if count(&both) < AGREEMENT * count(&either) {
        return Ok(refined(source, *coarse, &candidate.values(), &candidate.members));
    }
    let values = saliency.iter().zip(&members);
    let values: Vec<f32> = values
        .map(|(value, member)| if *member { *value } else { 0.0 })
        .collect();
    Ok(refined(source, frame, &values, &members))
}

/// Returns the salient regions of which more than half was found before, and the one of the click.
fn overlapping(frame: &Frame, saliency: &[f32], was_member: &[bool], click: Option<usize>) -> Vec<bool> {
    let mut members = vec![false; frame.len()];
    for region in components(frame, |cell| saliency[cell] >= SELECTED) {
        let known = region.iter().filter(|&&cell| was_member[cell]).count();
        if 2 * known > region.len() || region.iter().any(|&cell| click == Some(cell)) {
            for &cell in &region {
                members[cell] = true;
            }
        }
    }
    members
}

/// Returns the layer of soft values, corrected by the colours in and around the members' bounding box.
fn refined(source: &Source<'_>, frame: Frame, values: &[f32], members: &[bool]) -> Layer {
    let colours = frame.colours(source.image);
    let bounds = frame.bounds(|cell| members[cell]);
    let allowed: Vec<bool> = match bounds.map(|bounds| grown(bounds, TOLERANCE, source.image.dimensions())) {
        Some(near) => (0..frame.len())
            .map(|cell| {
                let (x, y) = frame.centre(cell);
                (near.x..near.x + near.width).contains(&(x as u32))
                    && (near.y..near.y + near.height).contains(&(y as u32))
            })
            .collect(),
        None => vec![true; frame.len()],
    };
    let values = refine(&frame, &colours, values, &allowed, TRUSTED);
    Layer {
        frame,
        colours,
        values,
        adds: true,
    }
}

/// Returns the connected region around the click whose colours are similar to that of the click's cell,
/// within a crop of the image's longer side over `divisor`.
fn similar_colour(source: &Source<'_>, click: &Click, divisor: u32) -> Layer {
    let (width, height) = source.image.dimensions();
    let crop_side = width.max(height).div_ceil(divisor);
    let at_click = iopaint_imaging::Rect {
        x: click.x,
        y: click.y,
        width: 1,
        height: 1,
    };
    let frame = Frame::new(grown(at_click, crop_side as f32 / 2.0, (width, height)));
    let colours = frame.colours(source.image);
    let seed = frame.cell(click.x, click.y).unwrap_or_default();
    let is_similar = |cell: usize| change(colours[cell], colours[seed]) <= SAME_COLOUR;
    let members = component(&frame, seed, is_similar);
    Layer {
        values: members.iter().map(|member| f32::from(*member)).collect(),
        frame,
        colours,
        adds: true,
    }
}

/// Returns the object under a negative click, by up to four forward passes, if the network finds one that
/// contradicts no other click; it takes away.
pub(super) fn unwanted(
    source: &mut Source<'_>,
    selection: &Layers,
    click: &Click,
    clicks: &[Click],
) -> Result<Option<Layer>, ForwardError> {
    let opposite: Vec<Click> = clicks
        .iter()
        .map(|other| Click {
            positive: !other.positive,
            ..*other
        })
        .collect();
    let Some(candidate) = best(source, (click.x, click.y), &opposite)? else {
        return Ok(None);
    };
    let includes = |other: &Click| {
        let cell = candidate.frame.cell(other.x, other.y);
        other.positive && cell.is_some_and(|cell| candidate.members[cell])
    };
    if candidate.score < CLEAR || clicks.iter().any(includes) {
        return Ok(None);
    }
    let layer = closer(source, &candidate, click)?;
    let frame = layer.frame;
    let (mut all, mut hit) = (0.0, 0.0);
    for (cell, value) in layer.values.iter().enumerate() {
        let (x, y) = frame.centre(cell);
        let is_selected = selection.value(x as u32, y as u32) >= SELECTED;
        all += f32::from(is_selected);
        hit += f32::from(is_selected && *value >= SELECTED);
    }
    let is_part = hit <= LARGEST_PART * all;
    Ok(is_part.then_some(Layer { adds: false, ..layer }))
}
