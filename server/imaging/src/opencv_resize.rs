//! Resizing of 8-bit images, bit-exact with `OpenCV`'s `resize` by `INTER_AREA` and `INTER_LINEAR`.

use image::{GrayImage, RgbImage};

use crate::Coverage;

/// Weights of linear interpolation are multiples of 1/2048, as in `OpenCV` (`INTER_RESIZE_COEF_BITS`).
const WEIGHT_SCALE: f32 = 2048.0;
/// Cells of the source that overlap a target pixel by less are left out, in source pixels.
const MIN_OVERLAP: f64 = 1e-3;

/// Resizes to `width` x `height` pixels by `INTER_AREA`: the means of the source areas, or a linear
/// interpolation if a side grows. An image without pixels gives black.
#[must_use]
pub fn area_rgb(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let values = area::<3>(image.as_raw(), image.dimensions(), (width, height));
    RgbImage::from_raw(width, height, values).unwrap_or_else(|| RgbImage::new(width, height))
}

/// As [`area_rgb`], for a mask.
#[must_use]
pub fn area_mask(mask: &Coverage, width: u32, height: u32) -> Coverage {
    let values = area::<1>(mask.values(), (mask.width(), mask.height()), (width, height));
    let resized = GrayImage::from_raw(width, height, values);
    Coverage::new(resized.unwrap_or_else(|| GrayImage::new(width, height)))
}

/// Resizes to `width` x `height` pixels by `INTER_LINEAR`, without antialiasing. An image without pixels
/// gives black.
#[must_use]
pub fn linear_rgb(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let values = linear::<3>(
        image.as_raw(),
        image.dimensions(),
        (width, height),
        Position::Centre,
    );
    RgbImage::from_raw(width, height, values).unwrap_or_else(|| RgbImage::new(width, height))
}

/// The point of a target pixel that is mapped to the source.
#[derive(Clone, Copy)]
enum Position {
    /// The centre, as `INTER_LINEAR` does.
    Centre,
    /// The left and upper edge, as `INTER_AREA` does to enlarge: a target pixel inside a source pixel has its
    /// value.
    Edge,
}

/// Returns how many source pixels make up a target pixel on one axis, in the arithmetic of `OpenCV`.
fn scale_of(source: u32, target: u32) -> f64 {
    1.0 / (f64::from(target) / f64::from(source))
}

fn is_empty(from: (u32, u32), to: (u32, u32)) -> bool {
    [from.0, from.1, to.0, to.1].contains(&0)
}

fn area<const C: usize>(samples: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    if is_empty(from, to) {
        return vec![0; to.0 as usize * to.1 as usize * C];
    }
    if from == to {
        return samples.to_vec();
    }
    let scales = (scale_of(from.0, to.0), scale_of(from.1, to.1));
    if scales.0 < 1.0 || scales.1 < 1.0 {
        return linear::<C>(samples, from, to, Position::Edge);
    }
    let is_whole = |scale: f64| (scale - scale.round()).abs() < f64::EPSILON;
    if is_whole(scales.0) && is_whole(scales.1) {
        let block = (scales.0.round() as usize, scales.1.round() as usize);
        return block_means::<C>(samples, from.0 as usize, to, block);
    }
    weighted_means::<C>(samples, from, to)
}

/// Returns the means of blocks of whole pixels: rounded to nearest, halves up for 2 x 2 pixels and to even
/// for others.
fn block_means<const C: usize>(
    samples: &[u8],
    width: usize,
    to: (u32, u32),
    (columns, rows): (usize, usize),
) -> Vec<u8> {
    let share = 1.0 / (columns * rows) as f32;
    let mut means = Vec::with_capacity(to.0 as usize * to.1 as usize * C);
    for y in 0..to.1 as usize {
        for x in 0..to.0 as usize {
            let mut sums = [0_u32; C];
            for row in y * rows..(y + 1) * rows {
                let start = (row * width + x * columns) * C;
                let block = samples.get(start..start + columns * C).unwrap_or_default();
                for pixel in block.as_chunks::<C>().0 {
                    for (sum, &sample) in sums.iter_mut().zip(pixel) {
                        *sum += u32::from(sample);
                    }
                }
            }
            means.extend(sums.map(|sum| {
                if (columns, rows) == (2, 2) {
                    ((sum + 2) / 4) as u8
                } else {
                    (sum as f32 * share).round_ties_even() as u8
                }
            }));
        }
    }
    means
}

