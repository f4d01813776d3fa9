//! Cache of thumbnails.

use std::time::SystemTime;

use bytes::Bytes;
use iopaint_imaging::ImageFormat;
use quick_cache::{Weighter, sync::Cache};

use super::Tab;
use super::name::FileName;

/// Minimum weight of a cached thumbnail in bytes, which bounds their number.
const MIN_WEIGHT: u64 = 16 << 10;
/// Width in pixels if no size is requested.
const DEFAULT_WIDTH: u32 = 256;

/// Key of a cached thumbnail: file, version of the file, requested size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThumbnailKey {
    /// Folder.
    pub tab: Tab,
    /// File name.
    pub name: FileName,
    /// Time of the last write.
    pub modified: SystemTime,
    /// Length of the file in bytes.
    pub length: u64,
    /// Requested width and height in pixels; 0 = not requested.
    pub requested: (u32, u32),
}

/// An encoded thumbnail.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Content of the file.
    pub bytes: Bytes,
    /// Format of the file.
    pub format: ImageFormat,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// Cache of thumbnails, bounded in bytes.
#[derive(Debug)]
pub struct Thumbnails(Cache<ThumbnailKey, Thumbnail, Weight>);

impl Thumbnails {
    /// Creates an empty cache of at most `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self(Cache::with_weighter(
            (max_bytes / MIN_WEIGHT) as usize,
            max_bytes,
            Weight,
        ))
    }

    /// Returns the thumbnail of `key`, created by `make` if it is not cached. Concurrent calls with one key
    /// create it once.
    ///
    /// # Errors
    /// Returns the error of `make`.
    pub async fn get<E>(
        &self,
        key: &ThumbnailKey,
        make: impl Future<Output = Result<Thumbnail, E>>,
    ) -> Result<Thumbnail, E> {
        self.0.get_or_insert_async(key, make).await
    }
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<ThumbnailKey, Thumbnail> for Weight {
    fn weight(&self, _: &ThumbnailKey, thumbnail: &Thumbnail) -> u64 {
        MIN_WEIGHT.max(thumbnail.bytes.len() as u64)
    }
}

/// Returns the size of a thumbnail in pixels: the requested width, or else the requested height (0 = not
/// requested), in the aspect ratio of the image `full`, not larger than the image or `max_side`.
#[must_use]
pub fn thumbnail_size(full: (u32, u32), requested: (u32, u32), max_side: u32) -> (u32, u32) {
    let (width, height) = (f64::from(full.0.max(1)), f64::from(full.1.max(1)));
    let requested_scale = match requested {
        (0, 0) => f64::from(DEFAULT_WIDTH) / width,
        (0, requested) => f64::from(requested) / height,
        (requested, _) => f64::from(requested) / width,
    };
    let scale = requested_scale
        .min(f64::from(max_side) / width.max(height))
        .min(1.0);
    (
        ((width * scale).round() as u32).max(1),
        ((height * scale).round() as u32).max(1),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case((2000, 1000), (0, 0), (256, 128))]
    #[case((2000, 1000), (100, 900), (100, 50))]
    #[case((2000, 1000), (0, 100), (200, 100))]
    #[case((2000, 1000), (5000, 0), (1024, 512))]
    #[case((1000, 4000), (1000, 0), (256, 1024))]
    #[case((100, 50), (256, 0), (100, 50))]
    #[case((5000, 1), (256, 0), (256, 1))]
    fn sizes_keep_aspect_ratio_within_limit(
        #[case] full: (u32, u32),
        #[case] requested: (u32, u32),
        #[case] expected: (u32, u32),
    ) {
        assert_eq!(thumbnail_size(full, requested, 1024), expected);
    }

    proptest! {
        #[test]
        fn sizes_are_between_1_and_the_limit(full: (u32, u32), requested: (u32, u32), max_side in 1_u32..) {
            let (width, height) = thumbnail_size(full, requested, max_side);
            prop_assert!((1..=max_side).contains(&width) && (1..=max_side).contains(&height));
        }
    }

    #[tokio::test]
    async fn cache_is_bounded_and_keyed_by_mtime() {
        const MAX_BYTES: u64 = 64 << 20;
        let thumbnails = Thumbnails::new(MAX_BYTES);
        let key = |number: u64| ThumbnailKey {
            tab: Tab::Input,
            name: FileName::parse("a.png").unwrap(),
            modified: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number),
            length: 1,
            requested: (0, 0),
        };
        let make = |length: usize| async move {
            Ok::<_, ()>(Thumbnail {
                bytes: vec![0; length].into(),
                format: ImageFormat::Jpeg,
                size: (1, 1),
            })
        };
        for number in 0..100 {
            let thumbnail = thumbnails.get(&key(number), make(1 << 20)).await.unwrap();
            assert_eq!(thumbnail.bytes.len(), 1 << 20);
        }
        assert!(thumbnails.0.weight() <= MAX_BYTES);
        for number in 0..10_000 {
            thumbnails.get(&key(number), make(1)).await.unwrap();
        }
        assert!(thumbnails.0.len() as u64 <= MAX_BYTES / MIN_WEIGHT);
    }
}
