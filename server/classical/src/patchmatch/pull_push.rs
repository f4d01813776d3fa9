//! Scattered-data interpolation by pull-push (Gortler, Grzeszczuk, Szeliski and Cohen 1996, "The Lumigraph").

/// A value of `N` channels premultiplied by its weight, and the weight. Weight 0 marks a missing value.
type Weighted<const N: usize> = ([f32; N], f32);

/// Interpolates the missing values smoothly from the others, and divides the others by their weights. Returns
/// all zeros if no value has weight. `values` are the rows of an image of `width` columns.
///
/// The pull phase sums blocks of 2x2 values until none is missing; the push phase interpolates missing values
/// bilinearly from the next coarser level. Time and memory are linear in the number of values.
pub(super) fn pull_push<const N: usize>(values: &[Weighted<N>], width: usize) -> Vec<[f32; N]> {
    let mut filled = vec![[0.0; N]; values.len()];
    push(values, width, |_| true, &mut filled);
    filled
}

/// Interpolates as [`pull_push`] does where `is_needed` is true, and returns zeros for other missing values.
pub(super) fn pull_push_at<const N: usize>(
    values: &[Weighted<N>],
    width: usize,
    is_needed: &[bool],
) -> Vec<[f32; N]> {
    let mut filled = vec![[0.0; N]; values.len()];
    let needed = |at: usize| is_needed.get(at).copied().unwrap_or_default();
    push(values, width, needed, &mut filled);
    filled
}

/// Writes interpolated values to `filled`, which is zero.
fn push<const N: usize>(
    values: &[Weighted<N>],
    width: usize,
    is_needed: impl Fn(usize) -> bool,
    filled: &mut [[f32; N]],
) {
    let width = width.max(1);
    if values.len() <= 1 || values.iter().all(|(_, weight)| *weight > 0.0) {
        for (filled, value) in filled.iter_mut().zip(values) {
            *filled = normalized(value);
        }
        return;
    }
    let (half_width, half_height) = (width.div_ceil(2), (values.len() / width).div_ceil(2));
    let half = pull_push(&pulled(values, width, half_width, half_height), half_width);
    let rows = values.chunks_exact(width).zip(filled.chunks_exact_mut(width));
    for (y, (values, filled)) in rows.enumerate() {
        let rows = linear_weights(y, half_height);
        for (x, (value, filled)) in values.iter().zip(filled).enumerate() {
            if value.1 > 0.0 {
                *filled = normalized(value);
            } else if is_needed(y * width + x) {
                let columns = linear_weights(x, half_width);
                for (row, row_weight) in rows {
                    for (column, column_weight) in columns {
                        let value = half.get(row * half_width + column).unwrap_or(&[0.0; N]);
                        for (sum, channel) in filled.iter_mut().zip(value) {
                            *sum += channel * row_weight * column_weight;
                        }
                    }
                }
            }
        }
    }
}

fn normalized<const N: usize>((value, weight): &Weighted<N>) -> [f32; N] {
    value.map(|channel| channel / weight.max(f32::MIN_POSITIVE))
}

/// Returns the sums of blocks of 2x2 values.
fn pulled<const N: usize>(
    values: &[Weighted<N>],
    width: usize,
    half_width: usize,
    half_height: usize,
) -> Vec<Weighted<N>> {
    let mut half = vec![([0.0; N], 0.0); half_width * half_height];
    for (y, row) in values.chunks_exact(width).enumerate() {
        for (x, (value, weight)) in row.iter().enumerate() {
            if let Some((sum, total)) = half.get_mut(y / 2 * half_width + x / 2) {
                sum.iter_mut()
                    .zip(value)
                    .for_each(|(sum, channel)| *sum += channel);
                *total += weight;
            }
        }
    }
    half
}

/// Returns the two coarse neighbours of a fine position and their linear interpolation weights, for a coarse
/// side of `half` pixels. Fine pixel centres lie a quarter of a coarse pixel from a coarse centre.
fn linear_weights(position: usize, half: usize) -> [(usize, f32); 2] {
    let near = position / 2;
    let far = if position.is_multiple_of(2) {
        near.saturating_sub(1)
    } else {
        (near + 1).min(half - 1)
    };
    [(near, 0.75), (far, 0.25)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(width: usize, height: usize, known: impl Fn(usize, usize) -> Option<f32>) -> Vec<Weighted<1>> {
        (0..width * height)
            .map(|at| match known(at % width, at / width) {
                Some(value) => ([value], 1.0),
                None => ([0.0], 0.0),
            })
            .collect()
    }

    #[test]
    fn gaps_are_interpolated_monotonically() {
        let filled = pull_push(
            &values(32, 5, |x, _| match x {
                0..8 => Some(10.0),
                24.. => Some(90.0),
                _ => None,
            }),
            32,
        );
        assert_eq!((filled[0][0], filled[31][0]), (10.0, 90.0));
        let row: Vec<f32> = filled[..32].iter().map(|value| value[0]).collect();
        assert!(row.is_sorted(), "{row:?}");
        assert!((40.0..60.0).contains(&row[15]), "{row:?}");
    }

    #[test]
    fn unneeded_values_are_left_out() {
        let values = values(13, 9, |x, y| (x % 5 + y == 3).then_some((x * 9 + y) as f32));
        let needed: Vec<bool> = (0..values.len()).map(|at| at % 3 > 0).collect();
        let all = pull_push(&values, 13);
        let some = pull_push_at(&values, 13, &needed);
        for at in 0..all.len() {
            let is_used = needed[at] || values[at].1 > 0.0;
            let expected = if is_used { all[at][0] } else { 0.0 };
            assert_eq!(some[at][0].to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn constants_are_reproduced() {
        for (width, height) in [(1, 1), (2, 1), (1, 7), (13, 9)] {
            let filled = pull_push(&values(width, height, |x, y| (x + y == 0).then_some(7.0)), width);
            assert!(filled.iter().all(|value| (value[0] - 7.0).abs() < 1e-4));
        }
    }
}