/// The overlap of a source pixel with a target pixel on one axis, as a share of the target pixel.
struct Overlap {
    target: usize,
    source: usize,
    share: f32,
}

fn overlaps(source: u32, target: u32) -> Vec<Overlap> {
    let scale = scale_of(source, target);
    let end = f64::from(source);
    let mut overlaps = Vec::new();
    for target in 0..target {
        let (from, to) = (f64::from(target) * scale, f64::from(target) * scale + scale);
        let length = scale.min(end - from);
        let last = to.floor().min(end - 1.0);
        let first = from.ceil().min(last);
        let mut push = |source: f64, overlap: f64| {
            overlaps.push(Overlap {
                target: target as usize,
                source: source as usize,
                share: (overlap / length) as f32,
            });
        };
        if first - from > MIN_OVERLAP {
            push(first - 1.0, first - from);
        }
        for whole in first as u32..last as u32 {
            push(f64::from(whole), 1.0);
        }
        if to - last > MIN_OVERLAP {
            push(last, (to - last).min(1.0).min(length));
        }
    }
    overlaps
}

fn weighted_means<const C: usize>(samples: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let columns = overlaps(from.0, to.0);
    let stride = to.0 as usize * C;
    let (mut narrow, mut sums) = (vec![0.0_f32; stride], vec![0.0_f32; stride]);
    let mut means = Vec::with_capacity(stride * to.1 as usize);
    let mut current = 0;
    for row in overlaps(from.1, to.1) {
        if row.target != current {
            means.extend(sums.iter().map(|sum| sum.round_ties_even() as u8));
            sums.fill(0.0);
            current = row.target;
        }
        narrow.fill(0.0);
        let start = row.source * from.0 as usize * C;
        let source = samples.get(start..).unwrap_or_default().as_chunks::<C>().0;
        let targets = narrow.as_chunks_mut::<C>().0;
        for column in &columns {
            if let (Some(sums), Some(pixel)) = (targets.get_mut(column.target), source.get(column.source)) {
                for (sum, &sample) in sums.iter_mut().zip(pixel) {
                    *sum += f32::from(sample) * column.share;
                }
            }
        }
        for (sum, value) in sums.iter_mut().zip(&narrow) {
            *sum += row.share * value;
        }
    }
    means.extend(sums.iter().map(|sum| sum.round_ties_even() as u8));
    means
}

/// Two neighbouring source positions, the first of which may lie before the source, and their weights.
struct Taps {
    start: i64,
    weights: [i32; 2],
}

fn taps(source: u32, target: u32, position: Position) -> Vec<Taps> {
    let inverse = f64::from(target) / f64::from(source);
    let scale = 1.0 / inverse;
    (0..target)
        .map(|at| {
            let at = f64::from(at);
            let (start, fraction) = match position {
                Position::Centre => {
                    let centre = ((at + 0.5) * scale - 0.5) as f32;
                    (centre.floor(), centre - centre.floor())
                }
                Position::Edge => {
                    let start = (at * scale).floor();
                    let overlap = ((at + 1.0) - (start + 1.0) * inverse) as f32;
                    (
                        start as f32,
                        (overlap - overlap.floor()) * f32::from(overlap > 0.0),
                    )
                }
            };
            Taps {
                start: start as i64,
                weights: [1.0 - fraction, fraction]
                    .map(|weight| (weight * WEIGHT_SCALE).round_ties_even() as i32),
            }
        })
        .collect()
}

