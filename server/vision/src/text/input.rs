//! The detector's input: size and pixel values.

use iopaint_imaging::{Rect, RgbImage};

use crate::parallel::{available_threads, for_each_band};

/// Sides of the input are multiples of this, the network's total stride, in pixels.
const STRIDE: u32 = 32;
/// Rows of the input that a thread computes at once.
const BAND_ROWS: usize = 16;

/// Returns the input's width and height for a crop of `size` pixels at `scale`.
pub fn input_size((width, height): (u32, u32), scale: f64) -> (u32, u32) {
    let side = |side: u32| {
        let steps = (f64::from(side) * scale / f64::from(STRIDE)).round();
        (steps.max(1.0) as u32).saturating_mul(STRIDE)
    };
    (side(width), side(height))
}

/// Returns the values of `crop` in the shape `[3, height, width]`, resampled to `size`. Channels are in the
/// order blue, green, red, since `PaddleOCR` trains on images as `OpenCV` loads them; values are (v / 255 -
/// 0.5) / 0.5.
///
/// The filter is a triangle as wide as the larger of the two pixel sizes, so that lines thinner than a pixel
/// of the result stay visible.
pub fn input_values(image: &RgbImage, crop: Rect, (width, height): (u32, u32)) -> Vec<f32> {
    let columns = taps(crop.width, width);
    let rows = taps(crop.height, height);
    let plane = width as usize * height as usize;
    let mut values = vec![0.0; 3 * plane];
    let stride = image.width() as usize * 3;
    let [first, second, third] = planes(&mut values, plane);
    let band_len = BAND_ROWS * width as usize;
    let mut bands: Vec<_> = first
        .chunks_mut(band_len)
        .zip(second.chunks_mut(band_len))
        .zip(third.chunks_mut(band_len))
        .map(|((blue, green), red)| [blue, green, red])
        .collect();
    for_each_band(available_threads(), &mut bands, 1, |band, channels| {
        let mut blended = vec![0.0_f32; crop.width as usize * 3];
        let rows = rows.iter().skip(band * BAND_ROWS).take(BAND_ROWS);
        for (y, vertical) in rows.enumerate() {
            blended.fill(0.0);
            for (weight, row) in vertical.weights.iter().zip(vertical.first..) {
                let start = (crop.y as usize + row) * stride + crop.x as usize * 3;
                let source = image
                    .as_raw()
                    .get(start..start + blended.len())
                    .unwrap_or_default();
                for (sum, sample) in blended.iter_mut().zip(source) {
                    *sum += weight * f32::from(*sample);
                }
            }
            for (x, horizontal) in columns.iter().enumerate() {
                let mut pixel = [0.0_f32; 3];
                let pixels = blended.as_chunks::<3>().0.iter().skip(horizontal.first);
                for (weight, source) in horizontal.weights.iter().zip(pixels) {
                    for (sum, sample) in pixel.iter_mut().zip(source) {
                        *sum += weight * sample;
                    }
                }
                let channels = channels.iter_mut().flatten();
                for (channel, sample) in channels.zip(pixel.iter().rev()) {
                    channel[y * width as usize + x] = sample / 127.5 - 1.0;
                }
            }
        }
    });
    values
}

/// Splits values into three planes of `len` samples.
fn planes(values: &mut [f32], len: usize) -> [&mut [f32]; 3] {
    let (first, rest) = values.split_at_mut(len);
    let (second, third) = rest.split_at_mut(len);
    [first, second, third]
}

/// The source positions of a target position.
struct Taps {
    first: usize,
    /// Sum: 1.
    weights: Vec<f32>,
}

/// Returns the triangle filter's taps for each target position.
fn taps(source: u32, target: u32) -> Vec<Taps> {
    let ratio = f64::from(source) / f64::from(target.max(1));
    let reach = ratio.max(1.0);
    (0..target)
        .map(|at| {
            let centre = (f64::from(at) + 0.5) * ratio - 0.5;
            let first = (centre - reach).ceil().max(0.0) as u32;
            let last = ((centre + reach).floor().max(0.0) as u32).min(source.saturating_sub(1));
            let first = first.min(last);
            let weight = |position: u32| (1.0 - (f64::from(position) - centre).abs() / reach).max(0.0);
            let total: f64 = (first..=last).map(weight).sum();
            let weights = (first..=last).map(|position| {
                if total > 0.0 {
                    (weight(position) / total) as f32
                } else {
                    1.0 / (last - first + 1) as f32
                }
            });
            Taps {
                first: first as usize,
                weights: weights.collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_multiples_of_the_stride() {
        assert_eq!(input_size((1, 1), 1.0), (32, 32));
        assert_eq!(input_size((100, 47), 1.0), (96, 32));
        assert_eq!(input_size((100, 48), 2.0), (192, 96));
    }

    #[test]
    fn channels_are_blue_green_red() {
        let image = RgbImage::from_pixel(2, 1, [255, 0, 51].into());
        let values = input_values(&image, Rect::whole((2, 1)), (2, 1));
        let expected = [-0.6, -0.6, -1.0, -1.0, 1.0, 1.0];
        assert!(
            values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
            "{values:?}"
        );
    }

    #[test]
    fn reduction_averages() {
        let image = RgbImage::from_fn(64, 1, |x, _| [if x % 2 == 0 { 0 } else { 255 }; 3].into());
        let values = input_values(&image, Rect::whole((64, 1)), (8, 1));
        assert!(values.iter().all(|value| value.abs() < 0.1), "{values:?}");
    }

    #[test]
    fn crop_keeps_pixels_at_scale_one() {
        let image = RgbImage::from_fn(9, 7, |x, y| [(10 * x + y) as u8; 3].into());
        let crop = Rect {
            x: 2,
            y: 3,
            width: 3,
            height: 2,
        };
        let values = input_values(&image, crop, (3, 2));
        let expected = [23.0, 33.0, 43.0, 24.0, 34.0, 44.0].map(|value| value / 127.5 - 1.0);
        assert!(
            values[..6]
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-6),
            "{values:?}"
        );
    }
}
