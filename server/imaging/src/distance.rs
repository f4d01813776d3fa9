//! How deep a hole is.

/// A 3-4 chamfer mask, in thirds of a pixel.
const STRAIGHT: u32 = 3;
const DIAGONAL: u32 = 4;
const FAR: u32 = u32::MAX / 2;

/// How far each pixel of the hole is from the nearest known one, in pixels; 0 for known ones. Two passes of a chamfer
/// mask (Borgefors 1986), within a tenth of the Euclidean distance. What lies beyond the image's edge is no nearer.
#[must_use]
pub fn distance_to_known(hole: &[bool], width: usize) -> Vec<f32> {
    let mut depth: Vec<u32> = hole.iter().map(|hole| if *hole { FAR } else { 0 }).collect();
    sweep(depth.chunks_exact_mut(width.max(1)));
    depth.reverse();
    sweep(depth.chunks_exact_mut(width.max(1)));
    depth.reverse();
    depth
        .into_iter()
        .map(|depth| depth as f32 / STRAIGHT as f32)
        .collect()
}

/// Lowers each pixel by what its neighbours before it in the order of rows allow.
fn sweep<'a>(rows: impl Iterator<Item = &'a mut [u32]>) {
    let mut above: Option<&mut [u32]> = None;
    for row in rows {
        let mut left = FAR;
        for (x, value) in row.iter_mut().enumerate() {
            let over = |x: Option<usize>| {
                let found = x.and_then(|x| above.as_deref()?.get(x).copied());
                found.unwrap_or(FAR)
            };
            let nearest = (left + STRAIGHT)
                .min(over(Some(x)) + STRAIGHT)
                .min(over(x.checked_sub(1)) + DIAGONAL)
                .min(over(Some(x + 1)) + DIAGONAL);
            *value = nearest.min(*value);
            left = *value;
        }
        above = Some(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_grows_by_one_a_pixel_from_the_known_ones() {
        let (width, height) = (9, 7);
        let hole: Vec<bool> = (0..width * height)
            .map(|at| (1..8).contains(&(at % width)) && (1..6).contains(&(at / width)))
            .collect();
        let depth = distance_to_known(&hole, width);
        let found = [0, width + 1, 3 * width + 4].map(|at| depth[at].to_bits());
        assert_eq!(found, [0.0_f32, 1.0, 3.0].map(f32::to_bits));
    }

    #[test]
    fn what_lies_beyond_the_edge_is_not_known() {
        let depth = distance_to_known(&[true, true, true, false], 4);
        assert_eq!(depth, [3.0, 2.0, 1.0, 0.0]);
    }
}
