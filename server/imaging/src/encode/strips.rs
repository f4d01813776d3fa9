//! One JPEG from strips that are coded beside each other.
//!
//! Restart markers (ITU-T T.81, B.2.4.4 and E.1.4) let a decoder begin anew: bits fill up their byte, and the next unit
//! depends on none before it. So the coded strips of separate files, all with the same tables, are one file's when the
//! markers stand between them.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

use crate::{EncodeError, ImageFormat};

/// Start of frame, baseline: its height stands 5 bytes behind it.
const FRAME: u8 = 0xc0;
/// Start of scan.
const SCAN: u8 = 0xda;
/// The first of eight restart markers, which follow each other in a circle.
const RESTART: u8 = 0xd0;
/// End of image.
const END: [u8; 2] = [0xff, 0xd9];

/// The most threads for one picture. Several may be written at a time, and more gain little.
const MOST_THREADS: usize = 8;

/// How a picture is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strips {
    height: u16,
    /// Rows of pixels of every strip but the last, which may have fewer.
    rows: u16,
    /// Units of every strip but the last.
    interval: u16,
    threads: usize,
}

impl Strips {
    /// Cuts into strips of equal height, as many for each of `threads`, [`MOST_THREADS`] at most. `unit` is the side of
    /// what is coded at once, in pixels. `None` where a row of units is longer than markers can be apart, or there is
    /// nothing to share out.
    pub fn plan(width: u16, height: u16, unit: u16, threads: NonZeroUsize) -> Option<Self> {
        let threads = threads.get().min(MOST_THREADS);
        let across = width.div_ceil(unit);
        let down = height.div_ceil(unit);
        let most = u16::MAX.checked_div(across).filter(|most| *most > 0)?;
        let count = usize::from(down.div_ceil(most)).next_multiple_of(threads);
        let units = u16::try_from(usize::from(down).div_ceil(count)).ok()?.max(1);
        let rows = units.checked_mul(unit).filter(|rows| *rows < height)?;
        Some(Self {
            height,
            rows,
            interval: units.checked_mul(across)?,
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

    /// Has `write` make a file of each strip's rows and joins them. `write` is told the rows, whether they are the first,
    /// and the restart interval.
    pub fn encode(
        self,
        write: impl Fn(Range<usize>, bool, u16) -> Result<Vec<u8>, EncodeError> + Sync,
    ) -> Result<Vec<u8>, EncodeError> {
        let ranges = self.ranges();
        let mut files = Vec::with_capacity(ranges.len());
        files.resize_with(ranges.len(), || Ok(Vec::new()));
        let share = ranges.len().div_ceil(self.threads);
        thread::scope(|scope| {
            for (ranges, files) in ranges.chunks(share).zip(files.chunks_mut(share)) {
                let write = &write;
                scope.spawn(move || {
                    for (rows, file) in ranges.iter().zip(files) {
                        *file = write(rows.clone(), rows.start == 0, self.interval);
                    }
                });
            }
        });
        let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
        join(files, self.height).ok_or_else(|| {
            EncodeError::codec(ImageFormat::Jpeg, "a strip came out without a frame or a scan")
        })
    }
}

/// The first file with the others' coded units behind its own, and the height of the whole.
fn join(files: Vec<Vec<u8>>, height: u16) -> Option<Vec<u8>> {
    let length: usize = files.iter().map(Vec::len).sum();
    let mut files = files.into_iter();
    let mut joined = files.next()?;
    let frame = segment(&joined, FRAME)?;
    joined
        .get_mut(frame + 5..frame + 7)?
        .copy_from_slice(&height.to_be_bytes());
    joined.reserve_exact(length - joined.len());
    for (restarts, file) in files.enumerate() {
        joined.truncate(joined.strip_suffix(&END)?.len());
        joined.extend([0xff, RESTART + (restarts % 8) as u8]);
        let scan = segment(&file, SCAN)?;
        let header = u16::from_be_bytes(file.get(scan + 2..scan + 4)?.try_into().ok()?);
        joined.extend(file.get(scan + 2 + usize::from(header)..)?);
    }
    Some(joined)
}

/// Where a file's segment of this kind begins.
fn segment(file: &[u8], kind: u8) -> Option<usize> {
    let mut at = 2;
    loop {
        let [0xff, found, high, low] = *file.get(at..at + 4)? else {
            return None;
        };
        if found == kind {
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
        fn strips_cover_every_row_once_and_restarts_fall_between_them(
            width in 1..=u16::MAX,
            height in 1..=u16::MAX,
            unit in prop_oneof![Just(8_u16), Just(16)],
            threads in 1..40_usize,
        ) {
            let threads = NonZeroUsize::new(threads).unwrap();
            if let Some(strips) = Strips::plan(width, height, unit, threads) {
                let ranges = strips.ranges();
                prop_assert!(ranges.len() > 1);
                prop_assert_eq!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>(), usize::from(height));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert_eq!(strips.rows % unit, 0);
                prop_assert_eq!(strips.interval, strips.rows / unit * width.div_ceil(unit));
            }
        }
    }

    #[test]
    fn two_threads_have_as_much_to_do() {
        let strips = Strips::plan(4000, 3000, 8, NonZeroUsize::new(2).unwrap()).unwrap();
        assert_eq!(strips.ranges().len(), 4);
    }
}
