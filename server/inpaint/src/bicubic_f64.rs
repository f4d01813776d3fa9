//! Bicubic resizing of 64-bit images into an 8-bit image, as `OpenCV`'s `INTER_CUBIC` computes it.
//!
//! Cubic convolution (Keys 1981) with a = -0.75, half-pixel centres and a replicated border: weights in
//! single precision, sums in double precision, horizontally first. `tests/goldens.rs` compares it with
//! `IOPaint`'s Resize strategy.

use iopaint_imaging::{Coverage, RgbImage, Threshold};

use crate::{Rect, compose::RgbF64Image};

/// The four source positions of an output position along one side, and their weights.
struct CubicTaps {
    at: [usize; 4],
    weights: [f64; 4],
}

/// Returns the taps of each position of a side that is resized from `source` to `target` pixels.
fn taps(source: u32, target: u32) -> Vec<CubicTaps> {
    let scale = f64::from(source) / f64::from(target);
    (0..target)
        .map(|position| {
            let centre = ((f64::from(position) + 0.5) * scale - 0.5) as f32;
            let first = centre.floor();
            let last = i64::from(source) - 1;
            let at = |offset: i64| (first as i64 + offset).clamp(0, last) as usize;
            CubicTaps {
                at: [at(-1), at(0), at(1), at(2)],
                weights: weights(centre - first).map(f64::from),
            }
        })
        .collect()
}

/// Returns the kernel's weights for a position at `t`, 0..1, between the second and the third tap.
#[expect(
    clippy::suboptimal_flops,
    reason = "fused operations round differently from OpenCV's"
)]
fn weights(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |t: f32| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let far = ((A * (t + 1.0) - 5.0 * A) * (t + 1.0) + 8.0 * A) * (t + 1.0) - 4.0 * A;
    let (second, third) = (near(t), near(1.0 - t));
    [far, second, third, 1.0 - far - second - third]
}

fn sum(values: [f64; 4], weights: [f64; 4]) -> f64 {
    values[0] * weights[0] + values[1] * weights[1] + values[2] * weights[2] + values[3] * weights[3]
}

/// Resizes `result` to the size of `region` and writes it there into `image` where `mask`, of the size of
/// `image`, is hole at `threshold`. Values are clamped to 0..255 and truncated.
pub(crate) fn paste_resized(
    result: &RgbF64Image,
    image: &mut RgbImage,
    mask: &Coverage,
    region: Rect,
    threshold: Threshold,
) {
    let columns = taps(result.width, region.width);
    let rows = taps(result.height, region.height);
    let stride = image.width() as usize;
    let (left, length) = (region.x as usize, region.width as usize);
    let mut cache = RowCache::new(result, &columns);
    for (y, row) in (region.y as usize..).zip(&rows) {
        let from = y * stride + left;
        let Some(mask) = mask.values().get(from..from + length) else {
            return;
        };
        if mask.iter().all(|&value| !threshold.is_hole(value)) {
            continue;
        }
        row.at.iter().for_each(|&source| cache.fill(source));
        let [a, b, c, d] = row.at.map(|source| cache.get(source));
        let pixels = image
            .as_mut()
            .get_mut(from * 3..(from + length) * 3)
            .unwrap_or_default();
        let sources = a.iter().zip(b).zip(c.iter().zip(d));
        for ((pixel, &mask), ((a, b), (c, d))) in
            pixels.as_chunks_mut::<3>().0.iter_mut().zip(mask).zip(sources)
        {
            if threshold.is_hole(mask) {
                *pixel = std::array::from_fn(|channel| {
                    let value = sum([a[channel], b[channel], c[channel], d[channel]], row.weights);
                    value.clamp(0.0, 255.0) as u8
                });
            }
        }
    }
}

/// Horizontally resized source rows, of which an output row needs four adjacent ones. Row y is cached in slot
/// y % 4.
struct RowCache<'a> {
    source: &'a RgbF64Image,
    columns: &'a [CubicTaps],
    slots: [CachedRow; 4],
}

#[derive(Default)]
struct CachedRow {
    row: Option<usize>,
    pixels: Vec<[f64; 3]>,
}

impl<'a> RowCache<'a> {
    fn new(source: &'a RgbF64Image, columns: &'a [CubicTaps]) -> Self {
        Self {
            source,
            columns,
            slots: Default::default(),
        }
    }

    fn fill(&mut self, row: usize) {
        let slot = &mut self.slots[row % 4];
        if slot.row == Some(row) {
            return;
        }
        let width = self.source.width as usize;
        let pixels = &self.source.pixels;
        let source = pixels.get(row * width..(row + 1) * width).unwrap_or_default();
        slot.row = Some(row);
        slot.pixels.clear();
        slot.pixels.extend(self.columns.iter().map(|taps| {
            let [a, b, c, d] = taps.at.map(|x| source.get(x).copied().unwrap_or_default());
            std::array::from_fn(|channel| sum([a[channel], b[channel], c[channel], d[channel]], taps.weights))
        }));
    }

    fn get(&self, row: usize) -> &[[f64; 3]] {
        &self.slots[row % 4].pixels
    }
}
