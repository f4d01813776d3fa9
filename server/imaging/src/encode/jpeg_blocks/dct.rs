//! The DCT of a block and its inverse (ITU-T T.81, A.3.3) in floating point.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// A block of samples or coefficients in raster order.
pub(super) type Block = [f32; 64];

/// The orthonormal DCT-II matrix: rows are frequencies, columns are samples.
static MATRIX: LazyLock<[[f32; 8]; 8]> = LazyLock::new(|| {
    let mut matrix = [[0.0; 8]; 8];
    for (frequency, row) in (0_u8..).zip(&mut matrix) {
        let scale = if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 };
        for (at, value) in (0_u8..).zip(row) {
            let angle = f64::from((2 * at + 1) * frequency) * PI / 16.0;
            *value = (scale * angle.cos()) as f32;
        }
    }
    matrix
});

/// Transforms samples to coefficients.
pub(super) fn forward(samples: &Block) -> Block {
    let matrix = &*MATRIX;
    columns(matrix, &transposed(&columns(matrix, &transposed(samples))))
}

/// Transforms coefficients to samples.
pub(super) fn inverse(coefficients: &Block) -> Block {
    let mut matrix = *MATRIX;
    for (at, row) in matrix.iter_mut().enumerate() {
        for (other, value) in row.iter_mut().enumerate() {
            *value = MATRIX[other][at];
        }
    }
    columns(&matrix, &transposed(&columns(&matrix, &transposed(coefficients))))
}

/// Returns `matrix` x `block`.
fn columns(matrix: &[[f32; 8]; 8], block: &Block) -> Block {
    let mut product = [0.0; 64];
    for (row, to) in matrix.iter().zip(product.as_chunks_mut::<8>().0) {
        for (factor, from) in row.iter().zip(block.as_chunks::<8>().0) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += factor * from;
            }
        }
    }
    product
}

fn transposed(block: &Block) -> Block {
    let mut transposed = [0.0; 64];
    for (at, value) in block.iter().enumerate() {
        transposed[at % 8 * 8 + at / 8] = *value;
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_block_has_only_dc() {
        let coefficients = forward(&[100.0; 64]);
        assert!((coefficients[0] - 800.0).abs() < 1e-3);
        assert!(coefficients[1..].iter().all(|value| value.abs() < 1e-3));
    }

    #[test]
    fn horizontal_frequencies_come_first() {
        let mut samples = [0.0; 64];
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample = MATRIX[1][at % 8];
        }
        let coefficients = forward(&samples);
        let largest = coefficients.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        assert_eq!(largest.map(|(at, _)| at), Some(1));
    }

    #[test]
    fn inverse_reverses_forward() {
        let mut samples = [0.0; 64];
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample = (at * at % 251) as f32 - 128.0;
        }
        let back = inverse(&forward(&samples));
        assert!(samples.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-2));
    }
}
