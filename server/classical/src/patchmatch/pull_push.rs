//! Smooth fillings, by averages over larger and larger surroundings.

/// A value of `N` parts, times its weight, and the weight.
type Weighted<const N: usize> = ([f32; N], f32);

/// Fills the values whose weight is 0 smoothly from the others and divides these by their weight: pull-push
/// (Gortler, Grzeszczuk, Szeliski and Cohen 1996). All zero where no value has weight.
pub(super) fn pull_push<const N: usize>(values: &[Weighted<N>], width: usize) -> Vec<[f32; N]> {
    let normal = |(value, weight): &Weighted<N>| value.map(|part| part / weight.max(f32::MIN_POSITIVE));
    let height = values.len() / width.max(1);
    if values.len() <= 1 || values.iter().all(|(_, weight)| *weight > 0.0) {
        return values.iter().map(normal).collect();
    }
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let mut half = vec![([0.0; N], 0.0); half_width * half_height];
    for (y, row) in values.chunks_exact(width).enumerate() {
        for (x, (value, weight)) in row.iter().enumerate() {
            if let Some((sum, total)) = half.get_mut(y / 2 * half_width + x / 2) {
                sum.iter_mut().zip(value).for_each(|(sum, part)| *sum += part);
                *total += weight;
            }
        }
    }
    let half = pull_push(&half, half_width);
    let filled = |at: usize| {
        let columns = between(at % width, half_width);
        let rows = between(at / width, half_height);
        let mut mixed = [0.0; N];
        for (row, row_share) in rows {
            for (column, column_share) in columns {
                let value = half.get(row * half_width + column).unwrap_or(&[0.0; N]);
                for (mixed, part) in mixed.iter_mut().zip(value) {
                    *mixed += part * row_share * column_share;
                }
            }
        }
        mixed
    };
    let values = values.iter().enumerate();
    values
        .map(|(at, value)| if value.1 > 0.0 { normal(value) } else { filled(at) })
        .collect()
}

/// The two coarse neighbours of a position on a side of half the size, and their shares in a linear interpolation.
fn between(position: usize, half: usize) -> [(usize, f32); 2] {
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
    fn known_values_stay_and_a_gap_between_two_colours_goes_over_from_one_to_the_other() {
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
    fn a_constant_stays_one_at_any_size() {
        for (width, height) in [(1, 1), (2, 1), (1, 7), (13, 9)] {
            let filled = pull_push(&values(width, height, |x, y| (x + y == 0).then_some(7.0)), width);
            assert!(filled.iter().all(|value| (value[0] - 7.0).abs() < 1e-4));
        }
    }
}
