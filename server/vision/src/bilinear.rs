//! Bilinear resizing of RGB images: with Pillow's and `OpenCV`'s treatment of aliasing.

use iopaint_imaging::RgbImage;

/// Channels of an RGB image.
const CHANNELS: usize = 3;

/// The weighted source samples of a target position.
struct Taps {
    start: usize,
    weights: Vec<f32>,
}

/// Resizes an image to `width` x `height` pixels. `antialias`: the kernel is stretched by the scale when an
/// image shrinks, as by Pillow's `BILINEAR`; otherwise two samples per axis are mixed, as by `OpenCV`'s
/// `INTER_LINEAR`. Results differ from theirs by rounding only. An image without pixels gives black.
pub(crate) fn resize(image: &RgbImage, width: u32, height: u32, antialias: bool) -> RgbImage {
    if image.width() == 0 || image.height() == 0 {
        return RgbImage::new(width, height);
    }
    let columns = taps(image.width(), width, antialias);
    let rows = taps(image.height(), height, antialias);
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
fn taps(from: u32, to: u32, antialias: bool) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    // Half the width of the triangular kernel, in source samples.
    let support = if antialias { scale.max(1.0) } else { 1.0 };
    let last = f64::from(from) - 1.0;
    (0..to)
        .map(|at| {
            let mut centre = (f64::from(at) + 0.5) * scale - 0.5;
            if !antialias {
                centre = centre.clamp(0.0, last);
            }
            let first = (centre - support).ceil().max(0.0);
            let end = (centre + support).floor().min(last);
            let mut weights = Vec::new();
            let mut position = first;
            while position <= end {
                weights.push((1.0 - (position - centre).abs() / support).max(0.0));
                position += 1.0;
            }
            let sum: f64 = weights.iter().sum();
            Taps {
                start: first as usize,
                weights: weights.into_iter().map(|weight| (weight / sum) as f32).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // np.array(Image.fromarray(a).resize(size, Image.BILINEAR)) by Pillow, and cv2.resize(a, size).
    const PILLOW_3_2: &[u8] = &[
        37, 31, 60, 81, 108, 60, 162, 185, 60, 99, 31, 180, 143, 108, 180, 162, 185, 180,
    ];
    const PILLOW_4_8: &[u8] = &[
        3, 19, 0, 24, 75, 0, 79, 141, 0, 152, 197, 0, 17, 19, 26, 38, 75, 26, 93, 141, 26, 166, 197, 26, 36,
        19, 64, 57, 75, 64, 112, 141, 64, 185, 197, 64, 55, 19, 101, 76, 75, 101, 131, 141, 101, 204, 197,
        101, 75, 19, 139, 96, 75, 139, 151, 141, 139, 182, 197, 139, 94, 19, 176, 115, 75, 176, 170, 141,
        176, 117, 197, 176, 113, 19, 214, 134, 75, 214, 189, 141, 214, 128, 197, 214, 127, 19, 240, 148, 75,
        240, 203, 141, 240, 142, 197, 240,
    ];
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
    fn antialiased_result_matches_pillow() {
        check(&resize(&ramp(), 3, 2, true), PILLOW_3_2);
        check(&resize(&ramp(), 4, 8, true), PILLOW_4_8);
    }

    #[test]
    fn plain_result_matches_opencv() {
        check(&resize(&ramp(), 3, 2, false), OPENCV_3_2);
        check(&resize(&ramp(), 4, 8, false), OPENCV_4_8);
    }

    #[test]
    fn empty_image_gives_black() {
        assert_eq!(resize(&RgbImage::new(0, 3), 2, 1, true).as_raw(), &[0; 6]);
    }
}
