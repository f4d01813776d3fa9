//! What a network keeps of the latest images.

use std::collections::VecDeque;

/// Identifies an image by the digest of its file and of everything else that may not share its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageKey(pub [u8; 32]);

/// Results of a network on one image, kept for further prompts on it.
pub trait ImageResults: Default {
    /// The most bytes of the results of all images.
    const MAX_BYTES: usize;

    /// Returns the memory of the results in bytes.
    fn bytes(&self) -> usize;
}

/// The results of one network on the latest images. It holds at most [`ImageCache::MAX_IMAGES`] images and
/// [`ImageCache::MAX_BYTES`] bytes of results; the images that were used least recently are dropped first.
#[derive(Debug, Default)]
pub struct ImageCache<T> {
    /// The latest image is last.
    entries: VecDeque<(ImageKey, T)>,
}

impl<T: ImageResults> ImageCache<T> {
    /// The most images.
    pub const MAX_IMAGES: usize = 64;
    /// The most bytes of results.
    pub const MAX_BYTES: usize = T::MAX_BYTES;

    /// Calls `work` with the results of the image `key`, and keeps them afterwards.
    pub fn with<R>(&mut self, key: ImageKey, work: impl FnOnce(&mut T) -> R) -> R {
        let known = self.entries.iter().position(|(known, _)| *known == key);
        let mut results = known
            .and_then(|index| self.entries.remove(index))
            .map(|(_, results)| results)
            .unwrap_or_default();
        let output = work(&mut results);
        self.entries.push_back((key, results));
        while self.entries.len() > Self::MAX_IMAGES || self.bytes() > Self::MAX_BYTES {
            self.entries.pop_front();
        }
        output
    }

    /// Returns the number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.entries.len()
    }

    /// Returns the memory of the results in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.iter().map(|(_, results)| results.bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::RgbImage;
    use iopaint_inpaint::{ForwardError, Unmonitored};

    use super::*;
    use crate::selection::{Click, MapCache, Prompt, Selection, select};
    use crate::{Network, SaliencySpec, Tensor};

    /// Marks red pixels in a map of `side` x `side` values, and counts passes.
    struct Red {
        side: usize,
        passes: usize,
    }

    impl Network for Red {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            self.passes += 1;
            let side = input.shape()[3];
            let at = |x: usize| x * side / self.side;
            let value = |index: usize| input.values()[at(index / self.side) * side + at(index % self.side)];
            let values = (0..self.side * self.side).map(value).collect();
            Ok(vec![
                Tensor::new(vec![1, 1, self.side, self.side], values).unwrap(),
            ])
        }
    }

    const SPEC: SaliencySpec = SaliencySpec {
        side: 64,
        ..SaliencySpec::U2NET
    };

    /// A red square on green; its left edge is at `left`.
    fn image(left: u32) -> RgbImage {
        RgbImage::from_fn(96, 64, |x, y| {
            let inside = (left..left + 24).contains(&x) && (20..44).contains(&y);
            if inside { [220, 30, 30] } else { [20, 160, 40] }.into()
        })
    }

    fn key(index: usize) -> ImageKey {
        ImageKey(std::array::from_fn(|at| (index >> (8 * (at % 8))) as u8))
    }

    fn click(network: &mut Red, cache: &mut MapCache, left: u32, x: u32) -> Selection {
        let prompt = Prompt {
            clicks: vec![Click {
                x,
                y: 30,
                positive: true,
            }],
            area: None,
        };
        cache.with(key(left as usize), |maps| {
            select(network, &SPEC, &image(left), &prompt, maps, &Unmonitored).unwrap()
        })
    }

    #[test]
    fn further_clicks_reuse_maps() {
        let (mut network, mut cache) = (Red { side: 64, passes: 0 }, MapCache::default());
        let first = click(&mut network, &mut cache, 10, 20);
        let passes = network.passes;
        assert!(passes > 0);
        assert_eq!(click(&mut network, &mut cache, 10, 20), first);
        assert_eq!(network.passes, passes);
    }

    #[test]
    fn different_images_never_mix() {
        let (mut network, mut cache) = (Red { side: 64, passes: 0 }, MapCache::default());
        for _ in 0..3 {
            for left in [4, 30, 60] {
                let selection = click(&mut network, &mut cache, left, left + 10);
                let mut empty = MapCache::default();
                assert_eq!(selection, click(&mut network, &mut empty, left, left + 10));
                assert_eq!(selection.coverage.get(left + 10, 30), 255);
            }
        }
        assert_eq!(cache.images(), 3);
    }

    #[test]
    fn images_are_bounded() {
        let mut cache = MapCache::default();
        for index in 0..3 * MapCache::MAX_IMAGES {
            cache.with(key(index), |_| ());
            assert!(cache.images() <= MapCache::MAX_IMAGES);
        }
        assert_eq!(cache.images(), MapCache::MAX_IMAGES);
    }

    #[test]
    fn bytes_are_bounded() {
        let mut network = Red {
            side: 1024,
            passes: 0,
        };
        let mut cache = MapCache::default();
        let images = MapCache::MAX_BYTES / (1024 * 1024) + 3;
        for index in 0..images {
            cache.with(key(index), |maps| {
                maps.main_object(&mut network, &SPEC, &image(10), &Unmonitored)
                    .unwrap();
                assert_eq!(maps.bytes(), 1024 * 1024);
            });
            assert!(cache.bytes() <= MapCache::MAX_BYTES);
        }
        assert!(cache.images() < images);
        // The latest one is kept.
        let passes = network.passes;
        cache.with(key(images - 1), |maps| {
            maps.main_object(&mut network, &SPEC, &image(10), &Unmonitored)
                .unwrap();
        });
        assert_eq!(network.passes, passes);
    }
}
