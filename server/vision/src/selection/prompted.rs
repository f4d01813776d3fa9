//! Selection with a network that takes prompts.

use iopaint_imaging::{Coverage, GrayImage, Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::image_cache::ImageResults;
use super::prompt::{Area, Prompt, SelectionError};
use super::prompt_network::{Embedding, InputFrame, PromptNetwork, PromptPoint};

/// Pixels beyond an outline that can belong to the selection, as a part of the outline's longer side.
const OUTLINE_MARGIN: f32 = 0.03;

/// The embedding of one image, kept for further prompts on it; empty until the first prompt.
#[derive(Clone, Debug, Default)]
pub struct ImageEmbedding(Option<Embedding>);

impl ImageResults for ImageEmbedding {
    /// 16 images at the 4 MiB of SAM's features, 5 at the 12 MiB of HQ-SAM's, 4 at the 16 MiB of SAM 2's.
    const MAX_BYTES: usize = 64 << 20;

    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, Embedding::bytes)
    }
}

/// Selects the object that `prompt` describes and returns its mask, 255 inside, at the image's size. The
/// encoder runs unless `embedding` has the image's features.
///
/// An outline becomes its bounding box, and the selection is limited to the outline and a margin. Without an
/// area and positive clicks, the prompt is the box of the whole image.
///
/// # Errors
/// [`SelectionError`] if the network fails, the monitor stops the run, or the area contains no pixel of the
/// image.
pub fn select_by_prompt(
    network: &mut dyn PromptNetwork,
    image: &RgbImage,
    prompt: &Prompt,
    embedding: &mut ImageEmbedding,
    monitor: &dyn Monitor,
) -> Result<Coverage, SelectionError> {
    let size = image.dimensions();
    if size.0 == 0 || size.1 == 0 {
        return Ok(Coverage::new(GrayImage::new(size.0, size.1)));
    }
    let frame = network.frame();
    let view = FrameView::new(frame, size);
    let points: Vec<PromptPoint> = prompt
        .clicks
        .iter()
        .map(|click| {
            let click = click.clamped(size.0, size.1);
            let (x, y) = view.to_frame(f64::from(click.x), f64::from(click.y));
            PromptPoint {
                x,
                y,
                positive: click.positive,
            }
        })
        .collect();
    let bounds = match &prompt.area {
        Some(area) => Some(area.bounds(size)?),
        None if points.iter().any(|point| point.positive) => None,
        None => Some(Rect::whole(size)),
    };
    let corners = bounds.map(|bounds| {
        let (left, top) = view.to_frame(f64::from(bounds.x), f64::from(bounds.y));
        let (right, bottom) = view.to_frame(
            f64::from(bounds.x) + f64::from(bounds.width),
            f64::from(bounds.y) + f64::from(bounds.height),
        );
        [left, top, right, bottom]
    });
    let features = match embedding.0.take() {
        Some(features) => features,
        None => network.encode(image, monitor)?,
    };
    let logits = network.decode(embedding.0.insert(features), &points, corners)?;
    let (shape, mut values) = logits.into_parts();
    let &[height, width] = shape.as_slice() else {
        return Err(failed(&format!("the network returned a mask of shape {shape:?}")).into());
    };
    if width == 0 || height == 0 || values.iter().any(|value| !value.is_finite()) {
        return Err(failed("the network's mask is empty or not finite").into());
    }
    if let (Some(area @ Area::Lasso(_)), Some(bounds)) = (&prompt.area, bounds) {
        let margin = bounds.width.max(bounds.height) as f32 * OUTLINE_MARGIN;
        for (index, value) in values.iter_mut().enumerate() {
            let (x, y) = view.to_image(index % width, index / width, (width, height));
            if !area.contains(x, y, margin) {
                *value = value.min(-1.0);
            }
        }
    }
    let logits = Plane {
        width,
        height,
        values,
    };
    Ok(view.mask(logits, size))
}

