//! Parallel JPEG encoding in strips.
//!
//! Restart markers (ITU-T T.81, B.2.4.4 and E.1.4) reset the decoder: the bit stream is padded to a byte, and
//! the next MCU doesn't depend on earlier ones. The entropy-coded data of separate files with the same
//! tables, joined by restart markers, are therefore the data of one file.

use std::num::NonZeroUsize;
use std::ops::Range;

use rayon::prelude::*;

use crate::{EncodeError, ImageFormat};

/// Start of frame, baseline (SOF0). Its height is at an offset of 5 bytes from the marker.
const SOF0: u8 = 0xc0;
/// Start of scan (SOS).
const SOS: u8 = 0xda;
/// The first of the eight restart markers (RST0), which are used cyclically.
const RST0: u8 = 0xd0;
/// End of image (EOI).
const EOI: [u8; 2] = [0xff, 0xd9];

/// The most threads per picture. Several pictures may be encoded at a time, and more threads gain little.
const MAX_THREADS: usize = 8;

/// The division of a picture into strips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strips {
    height: u16,
    /// Rows of pixels per strip; the last strip may have fewer.
    rows: u16,
    /// MCUs per strip; the last strip may have fewer.
    interval: u16,
    threads: usize,
}

impl Strips {
    /// Divides a picture into strips of equal height, the same number for each of `threads` (at most
    /// [`MAX_THREADS`]). `mcu_side` is the side of an MCU in pixels. Returns `None` if a row of MCUs exceeds
    /// the longest restart interval, or if there would be one strip only.
    pub fn plan(width: u16, height: u16, mcu_side: u16, threads: NonZeroUsize) -> Option<Self> {
        let threads = threads.get().min(MAX_THREADS);
        let across = width.div_ceil(mcu_side);
        let down = height.div_ceil(mcu_side);
        let max_mcu_rows = u16::MAX.checked_div(across).filter(|rows| *rows > 0)?;
        let count = usize::from(down.div_ceil(max_mcu_rows)).next_multiple_of(threads);
        let mcu_rows = u16::try_from(usize::from(down).div_ceil(count)).ok()?.max(1);
        let rows = mcu_rows.checked_mul(mcu_side).filter(|rows| *rows < height)?;
        Some(Self {
            height,
            rows,
            interval: mcu_rows.checked_mul(across)?,
            threads,
        })
    }

    fn ranges(self) -> Vec<Range<usize>> {
        let (height, rows) = (usize::from(self.height), usize::from(self.rows));
        (0..height)
            .step_by(rows)
            .map(|start| start..height.min(start + rows))
            .collect()
    }

    /// Calls `write` for each strip, on several threads, and joins the returned files. `write` receives the
    /// strip's rows, true for the first strip, and the restart interval in MCUs.
    pub fn encode(
        self,
        write: impl Fn(Range<usize>, bool, u16) -> Result<Vec<u8>, EncodeError> + Sync,
    ) -> Result<Vec<u8>, EncodeError> {
        let ranges = self.ranges();
        let mut files = Vec::with_capacity(ranges.len());
        files.resize_with(ranges.len(), || Ok(Vec::new()));
        // At most `threads` groups of strips, and so at most that many threads.
        let per_thread = ranges.len().div_ceil(self.threads);
        files
            .par_iter_mut()
            .zip(&ranges)
            .with_min_len(per_thread)
            .for_each(|(file, rows)| *file = write(rows.clone(), rows.start == 0, self.interval));
        let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
        join(files, self.height)
            .ok_or_else(|| EncodeError::codec(ImageFormat::Jpeg, "a strip has no frame or no scan"))
    }
}

/// Returns the first file with the entropy-coded data of the others appended and its height set to `height`.
fn join(files: Vec<Vec<u8>>, height: u16) -> Option<Vec<u8>> {
    let length: usize = files.iter().map(Vec::len).sum();
    let mut files = files.into_iter();
    let mut joined = files.next()?;
    let frame = segment(&joined, SOF0)?;
    joined
        .get_mut(frame + 5..frame + 7)?
        .copy_from_slice(&height.to_be_bytes());
    joined.reserve_exact(length - joined.len());
    for (restarts, file) in files.enumerate() {
        joined.truncate(joined.strip_suffix(&EOI)?.len());
        joined.extend([0xff, RST0 + (restarts % 8) as u8]);
        let scan = segment(&file, SOS)?;
        let header = u16::from_be_bytes(file.get(scan + 2..scan + 4)?.try_into().ok()?);
        joined.extend(file.get(scan + 2 + usize::from(header)..)?);
    }
    Some(joined)
}

/// Returns the offset of a file's first segment with this marker.
fn segment(file: &[u8], marker: u8) -> Option<usize> {
    let mut at = 2;
    loop {
        let [0xff, found, high, low] = *file.get(at..at + 4)? else {
            return None;
        };
        if found == marker {
            return Some(at);
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strips_cover_every_row_once(
            width in 1..=u16::MAX,
            height in 1..=u16::MAX,
            mcu_side in prop_oneof![Just(8_u16), Just(16)],
            threads in 1..40_usize,
        ) {
            let threads = NonZeroUsize::new(threads).unwrap();
            if let Some(strips) = Strips::plan(width, height, mcu_side, threads) {
                let ranges = strips.ranges();
                prop_assert!(ranges.len() > 1);
                prop_assert_eq!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>(), usize::from(height));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert_eq!(strips.rows % mcu_side, 0);
                prop_assert_eq!(strips.interval, strips.rows / mcu_side * width.div_ceil(mcu_side));
            }
        }
    }

    #[test]
    fn threads_share_strips_equally() {
        let strips = Strips::plan(4000, 3000, 8, NonZeroUsize::new(2).unwrap()).unwrap();
        assert_eq!(strips.ranges().len(), 4);
    }
}
