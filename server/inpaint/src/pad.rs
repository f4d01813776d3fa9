//! Padding by reflection.

use iopaint_imaging::{Coverage, GrayImage, RgbImage};

use crate::Rect;

/// Returns the part `region` of `image`, padded at the right and at the bottom to `width` x `height` pixels
/// by repeated reflection that includes the edge pixel (numpy's mode `symmetric`).
pub(crate) fn padded_rgb(image: &RgbImage, region: Rect, (width, height): (u32, u32)) -> RgbImage {
    let data = padded::<3>(image.as_raw(), image.width(), region, (width, height));
    RgbImage::from_raw(width, height, data).unwrap_or_default()
}

/// Like [`padded_rgb`], for a mask.
pub(crate) fn padded_mask(mask: &Coverage, region: Rect, (width, height): (u32, u32)) -> Coverage {
    let data = padded::<1>(mask.values(), mask.width(), region, (width, height));
    Coverage::new(GrayImage::from_raw(width, height, data).unwrap_or_default())
}

fn padded<const CHANNELS: usize>(
    data: &[u8],
    stride: u32,
    region: Rect,
    (width, height): (u32, u32),
) -> Vec<u8> {
    let stride = stride as usize * CHANNELS;
    let start = region.x as usize * CHANNELS;
    let columns: Vec<usize> = (region.width..width)
        .map(|x| mirrored(x, region.width) as usize * CHANNELS)
        .collect();
    let mut out = Vec::with_capacity(width as usize * height as usize * CHANNELS);
    for y in 0..height {
        let from = (region.y + mirrored(y, region.height)) as usize * stride + start;
        let row = data
            .get(from..from + region.width as usize * CHANNELS)
            .unwrap_or_default();
        out.extend_from_slice(row);
        for &x in &columns {
            out.extend_from_slice(row.get(x..x + CHANNELS).unwrap_or_default());
        }
    }
    out
}

/// Maps `position` on a side of `length` pixels, extended by reflection, to the source position.
fn mirrored(position: u32, length: u32) -> u32 {
    let period = u64::from(length) * 2;
    let offset = u64::from(position) % period.max(1);
    let offset = if offset < u64::from(length) {
        offset
    } else {
        period - 1 - offset
    };
    offset as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_repeats_edge_and_wraps() {
        let at: Vec<_> = (0..11).map(|x| mirrored(x, 3)).collect();
        assert_eq!(at, [0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1]);
        let one: Vec<_> = (0..4).map(|x| mirrored(x, 1)).collect();
        assert_eq!(one, [0; 4]);
    }

    #[test]
    fn padding_uses_pixels_of_the_region() {
        let image = RgbImage::from_fn(5, 4, |x, y| [x as u8, y as u8, 7].into());
        let region = Rect {
            x: 1,
            y: 2,
            width: 3,
            height: 2,
        };
        let out = padded_rgb(&image, region, (8, 8));
        let row = |y: u32| (0..8).map(|x| out.get_pixel(x, y).0).collect::<Vec<_>>();
        let columns = [1, 2, 3, 3, 2, 1, 1, 2];
        for (y, source) in [2, 3, 3, 2, 2, 3, 3, 2].into_iter().enumerate() {
            assert_eq!(row(y as u32), columns.map(|x| [x, source, 7]));
        }
    }
}