/// An image in the input of a network.
struct FrameView {
    frame: InputFrame,
    /// Width and height of the image in the input.
    scaled: (u32, u32),
    /// Ratios of the widths and heights in the input to those of the image.
    scale: (f64, f64),
}

impl FrameView {
    /// `size`: width and height of the image, not 0.
    fn new(frame: InputFrame, size: (u32, u32)) -> Self {
        let scaled = frame.scaled_size(size);
        Self {
            frame,
            scaled,
            scale: (
                f64::from(scaled.0) / f64::from(size.0),
                f64::from(scaled.1) / f64::from(size.1),
            ),
        }
    }

    /// Converts a position in the image to one in the input.
    fn to_frame(&self, x: f64, y: f64) -> (f32, f32) {
        ((x * self.scale.0) as f32, (y * self.scale.1) as f32)
    }

    /// Converts the centre of a cell of a grid over the input to a position in the image. `grid`: columns and
    /// rows of the grid.
    fn to_image(&self, column: usize, row: usize, grid: (usize, usize)) -> (f32, f32) {
        let at = |cell: usize, cells: usize, scale: f64| {
            ((cell as f64 + 0.5) * f64::from(self.frame.side()) / cells as f64 / scale) as f32
        };
        (at(column, grid.0, self.scale.0), at(row, grid.1, self.scale.1))
    }

    /// Enlarges logits to `target` pixels by bilinear interpolation, for [`InputFrame::LongSide`] first to
    /// the input's size, without the padding, as SAM does. Positive values become 255.
    fn mask(&self, logits: Plane, target: (u32, u32)) -> Coverage {
        let (logits, known) = match self.frame {
            InputFrame::LongSide(side) => {
                let side = side as usize;
                let whole = (logits.width, logits.height);
                let mut values = Vec::with_capacity(side * side);
                logits.resized(whole, (side, side), |row| values.extend_from_slice(row));
                let (width, height) = (side, side);
                let resized = Plane {
                    width,
                    height,
                    values,
                };
                (resized, (self.scaled.0 as usize, self.scaled.1 as usize))
            }
            InputFrame::Stretched(_) => {
                let whole = (logits.width, logits.height);
                (logits, whole)
            }
        };
        let mut samples = Vec::with_capacity(target.0 as usize * target.1 as usize);
        logits.resized(known, (target.0 as usize, target.1 as usize), |row| {
            samples.extend(row.iter().map(|value| if *value > 0.0 { 255 } else { 0 }));
        });
        let mask = GrayImage::from_raw(target.0, target.1, samples);
        Coverage::new(mask.unwrap_or_else(|| GrayImage::new(target.0, target.1)))
    }
}

/// Values of a grid in row-major order.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Plane {
    /// Resizes the upper left part of `known` (width, height) values to `to` by bilinear interpolation of
    /// cell centres, without anti-aliasing, and calls `row` with each row.
    fn resized(&self, known: (usize, usize), to: (usize, usize), mut row: impl FnMut(&[f32])) {
        let known = (known.0.min(self.width), known.1.min(self.height));
        let columns: Vec<Tap> = (0..to.0).map(|at| Tap::new(at, known.0, to.0)).collect();
        let stretched = |source_row: usize, target: &mut Vec<f32>| {
            let source = self.values.get(source_row * self.width..).unwrap_or_default();
            let value = |index: usize| source.get(index).copied().unwrap_or(0.0);
            target.clear();
            target.extend(columns.iter().map(|tap| tap.mix(value(tap.low), value(tap.high))));
        };
        let (mut low, mut high, mut mixed) = (Vec::new(), Vec::new(), Vec::new());
        let mut cached = None;
        for y in 0..to.1 {
            let tap = Tap::new(y, known.1, to.1);
            if cached != Some((tap.low, tap.high)) {
                stretched(tap.low, &mut low);
                stretched(tap.high, &mut high);
                cached = Some((tap.low, tap.high));
            }
            mixed.clear();
            mixed.extend(low.iter().zip(&high).map(|(low, high)| tap.mix(*low, *high)));
            row(&mixed);
        }
    }
}

