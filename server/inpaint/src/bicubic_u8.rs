//! Bicubic resizing of 8-bit images, bit-exact with `INTER_CUBIC` in x86 builds of `OpenCV`.
//!
//! Cubic convolution (Keys 1981) with a = -0.75, half-pixel centres and a replicated border: weights in
//! double precision, sums in single precision, horizontally first, rounded half to even.

use iopaint_imaging::{Coverage, GrayImage, RgbImage};

/// Resizes an image to `width` x `height` pixels.
pub(crate) fn resize_rgb(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let data = resize::<3>(image.as_raw(), image.dimensions(), (width, height));
    RgbImage::from_raw(width, height, data).unwrap_or_default()
}

/// Like [`resize_rgb`], for a mask.
pub(crate) fn resize_mask(mask: &Coverage, width: u32, height: u32) -> Coverage {
    let data = resize::<1>(mask.values(), mask.dimensions(), (width, height));
    Coverage::new(GrayImage::from_raw(width, height, data).unwrap_or_default())
}

/// The four source positions of an output position along one side, and their weights.
struct CubicTaps {
    at: [usize; 4],
    weights: [f32; 4],
}

#[expect(
    clippy::suboptimal_flops,
    reason = "fused operations round differently from OpenCV's"
)]
fn taps(source: u32, target: u32) -> Vec<CubicTaps> {
    const A: f64 = -0.75;
    let near = |t: f64| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let scale = f64::from(source) / f64::from(target);
    (0..target)
        .map(|position| {
            let centre = (f64::from(position) + 0.5) * scale - 0.5;
            let first = centre.floor();
            let t = centre - first;
            let far = ((A * (t + 1.0) - 5.0 * A) * (t + 1.0) + 8.0 * A) * (t + 1.0) - 4.0 * A;
            let (second, third) = (near(t), near(1.0 - t));
            let last = i64::from(source) - 1;
            let at = |offset: i64| (first as i64 + offset).clamp(0, last) as usize;
            CubicTaps {
                at: [at(-1), at(0), at(1), at(2)],
                weights: [far, second, third, 1.0 - far - second - third].map(|weight| weight as f32),
            }
        })
        .collect()
}

fn resize<const CHANNELS: usize>(
    data: &[u8],
    (width, height): (u32, u32),
    (new_width, new_height): (u32, u32),
) -> Vec<u8> {
    let columns = taps(width, new_width);
    let rows = taps(height, new_height);
    let pixels = data.as_chunks::<CHANNELS>().0;
    let width = width as usize;
    let mut row_cache: [(Option<usize>, Vec<[f32; CHANNELS]>); 4] = Default::default();
    let mut out = Vec::with_capacity(new_width as usize * new_height as usize * CHANNELS);
    for row in &rows {
        for &y in &row.at {
            let (cached_row, slot) = &mut row_cache[y % 4];
            if *cached_row == Some(y) {
                continue;
            }
            let source = pixels.get(y * width..(y + 1) * width).unwrap_or_default();
            *cached_row = Some(y);
            slot.clear();
            slot.extend(columns.iter().map(|taps| {
                let pixels = taps.at.map(|x| source.get(x).copied().unwrap_or([0; CHANNELS]));
                std::array::from_fn(|channel| {
                    let term = |tap: usize| f32::from(pixels[tap][channel]) * taps.weights[tap];
                    (term(0) + term(3)) + (term(1) + term(2))
                })
            }));
        }
        let [a, b, c, d] = row.at.map(|y| &row_cache[y % 4].1);
        let [wa, wb, wc, wd] = row.weights;
        for ((a, b), (c, d)) in a.iter().zip(b).zip(c.iter().zip(d)) {
            for channel in 0..CHANNELS {
                let value = a[channel] * wa + (b[channel] * wb + (c[channel] * wc + d[channel] * wd));
                out.push(value.round_ties_even() as u8);
            }
        }
    }
    out
}
