//! Downsampling by powers of two. Each step halves both sides, rounded up; at an odd side the last row or
//! column is repeated.

use iopaint_imaging::{Mask, RgbImage};

/// Returns `image` downsampled by 2^`levels`; each step averages blocks of 2 x 2 pixels, rounded to nearest.
#[must_use]
pub fn downsampled_rgb(image: RgbImage, levels: u32) -> RgbImage {
    (0..levels).fold(image, |image, _| {
        let mean = |four: [[u8; 3]; 4]| -> [u8; 3] {
            std::array::from_fn(|channel| {
                let sum: u16 = four.iter().map(|pixel| u16::from(pixel[channel])).sum();
                ((sum + 2) / 4) as u8
            })
        };
        let (width, height) = half_size(image.dimensions());
        let pixels = image.as_raw().as_chunks::<3>().0;
        let half = pooled(pixels, image.width() as usize, mean).into_flattened();
        RgbImage::from_raw(width, height, half).unwrap_or_default()
    })
}

/// Returns `mask` downsampled by 2^`levels`; a pixel belongs to the hole if any of the 2 x 2 pixels does (max
/// pooling).
#[must_use]
pub fn downsampled_hole(mask: Mask, levels: u32) -> Mask {
    (0..levels).fold(mask, |mask, _| {
        let any = |four: [u8; 4]| four != [0; 4];
        let (width, height) = half_size(mask.dimensions());
        let flags = pooled(mask.values(), mask.width() as usize, any);
        Mask::from_flags(width, height, flags).unwrap_or_else(|| Mask::empty(width, height))
    })
}

fn half_size((width, height): (u32, u32)) -> (u32, u32) {
    (width.div_ceil(2), height.div_ceil(2))
}

/// Returns the image at half the size: the values of `pool` for the blocks of 2 x 2 pixels, which it receives
/// in row-major order. `pixels` are row-major with `width` columns.
pub fn pooled<T: Copy, U>(pixels: &[T], width: usize, pool: impl Fn([T; 4]) -> U) -> Vec<U> {
    let mut out = Vec::with_capacity(pixels.len().div_ceil(4));
    for rows in pixels.chunks(2 * width.max(1)) {
        let (upper, lower) = rows.split_at(rows.len().min(width));
        let lower = if lower.is_empty() { upper } else { lower };
        for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
            if let ([a, .., b], [c, .., d]) = (upper, lower) {
                out.push(pool([*a, *b, *c, *d]));
            } else if let ([a], [c]) = (upper, lower) {
                out.push(pool([*a, *a, *c, *c]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_averaged_and_odd_edges_repeated() {
        let image = RgbImage::from_fn(3, 3, |x, y| [(x * 10 + y * 2) as u8, 7, 0].into());
        let half = downsampled_rgb(image, 1);
        let reds: Vec<_> = half.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!((half.dimensions(), reds), ((2, 2), vec![6, 21, 9, 24]));
        assert_eq!(half.get_pixel(1, 1).0[1..], [7, 0]);
    }

    #[test]
    fn single_hole_pixel_survives() {
        let mask = Mask::from_fn(9, 5, |x, y| (x, y) == (8, 4));
        let small = downsampled_hole(mask, 2);
        assert_eq!(small.values(), &[0, 0, 0, 0, 0, 255]);
    }
}
