//! Strips and tiles, in one plane or one per sample: read one by one and assembled.

use tiff::tags::ByteOrder;

use super::{
    codec::{Compression, Rows, decompress},
    directory::Directory,
    jpeg::{self, Expected},
    layout::{Layout, tag},
    unsupported, ycbcr,
};
use crate::{DecodeError, ImageFormat};

/// The most strips or tiles that are decoded. At the specification's least tile, 16 x 16 pixels, these are 64
/// megapixels of four planes.
const MAX_CHUNKS: usize = 1 << 20;
/// Bytes read and decoded, as a multiple of the memory limit. Bounds the time for files whose strips share
/// their data or whose tiles reach far beyond the picture.
const MAX_WORK: usize = 8;

/// The memory limit per pixel of a JPEG stream, as for JPEG files.
const BYTES_PER_PIXEL: usize = 8;

/// Samples in the range of their bits, interleaved, in the order of [`Layout::kept`].
pub(super) enum Samples {
    /// 1 to 8 bits.
    Eight(Vec<u8>),
    /// 9 to 16 bits.
    Sixteen(Vec<u16>),
}

/// The division of the picture into strips or tiles.
struct Grid {
    /// Size of a strip or tile, in pixels.
    width: usize,
    height: usize,
    across: usize,
    down: usize,
    offsets: Vec<u64>,
    /// Bytes stored; empty if the tag is missing.
    counts: Vec<u64>,
}

/// A rectangle of the picture: the visible part of a strip or tile.
struct Area {
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
}

/// Decoded rows of packed samples.
struct Chunk {
    samples: Vec<u8>,
    /// Bytes from row to row.
    stride: usize,
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::damaged(ImageFormat::Tiff, reason)
}

impl Grid {
    fn read(directory: &Directory<'_>, layout: &Layout) -> Result<Self, DecodeError> {
        let side = |tag, default: usize| match directory.number(tag)? {
            None => Ok(default),
            Some(0) => Err(damaged("its strips or tiles are empty")),
            Some(side) => Ok(usize::try_from(side).unwrap_or(usize::MAX)),
        };
        let tiled = directory.contains(tag::TILE_WIDTH);
        let (width, height) = if tiled {
            (
                side(tag::TILE_WIDTH, layout.width)?,
                side(tag::TILE_LENGTH, layout.height)?,
            )
        } else {
            let rows = side(tag::ROWS_PER_STRIP, layout.height)?;
            (layout.width, rows.min(layout.height))
        };
        let (offsets, counts) = if directory.contains(tag::TILE_OFFSETS) {
            (tag::TILE_OFFSETS, tag::TILE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_COUNTS)
        };
        let grid = Self {
            width,
            height,
            across: layout.width.div_ceil(width),
            down: layout.height.div_ceil(height),
            offsets: directory.numbers(offsets)?,
            counts: directory.numbers(counts)?,
        };
        if grid.across.saturating_mul(grid.down) > MAX_CHUNKS {
            return Err(unsupported(format_args!(
                "more than {MAX_CHUNKS} strips or tiles"
            )));
        }
        Ok(grid)
    }

    fn area(&self, layout: &Layout, row: usize, column: usize) -> Area {
        let (left, top) = (column * self.width, row * self.height);
        Area {
            left,
            top,
            columns: self.width.min(layout.width - left),
            rows: self.height.min(layout.height - top),
        }
    }

    /// The stored bytes of a strip or tile. A count that is missing or 0, as some writers leave it, means up
    /// to the next strip or tile, or to the end of the file.
    fn stored<'a>(&self, bytes: &'a [u8], index: usize) -> Result<&'a [u8], DecodeError> {
        let offset = |index: usize| usize::try_from(*self.offsets.get(index)?).ok();
        let (start, rest) = offset(index)
            .filter(|start| *start > 0)
            .and_then(|start| Some((start, bytes.get(start..)?)))
            .ok_or_else(|| damaged("a strip or tile is missing"))?;
        let count = match self.counts.get(index) {
            None | Some(0) => offset(index + 1).and_then(|next| next.checked_sub(start)),
            Some(count) => usize::try_from(*count).ok(),
        };
        let count = count.filter(|count| *count > 0).unwrap_or(rest.len());
        Ok(rest.get(..count).unwrap_or(rest))
    }
}

