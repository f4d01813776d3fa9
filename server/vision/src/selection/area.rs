//! The object in an area.

use iopaint_imaging::Rect;

use super::{
    SelectionError,
    candidate::mean,
    colour::{Evidence, refine},
    cut::{Energy, Weights},
    frame::Frame,
    layers::{Layer, SELECTED},
    maps::Source,
    prompt::Area,
};

/// Growth of the area's bounding box to the crop, a fraction of each side: the network needs context to
/// separate object and background.
pub(super) const CONTEXT: f32 = 1.0 / 6.0;
/// Growth of the area within which pixels may be selected, a fraction of the longer side: boxes drawn by hand
/// cut objects by a few pixels.
const TOLERANCE: f32 = 0.03;
/// An object that spans less than this fraction of a side of the area's bounding box isn't the one that was
/// meant.
const SPAN: f32 = 0.6;
/// A selection of more than this fraction of the area is the area itself, not an object in it.
const EVERYTHING: f32 = 0.95;
/// The network's map with a correction by colours. Mean `IoU` of boxes on 12 composites: 0.915; without the
/// colours 0.904.
pub(super) const TRUSTED: Evidence = Evidence {
    initial: 1.0,
    colour: 0.4,
    rounds: 3,
};
/// Mostly colours, for objects that the network doesn't find: from 0.05 to 0.85 `IoU` on a flower on sand.
const BY_COLOUR: Evidence = Evidence {
    initial: 0.5,
    colour: 0.8,
    rounds: 5,
};

/// Growth of the crop for a second look at the area with little context.
const LITTLE_CONTEXT: f32 = 0.02;
/// Fraction of the salient mass beyond the area from which the first map is that of a larger object behind
/// the area's.
const LEAK: f32 = 0.05;

/// The energy of the cut that starts from the network's map. Chosen on 29 composites of other objects than
/// those of models/eval/selection: mean `IoU` of boxes 0.898; with four times the prior 0.879, with 2.5 times
/// the smoothness 0.885, without the cut 0.864.
const FROM_NETWORK: Weights = Weights {
    colour: 1.0,
    prior: 0.5,
    smoothness: 20.0,
    rounds: 3,
};
/// The energy of the cut that starts from the area, with the smoothness of `GrabCut`.
const FROM_AREA: Weights = Weights {
    colour: 1.0,
    prior: 0.0,
    smoothness: 50.0,
    rounds: 3,
};
/// The network's probabilities are clamped to CERTAIN..1 - CERTAIN before the logarithm of their odds.
const CERTAIN: f32 = 0.01;
/// The cut that starts from the area is used if it spans more of the area than the other one by this fraction
/// of a side: the network has missed a part of the object. On the same composites, mean `IoU` 0.955.
const MISSED_SPAN: f32 = 0.1;

/// An area, and the grid of its crop.
struct View<'a> {
    area: &'a Area,
    bounds: Rect,
    frame: Frame,
    colours: Vec<[f32; 3]>,
    /// The network's map.
    saliency: Vec<f32>,
    /// The cells that may be selected.
    allowed: Vec<bool>,
}

/// Returns the object in an area, by one or two forward passes, and its confidence in 0 to 1. Never empty: an
/// area without an object is selected as a whole.
pub(super) fn object(source: &mut Source<'_>, area: &Area) -> Result<(Layer, f32), SelectionError> {
    let size = source.image.dimensions();
    let bounds = area.bounds(size)?;
    let (view, values) = salient(source, area, bounds)?;
    let confidence = mean(values.iter().copied().filter(|value| *value >= SELECTED));
    let values = if bounds == Rect::whole(size) {
        values
    } else {
        view.segmented(values)
    };
    Ok((view.into_layer(values), confidence))
}

/// Returns the network's soft mask of the object in an area, by one or two forward passes, on the grid of the
/// better one.
fn salient<'a>(
    source: &mut Source<'_>,
    area: &'a Area,
    bounds: Rect,
) -> Result<(View<'a>, Vec<f32>), SelectionError> {
    let size = source.image.dimensions();
    let view = View::new(source, area, bounds, CONTEXT)?;
    let values = view.refined(&view.saliency, TRUSTED);
    let (span, leak) = (view.span(&values), view.leak());
    // The main object of an image has any size.
    let is_image = bounds == Rect::whole(size);
    if is_image || (span >= SPAN && leak <= LEAK) {
        return Ok((view, values));
    }
    let close = View::new(source, area, bounds, LITTLE_CONTEXT)?;
    let values_close = close.refined(&close.saliency, TRUSTED);
    let span_close = close.span(&values_close);
    if span_close >= SPAN.min(span) && span_close > 0.0 && (leak > LEAK || span_close >= SPAN) {
        return Ok((close, values_close));
    }
    // Unknown cells at least 0.5: the colours beyond the area are the evidence.
    let unknown: Vec<f32> = view.saliency.iter().map(|value| value.max(0.5)).collect();
    let by_colour = view.refined(&unknown, BY_COLOUR);
    if view.span(&by_colour) > span.max(span_close) && !view.is_everything(&by_colour) {
        return Ok((view, by_colour));
    }
    Ok(if span_close > span {
        (close, values_close)
    } else {
        (view, values)
    })
}

