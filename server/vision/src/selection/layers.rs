//! Layers of a selection: soft masks of frames that add to it or take away from it, and their composition at
//! full resolution.

use iopaint_imaging::{Coverage, GrayImage, RgbImage};

use super::{
    candidate::mean,
    edges::Edges,
    frame::Frame,
    prompt::Click,
    regions::{component, geodesic},
};

/// Values from which a pixel is selected.
pub(super) const SELECTED: f32 = 0.5;

/// A negative click takes away a whole region if the others have at least this inverse fraction of its cells:
/// the rest of an object isn't a speck.
const SMALLEST_REST: usize = 10;

/// Cells further from a negative click than this fraction of the longer side are kept if they are certain.
const REACH: f32 = 0.1;
/// Reach of a negative click as a multiple of its distance to the nearest unselected cell: a click in the
/// middle of an unwanted part at the edge is about as far from the edge as the part is wide.
const PART_REACH: f32 = 4.0;
/// Fraction of a layer's largest value from which a cell is certain.
const CERTAIN: f32 = 0.95;

/// A soft mask of the cells of a frame.
pub(super) struct Layer {
    pub frame: Frame,
    /// The mean colours of the cells.
    pub colours: Vec<[f32; 3]>,
    /// 0 to 1 per cell.
    pub values: Vec<f32>,
    /// True if the layer adds to the selection, false if it takes away.
    pub adds: bool,
}

impl Layer {
    /// Returns the layer's effect on the selection's value at a cell or pixel.
    fn applied(&self, below: f32, value: f32) -> f32 {
        if self.adds {
            below.max(value)
        } else {
            below.min(1.0 - value)
        }
    }

    /// Returns the mean value of the selected cells, 0 without any.
    pub fn confidence(&self) -> f32 {
        mean(self.values.iter().copied().filter(|value| *value >= SELECTED))
    }
}

/// The layers of a selection, the lowest first.
#[derive(Default)]
pub(super) struct Layers(Vec<Layer>);

impl Layers {
    pub fn push(&mut self, layer: Layer) {
        self.0.push(layer);
    }

    /// Returns the selection's value at pixel (x, y).
    pub fn value(&self, x: u32, y: u32) -> f32 {
        self.0
            .iter()
            .fold(0.0, |below, layer| match layer.frame.cell(x, y) {
                Some(cell) => layer.applied(below, layer.values[cell]),
                None => below,
            })
    }

    /// Returns the topmost layer that selects pixel (x, y) by itself.
    pub fn adding_at(&self, x: u32, y: u32) -> Option<&Layer> {
        let selects = |layer: &&Layer| {
            let cell = layer.frame.cell(x, y);
            layer.adds && cell.is_some_and(|cell| layer.values[cell] >= SELECTED)
        };
        self.0.iter().rev().find(selects)
    }

    /// Returns the selection at the image's resolution. Every layer's edges are moved to those of the image
    /// by the guided filter; then each click's cell gets the click's value, the latest last.
    pub fn composed(&self, image: &RgbImage, clicks: &[Click]) -> Coverage {
        let (width, height) = image.dimensions();
        let mut gray = GrayImage::new(width, height);
        for layer in &self.0 {
            let filtered = Edges::new(&layer.frame, &layer.colours).at_pixels(image, &layer.values);
            let rect = layer.frame.rect;
            let rows = gray.chunks_exact_mut(width as usize).skip(rect.y as usize);
            for (row, values) in rows.zip(filtered.chunks_exact(rect.width as usize)) {
                let (start, end) = (rect.x as usize, (rect.x + rect.width) as usize);
                let pixels = row.get_mut(start..end).unwrap_or_default();
                for (pixel, value) in pixels.iter_mut().zip(values) {
                    let value = steepened(*value);
                    *pixel = if layer.adds {
                        value.max(*pixel)
                    } else {
                        (255 - value).min(*pixel)
                    };
                }
            }
        }
        for click in clicks {
            self.force(&mut gray, click);
        }
        // Two clicks may share a cell.
        for click in clicks {
            if let Some(pixel) = gray.get_pixel_mut_checked(click.x, click.y) {
                pixel.0 = [forced(click)];
            }
        }
        Coverage::new(gray)
    }

    /// Sets the pixels of the click's cell, in the finest frame that contains the click, to its value.
    fn force(&self, gray: &mut GrayImage, click: &Click) {
        let frames = self.0.iter().map(|layer| layer.frame);
        let around = frames.filter_map(|frame| {
            let cell = frame.cell(click.x, click.y)?;
            let (column, row) = (cell % frame.columns, cell / frame.columns);
            Some(frame.pixels(column..column + 1, row..row + 1))
        });
        let Some(rect) = around.min_by_key(|rect| rect.width * rect.height) else {
            return;
        };
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                if let Some(pixel) = gray.get_pixel_mut_checked(x, y) {
                    pixel.0 = [forced(click)];
                }
            }
        }
    }
}

/// Returns the coverage of a click's pixel.
fn forced(click: &Click) -> u8 {
    if click.positive { 255 } else { 0 }
}

/// Doubles the slope of the filtered mask's edges around the middle of the range: the filter's window blurs
/// them by several pixels, and faint values far from the edge would touch up pixels of the background.
fn steepened(value: u8) -> u8 {
    (2 * i16::from(value) - 127).clamp(0, 255) as u8
}

/// Returns the part of a layer to take away for a negative click: the region under the click, if others
/// remain and none of `kept`, the cells of positive clicks, is in it; else the cells that are nearer, in
/// geodesic distance, to the click than to `kept` and to the layer's certain cells beyond [`REACH`].
pub(super) fn nearer_part(layer: &Layer, click: &Click, mut kept: Vec<usize>) -> Option<Layer> {
    let frame = layer.frame;
    let seed = frame.cell(click.x, click.y)?;
    kept.retain(|cell| *cell != seed);
    let part = |members: Vec<bool>| Layer {
        frame,
        colours: layer.colours.clone(),
        values: members.into_iter().map(f32::from).collect(),
        adds: false,
    };
    let is_selected = |cell: usize| layer.values[cell] >= SELECTED;
    let region = component(&frame, seed, is_selected);
    let size = region.iter().filter(|member| **member).count();
    let remaining = (0..frame.len())
        .filter(|&cell| is_selected(cell) && !region[cell])
        .count();
    if remaining * SMALLEST_REST >= size && !kept.iter().any(|&cell| region[cell]) {
        return Some(part(region));
    }
    let far = frame.columns.max(frame.rows) as f32 * REACH;
    let position = |cell: usize| ((cell % frame.columns) as f32, (cell / frame.columns) as f32);
    let (x, y) = position(seed);
    let distance = |cell: usize| {
        let (column, row) = position(cell);
        (column - x).hypot(row - y)
    };
    let unselected = (0..frame.len()).filter(|&cell| !is_selected(cell));
    let reach = PART_REACH * unselected.map(distance).fold(f32::INFINITY, f32::min);
    let top = layer.values.iter().copied().fold(0.0, f32::max);
    kept.extend((0..frame.len()).filter(|&cell| layer.values[cell] >= CERTAIN * top && distance(cell) > far));
    let to_click = geodesic(&frame, &layer.colours, &[seed]);
    let to_kept = geodesic(&frame, &layer.colours, &kept);
    let nearer = to_click.iter().zip(to_kept).zip(&layer.values).enumerate();
    Some(part(
        nearer
            .map(|(cell, ((click, kept), value))| *click < kept && *value > 0.0 && distance(cell) <= reach)
            .collect(),
    ))
}
