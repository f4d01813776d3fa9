//! Bilinear resizing of RGB images without antialiasing.

use iopaint_imaging::RgbImage;

/// Channels of an RGB image.
const CHANNELS: usize = 3;

/// The two neighbouring source samples of a target position, and their weights.
struct Taps {
    start: usize,
    weights: [f32; 2],
}

/// Resizes an image to `width` x `height` pixels, mixing two samples per axis, as by `OpenCV`'s
/// `INTER_LINEAR`. Results differ from its by rounding only. An image without pixels gives black.
pub(crate) fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.width() == 0 || image.height() == 0 {
        return RgbImage::new(width, height);
    }
    let columns = taps(image.width(), width);
    let rows = taps(image.height(), height);
    let stride = image.width() as usize * CHANNELS;
    let mut narrow = Vec::with_capacity(image.height() as usize * columns.len() * CHANNELS);
    for row in image.as_raw().chunks_exact(stride) {
        let (pixels, _) = row.as_chunks::<CHANNELS>();
        for Taps { start, weights } in &columns {
            let mut sums = [0.0_f32; CHANNELS];
            for (pixel, weight) in pixels.iter().skip(*start).zip(weights) {
                for (sum, sample) in sums.iter_mut().zip(pixel) {
                    *sum += f32::from(*sample) * weight;
                }
            }
            narrow.extend(sums);
        }
    }
    let stride = columns.len() * CHANNELS;
    let mut samples = Vec::with_capacity(rows.len() * stride);
    let mut sums = vec![0.0_f32; stride];
    for Taps { start, weights } in &rows {
        sums.fill(0.0);
        for (row, weight) in narrow.chunks_exact(stride.max(1)).skip(*start).zip(weights) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += sample * weight;
            }
        }
        // The conversion saturates.
        samples.extend(sums.iter().map(|sum| sum.round() as u8));
    }
    RgbImage::from_raw(width, height, samples).unwrap_or_else(|| RgbImage::new(width, height))
}

/// Returns the taps of `to` positions that cover `from` samples.
fn taps(from: u32, to: u32) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let last = f64::from(from) - 1.0;
    (0..to)
        .map(|at| {
            let centre = ((f64::from(at) + 0.5) * scale - 0.5).clamp(0.0, last);
            let fraction = centre.fract() as f32;
            Taps {
                start: centre as usize,
                weights: [1.0 - fraction, fraction],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // cv2.resize(a, size).
    const OPENCV_3_2: &[u8] = &[
        26, 24, 45, 68, 108, 45, 167, 192, 45, 104, 24, 195, 146, 108, 195, 158, 192, 195,
    ];
    const OPENCV_4_8: &[u8] = &[
        2, 13, 0, 23, 76, 0, 75, 139, 0, 159, 202, 0, 15, 13, 26, 37, 76, 26, 89, 139, 26, 173, 202, 26, 35,
        13, 64, 56, 76, 64, 108, 139, 64, 192, 202, 64, 54, 13, 101, 75, 76, 101, 128, 139, 101, 211, 202,
        101, 73, 13, 139, 95, 76, 139, 147, 139, 139, 181, 202, 139, 93, 13, 176, 114, 76, 176, 167, 139,
        176, 100, 202, 176, 112, 13, 214, 134, 76, 214, 186, 139, 214, 110, 202, 214, 126, 13, 240, 147, 76,
        240, 199, 139, 240, 123, 202, 240,
    ];

    fn ramp() -> RgbImage {
        RgbImage::from_fn(7, 5, |x, y| {
            [(x * x * 5 + y * 31) as u8, (x * 36) as u8, (y * 60) as u8].into()
        })
    }

    fn check(result: &RgbImage, expected: &[u8]) {
        assert_eq!(result.as_raw().len(), expected.len());
        for (result, expected) in result.as_raw().iter().zip(expected) {
            assert!(result.abs_diff(*expected) <= 1, "{result:?}");
        }
    }

    #[test]
    fn result_matches_opencv() {
        check(&resize(&ramp(), 3, 2), OPENCV_3_2);
        check(&resize(&ramp(), 4, 8), OPENCV_4_8);
    }

    #[test]
    fn empty_image_gives_black() {
        assert_eq!(resize(&RgbImage::new(0, 3), 2, 1).as_raw(), &[0; 6]);
    }
}