/// Decodes the picture's samples.
///
/// # Errors
/// `Damaged` if a strip or tile is missing or ends early, `Unsupported` for JPEG processes that are not read
/// and for strips or tiles that take more than `budget` bytes of memory.
pub(super) fn decode(
    directory: &Directory<'_>,
    layout: &Layout,
    budget: usize,
) -> Result<Samples, DecodeError> {
    let grid = Grid::read(directory, layout)?;
    let kept = layout.kept();
    let length = layout.width * layout.height * kept.len();
    let mut samples = if layout.bits > 8 {
        Samples::Sixteen(vec![0; length])
    } else {
        Samples::Eight(vec![0; length])
    };
    let planes: Vec<(usize, Vec<usize>)> = if layout.planar {
        kept.iter().map(|sample| (*sample, vec![0])).collect()
    } else {
        vec![(0, kept.clone())]
    };
    let mut work = directory
        .bytes
        .len()
        .saturating_add(budget.saturating_mul(MAX_WORK));
    for (slot, (plane, sources)) in planes.iter().enumerate() {
        for at in 0..grid.across * grid.down {
            let area = grid.area(layout, at / grid.across, at % grid.across);
            let stored = grid.stored(directory.bytes, plane * grid.across * grid.down + at)?;
            let chunk = chunk(layout, &grid, stored, &area, budget)?;
            work = work
                .checked_sub(chunk.samples.len().saturating_add(stored.len()))
                .ok_or_else(|| unsupported("strips or tiles far larger than the picture"))?;
            let place = Place {
                layout,
                chunk: &chunk,
                area: &area,
                slot,
                sources,
                pixel: kept.len(),
            };
            match &mut samples {
                Samples::Eight(samples) if layout.bits == 8 => {
                    place.fill(samples, |row, index| row.get(index).copied());
                }
                Samples::Eight(samples) => {
                    place.fill(samples, |row, index| {
                        unpack(row, index, layout.bits).map(|value| value as u8)
                    });
                }
                Samples::Sixteen(samples) if layout.bits == 16 => {
                    place.fill(samples, |row, index| word(row, index, layout.byte_order));
                }
                Samples::Sixteen(samples) => {
                    place.fill(samples, |row, index| unpack(row, index, layout.bits));
                }
            }
        }
    }
    Ok(samples)
}

/// A decoded strip or tile and its place in the picture.
struct Place<'a> {
    layout: &'a Layout,
    chunk: &'a Chunk,
    area: &'a Area,
    /// The first of the picture's samples that the chunk fills.
    slot: usize,
    /// The chunk's samples per pixel that are kept.
    sources: &'a [usize],
    /// The picture's samples per pixel.
    pixel: usize,
}

impl Place<'_> {
    fn fill<T>(&self, picture: &mut [T], sample: impl Fn(&[u8], usize) -> Option<T>) {
        let interleaved = self.layout.interleaved();
        let rows = self.chunk.samples.chunks_exact(self.chunk.stride);
        for (y, row) in rows.take(self.area.rows).enumerate() {
            let start = ((self.area.top + y) * self.layout.width + self.area.left) * self.pixel;
            let pixels = picture.get_mut(start..start + self.area.columns * self.pixel);
            for (x, pixel) in pixels
                .into_iter()
                .flat_map(|row| row.chunks_exact_mut(self.pixel))
                .enumerate()
            {
                for (to, source) in pixel.iter_mut().skip(self.slot).zip(self.sources) {
                    if let Some(value) = sample(row, x * interleaved + source) {
                        *to = value;
                    }
                }
            }
        }
    }
}