impl<'a> View<'a> {
    /// Runs the network on the area's bounding box, grown by `context` of its sides.
    fn new(
        source: &mut Source<'_>,
        area: &'a Area,
        bounds: Rect,
        context: f32,
    ) -> Result<Self, SelectionError> {
        let frame = Frame::new(grown(bounds, context, source.image.dimensions()));
        let map = source.map(frame.rect)?;
        let margin = bounds.width.max(bounds.height) as f32 * TOLERANCE;
        let allowed = (0..frame.len()).map(|cell| {
            let (x, y) = frame.centre(cell);
            area.contains(x, y, margin)
        });
        Ok(Self {
            area,
            bounds,
            frame,
            colours: frame.colours(source.image),
            saliency: frame.sample(&map),
            allowed: allowed.collect(),
        })
    }

    /// Returns the values, 0 to 1 per cell, refined within the area.
    fn refined(&self, values: &[f32], evidence: Evidence) -> Vec<f32> {
        let values = values.iter().zip(&self.allowed);
        let within: Vec<f32> = values
            .map(|(value, allowed)| if *allowed { *value } else { 0.0 })
            .collect();
        refine(&self.frame, &self.colours, &within, &self.allowed, evidence)
    }

    /// Returns the smaller of the fractions of the bounds' width and height that the selected cells span, 0
    /// without any.
    fn span(&self, values: &[f32]) -> f32 {
        self.frame
            .bounds(|cell| values[cell] >= SELECTED)
            .map_or(0.0, |found| {
                let across = found.width as f32 / self.bounds.width as f32;
                across.min(found.height as f32 / self.bounds.height as f32)
            })
    }

    /// Returns the fraction of the salient mass beyond the area.
    fn leak(&self) -> f32 {
        let (mut all, mut beyond) = (0.0, 0.0);
        for (value, allowed) in self.saliency.iter().zip(&self.allowed) {
            all += value;
            beyond += if *allowed { 0.0 } else { *value };
        }
        if all > 0.0 { beyond / all } else { 0.0 }
    }

    fn is_everything(&self, values: &[f32]) -> bool {
        let selected = values.iter().filter(|value| **value >= SELECTED).count() as f32;
        selected > EVERYTHING * self.allowed.iter().filter(|allowed| **allowed).count() as f32
    }

    /// Returns the network's soft mask with the regions of a minimum cut, which finds thin parts and parts
    /// that the network takes for another object.
    fn segmented(&self, network: Vec<f32>) -> Vec<f32> {
        let certain = |value: &f32| value.clamp(CERTAIN, 1.0 - CERTAIN);
        let log_odds = self
            .saliency
            .iter()
            .map(certain)
            .map(|value| (value / (1.0 - value)).ln());
        let cut = |log_odds: Vec<f32>, weights, start| {
            let energy = Energy::new(&self.frame, &self.colours, log_odds, &self.allowed, weights);
            energy.labels(start)
        };
        let start = network.iter().map(|value| *value >= SELECTED).collect();
        let log_odds = log_odds.collect();
        let (from_network, from_area) = std::thread::scope(|scope| {
            let unknown = vec![0.0; network.len()];
            let from_area = scope.spawn(|| cut(unknown, FROM_AREA, self.allowed.clone()));
            let from_network = cut(log_odds, FROM_NETWORK, start);
            // The whole area, as from a thread that panicked, is never used.
            let from_area = from_area.join().unwrap_or_else(|_| self.allowed.clone());
            (from_network, from_area)
        });
        let values = |labels: &[bool]| labels.iter().map(|label| f32::from(*label)).collect::<Vec<_>>();
        let area_values = values(&from_area);
        let gain = self.span(&area_values) - self.span(&values(&from_network));
        if gain >= MISSED_SPAN && !self.is_everything(&area_values) {
            return area_values;
        }
        let energy = Energy::new(
            &self.frame,
            &self.colours,
            Vec::new(),
            &self.allowed,
            FROM_NETWORK,
        );
        energy.with_outline_of(network, &from_network)
    }

    /// Returns the layer; without a selected cell, the layer of the area.
    fn into_layer(self, values: Vec<f32>) -> Layer {
        let mut layer = Layer {
            frame: self.frame,
            colours: self.colours,
            values,
            adds: true,
        };
        if layer.confidence() <= 0.0 {
            let is_inside = |cell| {
                let (x, y) = self.frame.centre(cell);
                self.area.contains(x, y, 0.0)
            };
            layer.values = (0..self.frame.len())
                .map(|cell| f32::from(is_inside(cell)))
                .collect();
            if layer.confidence() <= 0.0 {
                // A lasso between the cells' centres.
                layer.values.fill(1.0);
            }
        }
        layer
    }
}

/// Returns the rectangle, grown by `fraction` of its sides on each side, within an image of `size` pixels.
pub(super) fn grown(rect: Rect, fraction: f32, (width, height): (u32, u32)) -> Rect {
    let span = |start: u32, length: u32, side: u32| {
        let margin = (length as f32 * fraction).ceil() as u32;
        let first = start.saturating_sub(margin);
        (first, (start + length).saturating_add(margin).min(side) - first)
    };
    let ((x, across), (y, down)) = (span(rect.x, rect.width, width), span(rect.y, rect.height, height));
    Rect {
        x,
        y,
        width: across,
        height: down,
    }
}
