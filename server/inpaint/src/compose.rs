//! Composition of a model's result with the original image.

use iopaint_imaging::{Coverage, RgbImage, Threshold};

use crate::Rect;

/// An RGB image with unrounded values in 0..255.
pub(crate) struct RgbF64Image {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[f64; 3]>,
}

/// Returns `result * a + image * (1 - a)` with a = `coverage` / 255, per channel.
fn blend(result: [u8; 3], image: [u8; 3], coverage: u8) -> [f64; 3] {
    let opacity = f64::from(coverage) / 255.0;
    let rest = 1.0 - opacity;
    std::array::from_fn(|channel| f64::from(result[channel]) * opacity + f64::from(image[channel]) * rest)
}

/// Returns the upper left corner of `result` blended over `image` by `mask`. `image` and the output have the
/// size of `mask`.
pub(crate) fn blended(result: &RgbImage, image: &RgbImage, mask: &Coverage) -> RgbF64Image {
    let (width, height) = mask.dimensions();
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    let rows = rows(result.as_raw(), result.width()).zip(rows(image.as_raw(), width));
    for ((result, image), mask) in rows.zip(mask.rows()) {
        let row = result.iter().zip(image).zip(mask);
        pixels.extend(row.map(|((result, image), mask)| blend(*result, *image, *mask)));
    }
    RgbF64Image {
        width,
        height,
        pixels,
    }
}

/// Writes the upper left corner of `result`, blended by `mask` over the pixels of `image`, into `region` of
/// `out`. `image`, `mask` and `out` have one size. Values are truncated.
pub(crate) fn paste_blended(
    result: &RgbImage,
    image: &RgbImage,
    mask: &Coverage,
    region: Rect,
    out: &mut RgbImage,
) {
    let (x, y) = (region.x as usize, region.y as usize);
    let length = region.width as usize;
    let stride = image.width();
    let image = rows(image.as_raw(), stride).skip(y);
    let mask = mask.rows().skip(y);
    let out = rows_mut(out.as_mut(), stride).skip(y);
    let result = rows(result.as_raw(), result.width()).take(region.height as usize);
    for (((out, result), image), mask) in out.zip(result).zip(image).zip(mask) {
        let pixels = out.iter_mut().zip(image).zip(mask).skip(x).take(length);
        for (((out, image), mask), result) in pixels.zip(result) {
            *out = match mask {
                0 => *image,
                255 => *result,
                mask => blend(*result, *image, *mask).map(|value| value as u8),
            };
        }
    }
}

/// Like [`paste_blended`], within `core` only, a rectangle inside `region`; pixels of `out` whose mask is 0
/// keep their value.
pub(crate) fn paste_core(
    result: &RgbImage,
    image: &RgbImage,
    mask: &Coverage,
    region: Rect,
    core: Rect,
    out: &mut RgbImage,
) {
    let stride = image.width();
    let (left, length) = (core.x as usize, core.width as usize);
    let (down, across) = ((core.y - region.y) as usize, (core.x - region.x) as usize);
    let result = rows(result.as_raw(), result.width()).skip(down);
    let image = rows(image.as_raw(), stride).skip(core.y as usize);
    let mask = mask.rows().skip(core.y as usize);
    let out = rows_mut(out.as_mut(), stride).skip(core.y as usize);
    for (((out, image), mask), result) in out.zip(image).zip(mask).zip(result).take(core.height as usize) {
        let pixels = out.iter_mut().zip(image).zip(mask).skip(left).take(length);
        for (((out, image), mask), result) in pixels.zip(result.iter().skip(across)) {
            if *mask > 0 {
                *out = blend(*result, *image, *mask).map(|value| value as u8);
            }
        }
    }
}

/// Writes the upper left corner of `result` into `region` of `out`.
pub(crate) fn paste(result: &RgbImage, region: Rect, out: &mut RgbImage) {
    let (x, length) = (region.x as usize, region.width as usize);
    let stride = out.width();
    let out = rows_mut(out.as_mut(), stride).skip(region.y as usize);
    let result = rows(result.as_raw(), result.width()).take(region.height as usize);
    for (out, result) in out.zip(result) {
        if let (Some(out), Some(result)) = (out.get_mut(x..x + length), result.get(..length)) {
            out.copy_from_slice(result);
        }
    }
}

/// Writes `result`, which has the size of `region`, into `region` of `out` where `mask` is hole at
/// `threshold`.
pub(crate) fn paste_hole(
    result: &RgbImage,
    mask: &Coverage,
    region: Rect,
    threshold: Threshold,
    out: &mut RgbImage,
) {
    let (x, y) = (region.x as usize, region.y as usize);
    let stride = out.width();
    let out = rows_mut(out.as_mut(), stride).skip(y);
    let mask = mask.rows().skip(y);
    for ((out, mask), result) in out.zip(mask).zip(rows(result.as_raw(), region.width)) {
        let pixels = out.iter_mut().zip(mask).skip(x).zip(result);
        for ((out, _), result) in pixels.filter(|((_, mask), _)| threshold.is_hole(**mask)) {
            *out = *result;
        }
    }
}

/// Splits interleaved RGB samples into rows of `width` pixels.
fn rows(data: &[u8], width: u32) -> impl Iterator<Item = &[[u8; 3]]> {
    data.as_chunks::<3>().0.chunks_exact(width.max(1) as usize)
}

fn rows_mut(data: &mut [u8], width: u32) -> impl Iterator<Item = &mut [[u8; 3]]> {
    data.as_chunks_mut::<3>()
        .0
        .chunks_exact_mut(width.max(1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blend_is_exact_at_ends_and_truncated_between() {
        let out = |coverage| blend([10, 200, 255], [0, 7, 255], coverage).map(|value| value as u8);
        assert_eq!(out(255), [10, 200, 255]);
        assert_eq!(out(0), [0, 7, 255]);
        assert_eq!(out(127), [4, 103, 255]);
    }
}
