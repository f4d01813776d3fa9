//! Merging of the rectangles that forward passes fill, by their cost.

use crate::Rect;

/// The cost of forward passes, and the rectangles that they may not fill.
pub(super) struct MergeRules<'a, F> {
    /// Returns the pixels of the forward pass that fills a rectangle.
    pub(super) forward_pixels: F,
    /// The largest forward pass that merging may make, in pixels.
    pub(super) max_forward_pixels: u64,
    /// Bounds of components that run at another scale. A merged rectangle doesn't meet them unless its parts
    /// do, as its forward pass fills everything inside.
    pub(super) kept_apart: &'a [Rect],
}

/// A rectangle and the pixels of its forward pass.
#[derive(Clone, Copy)]
struct Weighed {
    rect: Rect,
    pixels: u64,
}

impl<F: Fn(Rect) -> u64> MergeRules<'_, F> {
    /// Merges rectangles until no merger of two, and not that of all, makes the sum of the forward passes
    /// smaller. The time is quadratic in the number of rectangles.
    pub(super) fn merge(&self, rects: impl IntoIterator<Item = Rect>) -> Vec<Rect> {
        let mut merged: Vec<Weighed> = Vec::new();
        for rect in rects {
            let mut added = self.weighed(rect);
            // A union may reach rectangles that its parts did not.
            while let Some((index, union)) = self.first_union(&merged, &added) {
                merged.swap_remove(index);
                added = union;
            }
            merged.push(added);
        }
        let all = merged
            .iter()
            .map(|each| each.rect)
            .reduce(|all, rect| all.union(&rect));
        if let Some(all) = all.map(|rect| self.weighed(rect)) {
            let sum = merged.iter().map(|each| each.pixels).sum();
            if all.pixels <= self.max_forward_pixels.min(sum) && self.kept_apart.is_empty() {
                return vec![all.rect];
            }
        }
        merged.into_iter().map(|each| each.rect).collect()
    }

    fn weighed(&self, rect: Rect) -> Weighed {
        Weighed {
            rect,
            pixels: (self.forward_pixels)(rect),
        }
    }

    /// Returns the first rectangle that may be merged with `added`, and their union.
    fn first_union(&self, rects: &[Weighed], added: &Weighed) -> Option<(usize, Weighed)> {
        let union_with = |other: &Weighed| {
            let union = self.weighed(other.rect.union(&added.rect));
            let limit = self.max_forward_pixels.min(other.pixels + added.pixels);
            let meets = |apart: &Rect| {
                union.rect.intersection(apart).is_some()
                    && other.rect.intersection(apart).is_none()
                    && added.rect.intersection(apart).is_none()
            };
            (union.pixels <= limit && !self.kept_apart.iter().any(meets)).then_some(union)
        };
        let mut unions = rects.iter().map(union_with).enumerate();
        unions.find_map(|(index, union)| Some((index, union?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn square(x: u32, y: u32, side: u32) -> Rect {
        Rect {
            x,
            y,
            width: side,
            height: side,
        }
    }

    /// The area with 10 pixels of margin.
    fn pixels(rect: Rect) -> u64 {
        u64::from(rect.width + 20) * u64::from(rect.height + 20)
    }

    fn rules(max_forward_pixels: u64, kept_apart: &[Rect]) -> MergeRules<'_, impl Fn(Rect) -> u64> {
        MergeRules {
            forward_pixels: pixels,
            max_forward_pixels,
            kept_apart,
        }
    }

    #[test]
    fn near_rectangles_merge() {
        let merged = rules(u64::MAX, &[]).merge([square(0, 0, 10), square(15, 0, 10), square(500, 0, 10)]);
        assert_eq!(merged.len(), 2);
        assert!(merged.contains(&square(0, 0, 10).union(&square(15, 0, 10))));
    }

    #[test]
    fn limit_is_respected() {
        assert_eq!(
            rules(1349, &[])
                .merge([square(0, 0, 10), square(15, 0, 10)])
                .len(),
            2
        );
    }

    #[test]
    fn components_of_other_scales_are_kept_apart() {
        let between = [square(11, 0, 3)];
        assert_eq!(
            rules(u64::MAX, &between)
                .merge([square(0, 0, 10), square(15, 0, 10)])
                .len(),
            2
        );
    }

    #[test]
    fn grid_of_dots_becomes_one() {
        let dots = (0..20).flat_map(|row| (0..20).map(move |column| square(24 * column, 24 * row, 4)));
        assert_eq!(rules(u64::MAX, &[]).merge(dots), [square(0, 0, 460)]);
    }

    proptest! {
        #[test]
        fn merging_covers_all_and_saves(
            dots in prop::collection::vec((0_u32..300, 0_u32..300, 1_u32..40), 1..30),
            max_forward_pixels in 0_u64..90_000,
        ) {
            let rects: Vec<Rect> = dots.iter().map(|(x, y, side)| square(*x, *y, *side)).collect();
            let merged = rules(max_forward_pixels, &[]).merge(rects.clone());
            for rect in &rects {
                prop_assert!(merged.iter().any(|core| core.contains(rect)));
            }
            let sum = |rects: &[Rect]| rects.iter().map(|rect| pixels(*rect)).sum::<u64>();
            prop_assert!(sum(&merged) <= sum(&rects));
            for core in merged.iter().filter(|core| !rects.contains(core)) {
                prop_assert!(pixels(*core) <= max_forward_pixels);
            }
        }
    }
}