fn linear<const C: usize>(samples: &[u8], from: (u32, u32), to: (u32, u32), position: Position) -> Vec<u8> {
    if is_empty(from, to) {
        return vec![0; to.0 as usize * to.1 as usize * C];
    }
    if from == to {
        return samples.to_vec();
    }
    let columns = taps(from.0, to.0, position);
    let last = i64::from(from.0) - 1;
    let (width, stride) = (from.0 as usize, to.0 as usize * C);
    // In units of 1/2048.
    let mut narrow = Vec::with_capacity(from.1 as usize * stride);
    for row in samples.as_chunks::<C>().0.chunks_exact(width) {
        for &Taps { start, weights } in &columns {
            // Beyond the edge, the outermost sample has the whole weight.
            let weights = if (0..last).contains(&start) {
                weights
            } else {
                [WEIGHT_SCALE as i32, 0]
            };
            let first = start.clamp(0, last) as usize;
            let (left, right) = (row[first], row[(first + 1).min(width - 1)]);
            narrow.extend(
                left.iter()
                    .zip(right)
                    .map(|(&left, right)| i32::from(left) * weights[0] + i32::from(right) * weights[1]),
            );
        }
    }
    let row_at = |at: i64| {
        let start = at.clamp(0, i64::from(from.1) - 1) as usize * stride;
        narrow.get(start..start + stride).unwrap_or_default()
    };
    let mut resized = Vec::with_capacity(to.1 as usize * stride);
    for Taps { start, weights } in taps(from.1, to.1, position) {
        resized.extend(
            row_at(start)
                .iter()
                .zip(row_at(start + 1))
                .map(|(&upper, &lower)| {
                    let upper = (weights[0] * (upper >> 4)) >> 16;
                    let lower = (weights[1] * (lower >> 4)) >> 16;
                    ((upper + lower + 2) >> 2) as u8
                }),
        );
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `OpenCV`'s results, written by `models/export/make_zits_goldens.py`.
    const CASES: &str = include_str!("../../../tests/fixtures/zits/resized.txt");

    fn numbers(row: &str) -> Vec<u32> {
        row.split(' ').map(|number| number.parse().unwrap()).collect()
    }

    fn samples(row: &str) -> Vec<u8> {
        numbers(row).into_iter().map(|sample| sample as u8).collect()
    }

    #[test]
    fn samples_equal_opencv() {
        let rows: Vec<&str> = CASES.lines().collect();
        let (cases, rest) = rows.as_chunks::<4>();
        assert!(cases.len() >= 9 && rest.is_empty());
        for [sizes, before, by_area, by_lines] in cases {
            let &[width, height, new_width, new_height] = numbers(sizes).as_slice() else {
                panic!("{sizes}");
            };
            let image = RgbImage::from_raw(width, height, samples(before)).unwrap();
            let resized = area_rgb(&image, new_width, new_height);
            assert_eq!(resized.as_raw(), &samples(by_area), "area, {sizes}");
            let resized = linear_rgb(&image, new_width, new_height);
            assert_eq!(resized.as_raw(), &samples(by_lines), "linear, {sizes}");
            let red: Vec<u8> = image.pixels().map(|pixel| pixel.0[0]).collect();
            let red = Coverage::new(GrayImage::from_raw(width, height, red).unwrap());
            let expected: Vec<u8> = samples(by_area).into_iter().step_by(3).collect();
            assert_eq!(
                area_mask(&red, new_width, new_height).values(),
                expected,
                "{sizes}"
            );
        }
    }

    #[test]
    fn equal_size_keeps_samples() {
        let image = RgbImage::from_fn(5, 3, |x, y| [x as u8, y as u8, 77].into());
        assert_eq!(area_rgb(&image, 5, 3), image);
        assert_eq!(linear_rgb(&image, 5, 3), image);
    }

    #[test]
    fn empty_image_gives_black() {
        assert_eq!(area_rgb(&RgbImage::new(0, 3), 2, 1).as_raw(), &[0; 6]);
        assert_eq!(linear_rgb(&RgbImage::new(3, 0), 2, 1).as_raw(), &[0; 6]);
        assert!(area_rgb(&RgbImage::new(3, 3), 0, 1).as_raw().is_empty());
    }
}
