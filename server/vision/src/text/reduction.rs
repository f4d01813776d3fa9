//! A part of an image at a fraction of its size, as the source of coarse samples.

use iopaint_imaging::{Rect, RgbImage};

use super::geometry::Point;

/// Means of squares of pixels.
pub struct ReducedImage {
    image: RgbImage,
    /// Position of the first pixel in the original.
    origin: Point,
    /// Pixels of the original per side of a pixel.
    factor: f32,
}

impl ReducedImage {
    /// Reduces the part `rect` of `image` by `factor`. Squares at the right and lower edges may be smaller.
    pub fn new(image: &RgbImage, rect: Rect, factor: u32) -> Self {
        let side = factor.max(1) as usize;
        let (width, height) = (rect.width as usize, rect.height as usize);
        let columns = width.div_ceil(side);
        let mut pixels = Vec::with_capacity(3 * columns * height.div_ceil(side));
        let mut sums = vec![0_u32; 3 * width];
        for top in (0..height).step_by(side) {
            let rows = side.min(height - top);
            sums.fill(0);
            for row in top..top + rows {
                let start = 3 * ((rect.y as usize + row) * image.width() as usize + rect.x as usize);
                let samples = image.as_raw().get(start..start + sums.len()).unwrap_or_default();
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum += u32::from(*sample);
                }
            }
            for square in sums.as_chunks::<3>().0.chunks(side) {
                let count = (rows * square.len()) as u64;
                for channel in 0..3 {
                    let sum: u64 = square.iter().map(|sums| u64::from(sums[channel])).sum();
                    pixels.push(((sum + count / 2) / count.max(1)) as u8);
                }
            }
        }
        let rows = height.div_ceil(side);
        Self {
            image: RgbImage::from_raw(columns as u32, rows as u32, pixels).unwrap_or_default(),
            origin: (rect.x as f32, rect.y as f32),
            factor: side as f32,
        }
    }

    /// Returns the reduced image.
    pub fn image(&self) -> &RgbImage {
        &self.image
    }

    /// Returns the pixels of the original per side of a pixel.
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// Converts a position from pixels of the original.
    pub fn position(&self, (x, y): Point) -> Point {
        let convert = |at: f32, origin: f32| (at - origin + 0.5) / self.factor - 0.5;
        (convert(x, self.origin.0), convert(y, self.origin.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Rect = Rect {
        x: 3,
        y: 2,
        width: 10,
        height: 7,
    };

    #[test]
    fn squares_are_averaged() {
        let image = RgbImage::from_fn(20, 10, |x, y| [(10 * x) as u8, (20 * y) as u8, 9].into());
        let reduced = ReducedImage::new(&image, PART, 4);
        let found = reduced.image();
        assert_eq!(found.dimensions(), (3, 2));
        // Columns 3 to 6 and rows 2 to 5; at the edges columns 11 and 12, rows 6 to 8.
        assert_eq!(found.get_pixel(0, 0).0, [45, 70, 9]);
        assert_eq!(found.get_pixel(2, 1).0, [115, 140, 9]);
    }

    #[test]
    fn positions_of_centres_agree() {
        let reduced = ReducedImage::new(&RgbImage::new(20, 10), PART, 4);
        assert_eq!(reduced.position((4.5, 3.5)), (0.0, 0.0));
        assert_eq!(reduced.position((8.5, 7.5)), (1.0, 1.0));
    }

    #[test]
    fn factor_one_keeps_pixels() {
        let image = RgbImage::from_fn(20, 10, |x, y| [x as u8, y as u8, 1].into());
        let reduced = ReducedImage::new(&image, PART, 1);
        assert_eq!(reduced.image().dimensions(), (10, 7));
        assert_eq!(reduced.image().get_pixel(4, 3).0, [7, 5, 1]);
        assert_eq!(reduced.position((7.0, 5.0)), (4.0, 3.0));
    }
}
