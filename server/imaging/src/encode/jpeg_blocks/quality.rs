//! The quality of a file, estimated from its luma quantization table.

/// The luma table of T.81, K.1, in zigzag order.
#[rustfmt::skip]
const LUMA: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
    26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
    56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
    95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// Returns the quality, 1 to 100, at which libjpeg's table is closest to `table` (zigzag order): the sum of
/// the differences of all steps is smallest. Of equally close qualities the highest is returned.
pub(super) fn estimated(table: &[u16; 64]) -> u8 {
    let distance = |quality: u8| {
        let steps = LUMA.iter().map(|step| scaled(*step, quality));
        steps
            .zip(table)
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum::<u32>()
    };
    (1..=100)
        .rev()
        .min_by_key(|quality| distance(*quality))
        .unwrap_or(100)
}

/// Scales a step as libjpeg's `jpeg_set_quality` does.
fn scaled(step: u16, quality: u8) -> u16 {
    let quality = u32::from(quality);
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libjpeg_qualities_are_found() {
        for quality in 1..=100 {
            let table = LUMA.map(|step| scaled(step, quality));
            let found = estimated(&table);
            assert!(
                found >= quality && LUMA.map(|step| scaled(step, found)) == table,
                "{quality}: {found}"
            );
        }
    }

    #[test]
    fn unusual_tables_have_a_quality() {
        assert_eq!(estimated(&[1; 64]), 100);
        assert!(estimated(&[u16::MAX; 64]) <= 2);
    }
}
