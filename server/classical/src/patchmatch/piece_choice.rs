//! Choice of the components of a hole that are filled with pieces of the surroundings.

use iopaint_imaging::{Mask, for_each_component};

use super::confidence::ConfidenceMap;
use super::level::PyramidLevel;

/// Depth in pixels from which a component is filled with pieces. In shallower ones, e.g. letters, they are
/// farther from the original than votes (docs/experiments.md).
const MIN_DEPTH_PX: f32 = 24.0;
/// Mean match confidence of a component from which it is filled with pieces. Chosen on the tuning half of
/// `make eval-removals` and the 13 test photographs (docs/experiments.md).
const MIN_MEAN_CONFIDENCE: f32 = 0.5;

/// Returns true if a part of the hole is deep enough for pieces.
pub(super) fn is_deep(finest: &PyramidLevel) -> bool {
    finest.target_depths_px.iter().any(|depth| *depth >= MIN_DEPTH_PX)
}

/// Returns, for each hole pixel of the finest level, true if its component is filled with pieces.
/// `confidence` has 1 / 2^`halvings` of the finest level's size.
pub(super) fn piece_pixels(finest: &PyramidLevel, confidence: &ConfidenceMap, halvings: usize) -> Vec<bool> {
    let width = finest.image.width;
    let mut chosen = vec![false; finest.image.hole.len()];
    let hole = finest.image.hole.iter().copied();
    if let Some(mask) = Mask::from_flags(width as u32, finest.image.height as u32, hole) {
        for_each_component(&mask, 0, |component, _| {
            let deep = component.iter().any(|at| depth_px(finest, *at) >= MIN_DEPTH_PX);
            let confidences = component.iter().map(|at| confidence.at(finest, halvings, *at));
            if deep && confidences.sum::<f32>() >= MIN_MEAN_CONFIDENCE * component.len() as f32 {
                for at in component {
                    if let Some(chosen) = chosen.get_mut(*at) {
                        *chosen = true;
                    }
                }
            }
        });
    }
    let of_pixel = |at: &u32| chosen.get(*at as usize).copied().unwrap_or_default();
    finest.hole_pixels.iter().map(of_pixel).collect()
}

/// Returns the depth of a pixel; 0 where no patch is centred.
fn depth_px(finest: &PyramidLevel, at: usize) -> f32 {
    let target = finest.target_index(at);
    target
        .and_then(|target| finest.target_depths_px.get(target))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;
    use crate::patchmatch::nearest_neighbour_field::NearestNeighbourField;

    const WIDTH: usize = 240;
    const HEIGHT: usize = 100;

    /// A grey image with two deep holes and a shallow one on the right.
    fn level() -> PyramidLevel {
        let positions = (0..WIDTH * HEIGHT).map(|at| (at % WIDTH, at / WIDTH));
        let square = |x: usize, y: usize, centre: usize, half: usize| {
            x.abs_diff(centre) < half && y.abs_diff(50) < half
        };
        PyramidLevel::new(FeatureImage {
            width: WIDTH,
            height: HEIGHT,
            pixels: positions.clone().map(|_| features_from_rgb([100; 3])).collect(),
            hole: positions
                .map(|(x, y)| square(x, y, 50, 30) || square(x, y, 130, 30) || square(x, y, 210, 10))
                .collect(),
        })
    }

    /// Returns the choice for the middle of each hole if patches around the second one have the SSD `ssd`.
    fn chosen(ssd: u32) -> [bool; 3] {
        let level = level();
        let mut field = NearestNeighbourField::random(&level, 1).unwrap();
        for (at, error) in level.targets.iter().zip(&mut field.ssds) {
            let second = (*at as usize % WIDTH).abs_diff(130) < 40;
            *error = if second { ssd } else { 0 };
        }
        let pixels = piece_pixels(&level, &ConfidenceMap::new(&level, &field), 0);
        [50, 130, 210].map(|x| {
            let at = (50 * WIDTH + x) as u32;
            pixels[level.hole_pixels.binary_search(&at).unwrap()]
        })
    }

    #[test]
    fn deep_components_are_chosen() {
        assert!(is_deep(&level()));
        assert_eq!(chosen(0), [true, true, false]);
    }

    #[test]
    fn mismatching_component_is_filled_with_votes() {
        assert_eq!(chosen(2_000_000), [true, false, false]);
    }
}
