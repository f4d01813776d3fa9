//! Small copies of images, kept in memory.

use std::time::SystemTime;

use bytes::Bytes;
use iopaint_imaging::ImageFormat;
use quick_cache::{Weighter, sync::Cache};

use super::Tab;
use super::name::FileName;

/// A thumbnail counts as at least so many bytes, which bounds their number.
const LEAST_WEIGHT: u64 = 16 << 10;
/// The width where none is asked for.
const DEFAULT_WIDTH: u32 = 256;

/// What makes a thumbnail another one: the file, what was in it, the size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThumbnailKey {
    /// The folder.
    pub tab: Tab,
    /// The file's name.
    pub name: FileName,
    /// When it was written.
    pub modified: SystemTime,
    /// How long it is.
    pub length: u64,
    /// The width and height that were asked for.
    pub asked: (u32, u32),
}

/// A small copy.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Its file.
    pub bytes: Bytes,
    /// What that is.
    pub format: ImageFormat,
    /// Its width and height in pixels.
    pub size: (u32, u32),
}

/// The thumbnails that were made last; those asked for least go first.
#[derive(Debug)]
pub struct Thumbnails(Cache<ThumbnailKey, Thumbnail, Weight>);

impl Thumbnails {
    /// Nothing yet; at most `max_bytes` in all.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self(Cache::with_weighter(
            (max_bytes / LEAST_WEIGHT) as usize,
            max_bytes,
            Weight,
        ))
    }

    /// The thumbnail of `key`, made by `make` where it isn't there. Of several who ask at once, one makes it.
    ///
    /// # Errors
    /// Those of `make`.
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
        LEAST_WEIGHT.max(thumbnail.bytes.len() as u64)
    }
}

/// The size of a thumbnail of a picture of `full`: as wide as asked, else as high as asked (0: not asked), in the
/// picture's proportions, never larger than the picture or `max_side` pixels.
#[must_use]
pub fn thumbnail_size(full: (u32, u32), asked: (u32, u32), max_side: u32) -> (u32, u32) {
    let (width, height) = (f64::from(full.0.max(1)), f64::from(full.1.max(1)));
    let wanted = match asked {
        (0, 0) => f64::from(DEFAULT_WIDTH) / width,
        (0, asked) => f64::from(asked) / height,
        (asked, _) => f64::from(asked) / width,
    };
    let scale = wanted.min(f64::from(max_side) / width.max(height)).min(1.0);
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
    fn sizes_keep_the_proportions_within_the_limit(
        #[case] full: (u32, u32),
        #[case] asked: (u32, u32),
        #[case] expected: (u32, u32),
    ) {
        assert_eq!(thumbnail_size(full, asked, 1024), expected);
    }

    proptest! {
        #[test]
        fn no_size_is_zero_or_over_the_limit(full: (u32, u32), asked: (u32, u32), max_side in 1_u32..) {
            let (width, height) = thumbnail_size(full, asked, max_side);
            prop_assert!((1..=max_side).contains(&width) && (1..=max_side).contains(&height));
        }
    }

    #[tokio::test]
    async fn memory_is_bounded_and_another_mtime_is_another_thumbnail() {
        const MAX_BYTES: u64 = 64 << 20;
        let thumbnails = Thumbnails::new(MAX_BYTES);
        let key = |number: u64| ThumbnailKey {
            tab: Tab::Input,
            name: FileName::parse("a.png").unwrap(),
            modified: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number),
            length: 1,
            asked: (0, 0),
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
        assert!(thumbnails.0.len() as u64 <= MAX_BYTES / LEAST_WEIGHT);
    }
}