fn word(row: &[u8], index: usize, byte_order: ByteOrder) -> Option<u16> {
    let pair = *row.get(2 * index..)?.first_chunk()?;
    Some(match byte_order {
        ByteOrder::LittleEndian => u16::from_le_bytes(pair),
        ByteOrder::BigEndian => u16::from_be_bytes(pair),
    })
}

/// The sample at `index` of a row of samples of up to 16 bits, packed from the high-order bit of each byte.
fn unpack(row: &[u8], index: usize, bits: usize) -> Option<u16> {
    let (first, shift) = (index * bits / 8, index * bits % 8);
    let byte = |at: usize| row.get(first + at).copied().map(u32::from);
    let window = byte(0)? << 16 | byte(1).unwrap_or(0) << 8 | byte(2).unwrap_or(0);
    Some((window >> (24 - shift - bits) & ((1 << bits) - 1)) as u16)
}

/// Decodes the visible rows of a strip or tile.
fn chunk(
    layout: &Layout,
    grid: &Grid,
    stored: &[u8],
    area: &Area,
    budget: usize,
) -> Result<Chunk, DecodeError> {
    let interleaved = layout.interleaved();
    let rows = if layout.subsampling == (1, 1) {
        let bits = grid.width.checked_mul(interleaved * layout.bits);
        bits.map(|bits| Rows {
            width: grid.width,
            bytes: bits.div_ceil(8),
            count: area.rows,
        })
    } else {
        // Bounds the size of blocks, at most 18 bytes for 3 pixels' worth of samples.
        Some(grid.width)
            .filter(|width| *width <= budget)
            .map(|width| ycbcr::blocks(width, area.rows, layout.subsampling))
    };
    let rows = rows
        .filter(|rows| {
            rows.bytes
                .checked_mul(rows.count)
                .is_some_and(|bytes| bytes <= budget)
        })
        .ok_or_else(|| unsupported(format_args!("strips or tiles of more than {budget} bytes")))?;
    if let Compression::Jpeg { tables } = &layout.compression {
        let expected = Expected {
            components: interleaved,
            full: (grid.width, grid.height),
            visible: (area.columns, area.rows),
            max_pixels: budget / BYTES_PER_PIXEL,
        };
        let decoded = jpeg::decode(tables, stored, expected)?;
        return Ok(Chunk {
            stride: decoded.width * interleaved,
            samples: decoded.samples,
        });
    }
    let mut samples = if layout.reversed_bits {
        let reversed: Vec<u8> = stored.iter().map(|byte| byte.reverse_bits()).collect();
        decompress(&layout.compression, &reversed, rows)?
    } else {
        decompress(&layout.compression, stored, rows)?
    };
    if layout.subsampling != (1, 1) {
        return Ok(Chunk {
            samples: ycbcr::sample_up(&samples, grid.width, area.rows, layout.subsampling),
            stride: 3 * grid.width,
        });
    }
    if layout.predicted {
        for row in samples.chunks_exact_mut(rows.bytes) {
            undo_prediction(row, interleaved, layout);
        }
    }
    Ok(Chunk {
        samples,
        stride: rows.bytes,
    })
}

/// Adds to each sample its left neighbour (TIFF 6.0, section 14).
fn undo_prediction(row: &mut [u8], interleaved: usize, layout: &Layout) {
    if layout.bits == 8 {
        for at in interleaved..row.len() {
            row[at] = row[at].wrapping_add(row[at - interleaved]);
        }
        return;
    }
    for at in interleaved..row.len() / 2 {
        let sum = word(row, at, layout.byte_order)
            .zip(word(row, at - interleaved, layout.byte_order))
            .map_or(0, |(difference, left)| left.wrapping_add(difference));
        let pair = match layout.byte_order {
            ByteOrder::LittleEndian => sum.to_le_bytes(),
            ByteOrder::BigEndian => sum.to_be_bytes(),
        };
        row[2 * at..2 * at + 2].copy_from_slice(&pair);
    }
}
