//! Lanczos resampling with 8 taps, as `OpenCV`'s `INTER_LANCZOS4` for 8-bit images: the kernel isn't widened
//! for reduction, weights have 11 fractional bits, and pixels beyond the edges repeat the edge.

use std::f64::consts::PI;

/// Taps of the kernel, i.e. twice its radius a = 4.
const TAPS: usize = 8;

/// Fractional bits of a weight.
const BITS: u32 = 11;

/// The source positions of a target position, before they are clamped, and their weights.
struct Taps {
    first: i64,
    weights: [i32; TAPS],
}

/// Resizes an image of `C` interleaved channels.
pub(super) fn resize<const C: usize>(pixels: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let columns = taps(from.0, to.0);
    let rows = taps(from.1, to.1);
    let (width, height) = (from.0 as usize, from.1 as usize);
    let mut target = vec![0; to.0 as usize * to.1 as usize * C];
    if target.is_empty() || width == 0 || height == 0 {
        return target;
    }
    // Rows that are resized horizontally, by row number modulo 8.
    let mut cache: [(Option<usize>, Vec<i32>); TAPS] =
        std::array::from_fn(|_| (None, vec![0; to.0 as usize * C]));
    for (row, line) in rows.iter().zip(target.chunks_exact_mut(to.0 as usize * C)) {
        let sources: [usize; TAPS] = std::array::from_fn(|tap| clamped(row.first + tap as i64, height));
        for source in sources {
            let (cached, values) = &mut cache[source % TAPS];
            if *cached != Some(source) {
                *cached = Some(source);
                resize_row::<C>(&pixels[source * width * C..][..width * C], &columns, values);
            }
        }
        let lines: [&[i32]; TAPS] = std::array::from_fn(|tap| cache[sources[tap] % TAPS].1.as_slice());
        for (at, value) in line.iter_mut().enumerate() {
            // In 64 bits: the weights' absolute values add up to more than 1.
            let sum: i64 = (0..TAPS)
                .map(|tap| i64::from(lines[tap][at]) * i64::from(row.weights[tap]))
                .sum();
            let rounded = (sum + (1 << (2 * BITS - 1))) >> (2 * BITS);
            *value = rounded.clamp(0, 255) as u8;
        }
    }
    target
}

fn resize_row<const C: usize>(row: &[u8], columns: &[Taps], target: &mut [i32]) {
    let (row, _) = row.as_chunks::<C>();
    let (target, _) = target.as_chunks_mut::<C>();
    for (column, pixel) in columns.iter().zip(target) {
        let mut sums = [0; C];
        for (tap, weight) in column.weights.iter().enumerate() {
            let source = row[clamped(column.first + tap as i64, row.len())];
            for (sum, value) in sums.iter_mut().zip(source) {
                *sum += i32::from(value) * weight;
            }
        }
        *pixel = sums;
    }
}

fn clamped(at: i64, length: usize) -> usize {
    at.clamp(0, length as i64 - 1) as usize
}

/// Returns the taps of each target position. Positions are those of pixel centres, in single precision.
fn taps(from: u32, to: u32) -> Vec<Taps> {
    let step = 1.0 / (f64::from(to) / f64::from(from));
    (0..to)
        .map(|at| {
            let position = ((f64::from(at) + 0.5) * step - 0.5) as f32;
            let whole = position.floor();
            Taps {
                first: whole as i64 - (TAPS as i64 / 2 - 1),
                weights: weights(f64::from(position - whole)),
            }
        })
        .collect()
}

/// Returns the weights for a position `fraction`, in 0..1, behind the fourth tap.
fn weights(fraction: f64) -> [i32; TAPS] {
    let radius = (TAPS / 2) as f64;
    let values: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = fraction + radius - 1.0 - tap as f64;
        sinc(distance) * sinc(distance / radius)
    });
    let sum: f64 = values.iter().sum();
    values.map(|value| (value / sum * f64::from(1 << BITS)).round_ties_even() as i32)
}

/// Returns sin(pi x) / (pi x).
fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-6 {
        return 1.0;
    }
    (PI * x).sin() / (PI * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_match_opencv() {
        assert_eq!(weights(0.0), [0, 0, 0, 2048, 0, 0, 0, 0]);
        let half = weights(0.5);
        assert!((half.iter().sum::<i32>() - 2048).abs() <= 4, "{half:?}");
        assert_eq!(half[..4], [half[7], half[6], half[5], half[4]]);
    }

    #[test]
    fn pixels_match_opencv() {
        // cv2.resize(np.uint8(np.arange(24) * 37 % 256).reshape(2, 12), to, interpolation=cv2.INTER_LANCZOS4)
        let source: Vec<u8> = (0..24).map(|at| (at * 37 % 256) as u8).collect();
        let expected: [((u32, u32), &[u8]); 3] = [
            (
                (7, 2),
                &[10, 77, 143, 234, 0, 76, 141, 222, 0, 78, 139, 213, 20, 83],
            ),
            (
                (30, 1),
                &[
                    85, 99, 124, 134, 109, 64, 36, 43, 70, 95, 109, 116, 125, 144, 173, 194, 181, 136, 100,
                    103, 128, 131, 95, 50, 36, 57, 87, 107, 116, 118,
                ],
            ),
            (
                (12, 5),
                &[
                    0, 14, 82, 119, 156, 193, 230, 0, 17, 85, 122, 159, 14, 51, 69, 106, 143, 180, 217, 17,
                    54, 72, 109, 146, 94, 131, 40, 77, 114, 151, 188, 97, 134, 43, 80, 117, 174, 211, 11, 48,
                    85, 122, 159, 177, 214, 14, 51, 88, 211, 248, 0, 35, 72, 109, 146, 214, 251, 1, 38, 75,
                ],
            ),
        ];
        for (to, expected) in expected {
            let resized = resize::<1>(&source, (12, 2), to);
            assert_eq!(resized, expected, "{to:?}");
        }
    }

    #[test]
    fn constant_images_stay_constant() {
        for value in [0, 1, 77, 255] {
            let resized = resize::<3>(&[value; 7 * 5 * 3], (7, 5), (13, 4));
            assert!(resized.iter().all(|pixel| pixel.abs_diff(value) <= 1));
        }
    }

    #[test]
    fn equal_size_copies() {
        let pixels: Vec<u8> = (0..60).collect();
        assert_eq!(resize::<1>(&pixels, (10, 6), (10, 6)), pixels);
    }
}
