//! Selection of an object by clicks, a box or a rough outline, with a network for salient object detection.
//!
//! Such a network marks the main object of the image that it sees. On the crop around a box, that is the
//! object in the box; for a click, crops at several scales are tried, and the region under the click with the
//! clearest edge is the object. Maps are corrected by the colours of object and background, those of areas by
//! minimum cuts too, and brought to full resolution by the guided filter; docs/selection.md has results.
//!
//! Networks that take prompts themselves are behind the trait [`PromptNetwork`].

mod area;
mod candidate;
mod click;
mod colour;
mod cut;
mod edges;
mod frame;
mod image_cache;
mod layers;
mod maps;
mod mixture;
mod prompt;
mod prompt_network;
mod prompted;
mod regions;

use iopaint_imaging::{Coverage, Rect, RgbImage};
use iopaint_inpaint::Monitor;

use crate::{Network, SaliencySpec};
pub use image_cache::{ImageCache, ImageKey, ImageResults};
use layers::{Layers, nearer_part};
pub use maps::SaliencyMaps;
use maps::Source;
pub use prompt::{Area, Click, Prompt, SelectionError};
pub use prompt_network::{Embedding, InputFrame, PromptNetwork, PromptPoint};
pub use prompted::{ImageEmbedding, select_by_prompt};

/// The saliency maps of the latest images.
pub type MapCache = ImageCache<SaliencyMaps>;

/// The embeddings of the latest images.
pub type EmbeddingCache = ImageCache<ImageEmbedding>;

/// Forward passes for one click at most: three scales and a second pass.
const PASSES_PER_CLICK: usize = 4;

/// A selected object.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The mask at the image's size with soft edges, 255 inside the object.
    pub coverage: Coverage,
    /// The network's mean saliency in the first object, 0 to 1; 0 if the network found nothing and the
    /// selection is the connected region of similar colour or the area itself.
    pub confidence: f32,
}

/// Selects the object that `prompt` describes. The pixel of each positive click is selected and that of each
/// negative click isn't; of clicks on the same pixel the latest counts.
///
/// A box, an outline or no prompt takes one forward pass, a click at most four. Maps in `maps` aren't
/// computed again. The work beside the network is linear in the pixels of the crops, and at most n log n in
/// 102 400 cells per click.
///
/// # Errors
/// [`SelectionError`] if the network fails, the monitor stops the run, or the area contains no pixel of the
/// image.
pub fn select(
    network: &mut dyn Network,
    spec: &SaliencySpec,
    image: &RgbImage,
    prompt: &Prompt,
    maps: &mut SaliencyMaps,
    monitor: &dyn Monitor,
) -> Result<Selection, SelectionError> {
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 {
        return Ok(Selection {
            coverage: Coverage::new(iopaint_imaging::GrayImage::new(width, height)),
            confidence: 0.0,
        });
    }
    let clicks: Vec<Click> = prompt
        .clicks
        .iter()
        .map(|click| click.clamped(width, height))
        .collect();
    let mut source = Source {
        network,
        spec,
        image,
        maps,
        monitor,
        limit: usize::from(prompt.area.is_some() || clicks.is_empty()) + PASSES_PER_CLICK * clicks.len(),
        used: 0,
    };
    let whole = Area::Box(Rect::whole((width, height)));
    let area = match &prompt.area {
        Some(area) => Some(area),
        None if clicks.iter().any(|click| click.positive) => None,
        None => Some(&whole),
    };
    let mut layers = Layers::default();
    let mut confidence = None;
    if let Some(area) = area {
        let (layer, value) = area::object(&mut source, area)?;
        layers.push(layer);
        confidence = Some(value);
    }
    for click in clicks.iter().filter(|click| click.positive) {
        if layers.value(click.x, click.y) >= layers::SELECTED {
            continue;
        }
        if let Some(layer) = click::correction(&source, &layers, click) {
            layers.push(layer);
            continue;
        }
        let (layer, value) = click::object(&mut source, click, &clicks)?;
        layers.push(layer);
        confidence = confidence.or(Some(value));
    }
    for click in clicks.iter().filter(|click| !click.positive) {
        take_away(&mut source, &mut layers, click, &clicks)?;
    }
    Ok(Selection {
        coverage: layers.composed(image, &clicks),
        confidence: confidence.unwrap_or(0.0),
    })
}

/// Takes away what a negative click is on: a separate object, or the nearer part of the selection.
fn take_away(
    source: &mut Source<'_>,
    layers: &mut Layers,
    click: &Click,
    clicks: &[Click],
) -> Result<(), SelectionError> {
    let is_selected = |layers: &Layers| layers.value(click.x, click.y) >= layers::SELECTED;
    if !is_selected(layers) {
        return Ok(());
    }
    if clicks.iter().any(|click| click.positive) {
        let unwanted = click::unwanted(source, layers, click, clicks)?;
        if let Some(layer) = unwanted {
            layers.push(layer);
        }
    }
    if !is_selected(layers) {
        return Ok(());
    }
    if let Some(selecting) = layers.adding_at(click.x, click.y) {
        let kept = clicks.iter().filter(|other| other.positive);
        let kept = kept
            .filter_map(|other| selecting.frame.cell(other.x, other.y))
            .collect();
        if let Some(part) = nearer_part(selecting, click, kept) {
            layers.push(part);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
