//! Resizing of masks. (The pipeline resizes images itself, bicubically.)

use image::{GrayImage, Luma};

use crate::Coverage;

/// Resizes a mask to `width` x `height` pixels by nearest neighbour, bit-exact with `OpenCV`'s
/// `INTER_NEAREST`: position x reads floor(x * (1 / (target / source))) in double precision. An empty mask
/// gives zeros.
#[must_use]
pub fn nearest(mask: &Coverage, width: u32, height: u32) -> Coverage {
    let columns = nearest_sources(mask.width(), width);
    let rows = nearest_sources(mask.height(), height);
    Coverage::new(GrayImage::from_fn(width, height, |x, y| {
        let column = columns.get(x as usize).copied().unwrap_or(0);
        let row = rows.get(y as usize).copied().unwrap_or(0);
        Luma([mask.get(column, row)])
    }))
}

/// Returns the source position of every target position on one axis, as [`nearest`] reads them.
#[must_use]
pub fn nearest_sources(source: u32, target: u32) -> Vec<u32> {
    let step = 1.0 / (f64::from(target) / f64::from(source));
    (0..target)
        .map(|at| ((f64::from(at) * step).floor() as u32).min(source.saturating_sub(1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_match_opencv() {
        // cv2.resize(np.arange(source)[None], (target, 1), interpolation=cv2.INTER_NEAREST), OpenCV 4.11
        assert_eq!(nearest_sources(7, 3), [0, 2, 4]);
        assert_eq!(nearest_sources(3, 7), [0, 0, 0, 1, 1, 2, 2]);
        assert_eq!(nearest_sources(5, 5), [0, 1, 2, 3, 4]);
        assert_eq!(nearest_sources(1, 4), [0; 4]);
        // Exact arithmetic would give 49 x 2 / 98 = 1.
        assert_eq!(nearest_sources(2, 98)[48..51], [0, 0, 1]);
        assert_eq!(nearest_sources(2, 206)[102..105], [0, 0, 1]);
    }

    #[test]
    fn masks_scale_up_and_down() {
        let mask = Coverage::new(GrayImage::from_raw(2, 2, vec![1, 2, 3, 4]).unwrap());
        assert_eq!(
            nearest(&mask, 4, 3).values(),
            &[1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4]
        );
        assert_eq!(nearest(&mask, 1, 1).values(), &[1]);
        assert_eq!(
            nearest(&Coverage::new(GrayImage::new(0, 0)), 2, 1).values(),
            &[0, 0]
        );
        assert!(nearest(&mask, 0, 5).values().is_empty());
    }
}
