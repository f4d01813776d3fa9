//! Resizing with the Lanczos-3 kernel, bit-exact with Pillow's `Image.resize(size, LANCZOS)` on 8-bit images.

use std::f64::consts::PI;

use image::{GrayImage, RgbImage};

use crate::Coverage;
use crate::resample::{Kernel, resize};

/// Lobes of the kernel on each side, in source pixels before stretching.
const LOBES: f64 = 3.0;

const KERNEL: Kernel = Kernel {
    support: LOBES,
    weight: lanczos,
};

/// Resizes an RGB image to `width` x `height` pixels. An image without pixels gives black.
#[must_use]
pub fn resize_rgb(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let values = resize::<3>(image.as_raw(), image.dimensions(), (width, height), KERNEL);
    RgbImage::from_raw(width, height, values).unwrap_or_else(|| RgbImage::new(width, height))
}

/// Resizes a soft mask to `width` x `height` pixels. A mask without pixels gives zeros.
#[must_use]
pub fn resize_coverage(mask: &Coverage, width: u32, height: u32) -> Coverage {
    let values = resize::<1>(mask.values(), mask.dimensions(), (width, height), KERNEL);
    Coverage::new(GrayImage::from_raw(width, height, values).unwrap_or_else(|| GrayImage::new(width, height)))
}

/// The Lanczos-3 kernel: sinc(x) * sinc(x / 3) for |x| < 3.
fn lanczos(x: f64) -> f64 {
    if (-LOBES..LOBES).contains(&x) {
        sinc(x) * sinc(x / LOBES)
    } else {
        0.0
    }
}

/// sin(pi x) / (pi x), 1 at 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gray(width: u32, height: u32, value: impl Fn(u32, u32) -> u32) -> Coverage {
        Coverage::new(GrayImage::from_fn(width, height, |x, y| {
            image::Luma([(value(x, y) % 256) as u8])
        }))
    }

    // The expected values are Pillow 13.0's: np.array(Image.fromarray(a).resize(size, Image.LANCZOS)).

    #[test]
    fn rgb_rows_match_pillow() {
        let value = |x: u32, channel: u32| ((x * x * 7 + channel * 50 + x * 13) % 256) as u8;
        let image = RgbImage::from_fn(11, 1, |x, _| {
            image::Rgb([0, 1, 2].map(|channel| value(x, channel)))
        });
        let reduced = [15, 79, 135, 147, 141, 114, 144, 138, 88, 99, 162, 92];
        assert_eq!(resize_rgb(&image, 4, 1).as_raw(), &reduced);
        let enlarged = [
            0, 49, 99, 6, 56, 106, 23, 73, 123, 46, 96, 138, 72, 117, 197, 105, 158, 195, 138, 224, 55, 210,
            155, 0, 240, 34, 84, 117, 62, 175, 91, 178, 133, 178, 231, 24, 89, 134, 96, 55, 105, 124, 166,
            216, 18, 123, 173, 87, 47, 97, 180,
        ];
        assert_eq!(resize_rgb(&image, 17, 1).as_raw(), &enlarged);
    }

    #[test]
    fn two_passes_match_pillow() {
        let mask = gray(7, 9, |x, y| x * 37 + y * 91 + x * y * 5);
        let expected = [97, 116, 128, 125, 120, 117, 99, 135, 152, 120, 112, 126];
        assert_eq!(resize_coverage(&mask, 3, 4).values(), &expected);
        let expected = [
            53, 72, 98, 113, 155, 127, 70, 108, 158, 169, 103, 155, 162, 87, 109, 143, 121, 78, 103, 147,
            112, 85, 105, 166, 104, 93, 159, 148, 130, 131, 106, 99, 89, 100, 158, 151, 115, 186, 166, 105,
            163, 147, 99, 71, 132, 127, 71, 125, 139, 113,
        ];
        assert_eq!(resize_coverage(&mask, 10, 5).values(), &expected);
    }

    #[test]
    fn empty_sizes_give_empty_or_black_images() {
        let mask = gray(3, 2, |_, _| 9);
        assert!(resize_coverage(&mask, 0, 4).values().is_empty());
        assert_eq!(resize_coverage(&gray(0, 5, |_, _| 0), 2, 1).values(), &[0, 0]);
    }

    proptest! {
        #[test]
        fn flat_images_stay_flat(from in (1_u32..90, 1_u32..40), to in (1_u32..90, 1_u32..40), value in 0_u32..256) {
            let mask = gray(from.0, from.1, |_, _| value);
            let resized = resize_coverage(&mask, to.0, to.1);
            prop_assert_eq!(resized.dimensions(), to);
            prop_assert!(resized.values().iter().all(|&got| u32::from(got) == value));
        }

        #[test]
        fn extreme_images_do_not_overflow(bits in prop::collection::vec(any::<bool>(), 64), to in 1_u32..130) {
            let mask = gray(64, 1, |x, _| if bits[x as usize] { 255 } else { 0 });
            prop_assert_eq!(resize_coverage(&mask, to, 1).width(), to);
        }
    }
}