/// Two neighbouring positions and the weight of the second.
struct Tap {
    low: usize,
    high: usize,
    weight: f32,
}

impl Tap {
    /// Returns the positions among `from` around the centre of position `at` of `to`.
    fn new(at: usize, from: usize, to: usize) -> Self {
        let position = ((at as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
        let low = (position as usize).min(from.saturating_sub(1));
        Self {
            low,
            high: (low + 1).min(from.saturating_sub(1)),
            weight: position - low as f32,
        }
    }

    fn mix(&self, low: f32, high: f32) -> f32 {
        low * (1.0 - self.weight) + high * self.weight
    }
}

fn failed(message: &str) -> ForwardError {
    ForwardError::Failed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use iopaint_inpaint::Unmonitored;

    use super::*;
    use crate::Tensor;
    use crate::selection::{Click, EmbeddingCache, ImageKey};

    /// A network with 16 x 16 logits: positive in the box, or within 2 cells of the last positive point.
    struct Discs {
        frame: InputFrame,
        encoded: usize,
    }

    impl PromptNetwork for Discs {
        fn frame(&self) -> InputFrame {
            self.frame
        }

        fn encode(&mut self, image: &RgbImage, _: &dyn Monitor) -> Result<Embedding, ForwardError> {
            self.encoded += 1;
            let value = f32::from(image.get_pixel(0, 0).0[0]);
            Ok(Embedding(vec![Tensor::new(vec![1], vec![value]).unwrap()]))
        }

        fn decode(
            &mut self,
            _: &Embedding,
            points: &[PromptPoint],
            area: Option<[f32; 4]>,
        ) -> Result<Tensor, ForwardError> {
            let cell = self.frame.side() as f32 / 16.0;
            let value = |index: usize| {
                let (x, y) = ((index % 16) as f32 + 0.5, (index / 16) as f32 + 0.5);
                let (x, y) = (x * cell, y * cell);
                let in_box = area.is_some_and(|[left, top, right, bottom]| {
                    (left..right).contains(&x) && (top..bottom).contains(&y)
                });
                let last = points.iter().rev().find(|point| point.positive);
                let at_point = last.is_some_and(|point| (point.x - x).hypot(point.y - y) < 2.0 * cell);
                if in_box || at_point { 1.0 } else { -1.0 }
            };
            Ok(Tensor::new(vec![16, 16], (0..256).map(value).collect()).unwrap())
        }
    }

    fn network(frame: InputFrame) -> Discs {
        Discs { frame, encoded: 0 }
    }

    fn click(x: u32, y: u32) -> Prompt {
        Prompt {
            clicks: vec![Click { x, y, positive: true }],
            area: None,
        }
    }

    fn select(network: &mut Discs, size: (u32, u32), prompt: &Prompt) -> Coverage {
        let mut embedding = ImageEmbedding::default();
        let image = RgbImage::new(size.0, size.1);
        select_by_prompt(network, &image, prompt, &mut embedding, &Unmonitored).unwrap()
    }

    #[test]
    fn mask_has_the_image_size() {
        for frame in [InputFrame::LongSide(64), InputFrame::Stretched(64)] {
            for size in [(200, 100), (100, 200), (40, 30)] {
                let (x, y) = (size.0 * 3 / 4, size.1 / 4);
                let mask = select(&mut network(frame), size, &click(x, y));
                assert_eq!(mask.dimensions(), size);
                assert_eq!(mask.get(x, y), 255, "{frame:?}, {size:?}");
                assert_eq!(mask.get(size.0 / 4, size.1 - 1), 0, "{frame:?}, {size:?}");
            }
        }
    }

    #[test]
    fn box_is_scaled_to_the_input() {
        let rect = Rect {
            x: 50,
            y: 25,
            width: 100,
            height: 50,
        };
        let prompt = Prompt {
            clicks: vec![],
            area: Some(Area::Box(rect)),
        };
        for frame in [InputFrame::LongSide(64), InputFrame::Stretched(64)] {
            let mask = select(&mut network(frame), (200, 100), &prompt);
            let selected = mask
                .values()
                .iter()
                .map(|value| usize::from(*value == 255))
                .sum::<usize>();
            assert!((selected as i64 - 5000).abs() < 600, "{frame:?}: {selected}");
            assert_eq!((mask.get(100, 50), mask.get(20, 50)), (255, 0));
        }
    }

    #[test]
    fn lasso_limits_the_selection() {
        // A triangle: its bounding box has twice its pixels.
        let corners = vec![(20.0, 20.0), (180.0, 20.0), (20.0, 180.0)];
        let prompt = Prompt {
            clicks: vec![],
            area: Some(Area::Lasso(corners)),
        };
        let mask = select(&mut network(InputFrame::LongSide(64)), (200, 200), &prompt);
        assert_eq!(mask.get(60, 60), 255);
        assert_eq!(mask.get(150, 150), 0);
    }

    #[test]
    fn no_prompt_is_the_whole_image() {
        let mask = select(
            &mut network(InputFrame::LongSide(64)),
            (90, 50),
            &Prompt::default(),
        );
        assert!(mask.values().iter().all(|value| *value == 255));
    }

    #[test]
    fn area_outside_is_an_error() {
        let rect = Rect {
            x: 90,
            y: 0,
            width: 5,
            height: 5,
        };
        let prompt = Prompt {
            clicks: vec![],
            area: Some(Area::Box(rect)),
        };
        let image = RgbImage::new(90, 50);
        let mut network = network(InputFrame::LongSide(64));
        let mut embedding = ImageEmbedding::default();
        let result = select_by_prompt(&mut network, &image, &prompt, &mut embedding, &Unmonitored);
        assert!(matches!(result, Err(SelectionError::EmptyArea)));
    }

    #[test]
    fn interpolation_equals_pytorch() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 4., 8.], [2., 6., 1.]]]]), (3, 5),
        // mode="bilinear", align_corners=False)
        let plane = Plane {
            width: 3,
            height: 2,
            values: vec![0.0, 4.0, 8.0, 2.0, 6.0, 1.0],
        };
        let mut result = Vec::new();
        plane.resized((3, 2), (5, 3), |row| result.extend_from_slice(row));
        let expected = [
            0.0, 1.6, 4.0, 6.4, 8.0, 1.0, 2.6, 5.0, 4.7, 4.5, 2.0, 3.6, 6.0, 3.0, 1.0,
        ];
        for (result, expected) in result.iter().zip(expected) {
            assert!((result - expected).abs() < 1e-5, "{result} {expected}");
        }
    }

    #[test]
    fn encoder_runs_once_per_image() {
        let mut network = network(InputFrame::LongSide(64));
        let mut cache = EmbeddingCache::default();
        let image = RgbImage::new(80, 60);
        for (key, runs) in [(1, 1), (1, 1), (2, 2), (1, 2)] {
            for x in [10, 40] {
                cache.with(ImageKey([key; 32]), |embedding| {
                    select_by_prompt(&mut network, &image, &click(x, 30), embedding, &Unmonitored).unwrap()
                });
                assert_eq!(network.encoded, runs);
            }
        }
        assert_eq!((cache.images(), cache.bytes()), (2, 8));
    }

    #[test]
    fn large_embeddings_are_bounded() {
        let mut cache = EmbeddingCache::default();
        let floats = 1 << 20;
        for key in 0..40 {
            cache.with(ImageKey([key; 32]), |embedding| {
                let tensor = Tensor::new(vec![floats], vec![0.0; floats]).unwrap();
                embedding.0 = Some(Embedding(vec![tensor]));
            });
            assert!(cache.bytes() <= EmbeddingCache::MAX_BYTES);
        }
        assert_eq!(cache.images(), 16);
    }
}
