//! Tiles along one axis.

use std::ops::Range;

/// Pixels of context on each side of a tile (Real-ESRGAN's `tile_pad`).
const TILE_PAD: u32 = 10;

/// Pixels by which the image is extended at its right and bottom, by reflection (Real-ESRGAN's `pre_pad`).
const PRE_PAD: u32 = 10;

/// A tile along one axis, in pixels of the extended image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The pixels that the network reads.
    pub input: Range<u32>,
    /// The pixels whose result is kept; they lie in the original image.
    pub kept: Range<u32>,
}

/// An image's side, extended and divided into tiles.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The original pixel of each pixel of the extended side.
    pub sources: Vec<u32>,
    pub spans: Vec<Span>,
}

impl Axis {
    /// Divides a side of `side` pixels into tiles of `tile` pixels. `multiple` is a factor of the length of
    /// every input.
    pub fn new(side: u32, tile: u32, multiple: u32) -> Self {
        let extended = side.saturating_add(PRE_PAD);
        let length = extended.next_multiple_of(multiple);
        // As two paddings in a row: the second one reflects the result of the first.
        let sources = (0..length)
            .map(|at| reflected(reflected(at, extended), side))
            .collect();
        let pad = TILE_PAD.next_multiple_of(multiple);
        let spans = (0..side.div_ceil(tile))
            .map(|index| {
                let (start, end) = (index * tile, (index + 1).saturating_mul(tile).min(length));
                Span {
                    input: start.saturating_sub(pad)..end.saturating_add(pad).min(length),
                    kept: start..end.min(side),
                }
            })
            .collect();
        Self { sources, spans }
    }
}

/// Returns the side of tiles of at most `largest` pixels whose inputs have at most `max_forward_pixels`
/// pixels; `None` if no tile is small enough.
pub(super) fn tile_side(largest: u32, multiple: u32, max_forward_pixels: u64) -> Option<u32> {
    let padding = 2 * TILE_PAD.next_multiple_of(multiple);
    let input = u32::try_from(max_forward_pixels.isqrt()).unwrap_or(u32::MAX);
    let side = largest.min(input.saturating_sub(padding));
    let side = side - side % multiple;
    (side > 0).then_some(side)
}

/// Returns the position in 0..`side` of a position beyond it, by reflection about the centres of the first
/// and the last pixel.
fn reflected(at: u32, side: u32) -> u32 {
    let last = side.saturating_sub(1);
    if last == 0 {
        return 0;
    }
    // In u64, since twice the last position may exceed u32.
    let (at, period) = (u64::from(at), 2 * u64::from(last));
    let within = at % period;
    within.min(period - within) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_are_reflected() {
        let positions: Vec<u32> = (0..10).map(|at| reflected(at, 4)).collect();
        assert_eq!(positions, [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]);
        assert_eq!(reflected(5, 1), 0);
    }

    #[test]
    fn tiles_shrink_to_the_limit() {
        assert_eq!(tile_side(512, 1, u64::MAX), Some(512));
        assert_eq!(tile_side(512, 1, 532 * 532), Some(512));
        assert_eq!(tile_side(512, 1, 532 * 532 - 1), Some(511));
        assert_eq!(tile_side(512, 4, 532 * 532), Some(508));
        assert_eq!(tile_side(512, 1, 441), Some(1));
        assert_eq!(tile_side(512, 1, 440), None);
    }

    proptest! {
        #[test]
        fn spans_cover_the_side(side in 1_u32..300, tile in 1_u32..100, multiple in prop::sample::select(vec![1, 2, 4])) {
            let tile = tile.next_multiple_of(multiple);
            let axis = Axis::new(side, tile, multiple);
            let length = axis.sources.len() as u32;
            prop_assert!(length >= side + PRE_PAD && length.is_multiple_of(multiple));
            prop_assert!(axis.sources.iter().all(|source| *source < side));
            prop_assert!(axis.sources[..side as usize].iter().copied().eq(0..side));
            let mut end = 0;
            for span in &axis.spans {
                prop_assert_eq!(span.kept.start, end);
                end = span.kept.end;
                prop_assert!(span.input.start <= span.kept.start && span.kept.end <= span.input.end);
                prop_assert!(span.input.start % multiple == 0 && span.input.end % multiple == 0);
                prop_assert!(span.input.end <= length);
                let padding = TILE_PAD.next_multiple_of(multiple);
                prop_assert!(span.input.len() as u32 <= tile + 2 * padding);
                // Each kept pixel has the context of a whole image, or of the full padding.
                prop_assert!(span.kept.end + TILE_PAD <= span.input.end);
            }
            prop_assert_eq!(end, side);
        }
    }
}
