//! Decoding and assembly of strips and tiles, in one plane or in one plane per sample.

use tiff::tags::ByteOrder;

use super::{
    codec::{Compression, RowLayout, decompress},
    directory::Directory,
    error::unsupported,
    jpeg::{self, ExpectedDimensions},
    layout::Layout,
    tag, ycbcr,
};
use crate::{DecodeError, ImageFormat};

/// The most strips or tiles in a file: 64 megapixels in four planes of tiles of 16 x 16 pixels, the smallest
/// that the specification allows.
const MAX_CHUNKS: usize = 1 << 20;
/// Limit on the bytes read and decoded, as a multiple of the memory limit. Bounds the time for files whose
/// strips share their data or whose tiles extend far beyond the picture.
const MAX_WORK: usize = 8;

/// Bytes of memory limit per pixel of a JPEG stream: four 16-bit samples.
const BYTES_PER_PIXEL: usize = 8;

/// Interleaved samples in the order of [`Layout::kept`], in the range of their bit depth.
pub(super) enum ChunkSamples {
    /// 1 to 8 bits.
    Eight(Vec<u8>),
    /// 9 to 16 bits.
    Sixteen(Vec<u16>),
}

/// The division of the picture into strips or tiles.
struct ChunkGrid {
    /// Size of a strip or tile, in pixels.
    width: usize,
    height: usize,
    across: usize,
    down: usize,
    offsets: Vec<u64>,
    /// Sizes in bytes as stored; empty if the tag is missing.
    counts: Vec<u64>,
}

/// The part of a strip or tile that is inside the picture.
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

impl ChunkGrid {
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

    /// Returns the stored bytes of a strip or tile. If its size is missing or 0, as in the files of some
    /// writers, it extends to the next strip or tile, or to the end of the file.
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
/// [`DecodeError::Damaged`] if a strip or tile is missing or ends early, [`DecodeError::Unsupported`] for
/// unsupported JPEG processes and for strips or tiles that need more than `budget` bytes of memory.
pub(super) fn decode(
    directory: &Directory<'_>,
    layout: &Layout,
    budget: usize,
) -> Result<ChunkSamples, DecodeError> {
    let grid = ChunkGrid::read(directory, layout)?;
    let kept = layout.kept();
    let length = layout.width * layout.height * kept.len();
    let mut samples = if layout.bits > 8 {
        ChunkSamples::Sixteen(vec![0; length])
    } else {
        ChunkSamples::Eight(vec![0; length])
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
            let placement = ChunkPlacement {
                layout,
                chunk: &chunk,
                area: &area,
                slot,
                sources,
                pixel: kept.len(),
            };
            match &mut samples {
                ChunkSamples::Eight(samples) if layout.bits == 8 => {
                    placement.copy_to(samples, |row, index| row.get(index).copied());
                }
                ChunkSamples::Eight(samples) => {
                    placement.copy_to(samples, |row, index| {
                        unpack(row, index, layout.bits).map(|value| value as u8)
                    });
                }
                ChunkSamples::Sixteen(samples) if layout.bits == 16 => {
                    placement.copy_to(samples, |row, index| word(row, index, layout.byte_order));
                }
                ChunkSamples::Sixteen(samples) => {
                    placement.copy_to(samples, |row, index| unpack(row, index, layout.bits));
                }
            }
        }
    }
    Ok(samples)
}

/// A decoded strip or tile and its position in the picture.
struct ChunkPlacement<'a> {
    layout: &'a Layout,
    chunk: &'a Chunk,
    area: &'a Area,
    /// Index of the first of the picture's samples per pixel that come from the chunk.
    slot: usize,
    /// Indices of the chunk's samples per pixel that are kept.
    sources: &'a [usize],
    /// The number of samples per pixel of the picture.
    pixel: usize,
}

impl ChunkPlacement<'_> {
    /// Copies the visible part into the picture's samples. `sample` reads the sample at an index of a row.
    fn copy_to<T>(&self, picture: &mut [T], sample: impl Fn(&[u8], usize) -> Option<T>) {
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

/// Returns the sample at `index` of a row of samples of `bits` <= 16 bits, packed from the high-order bit of
/// each byte.
fn unpack(row: &[u8], index: usize, bits: usize) -> Option<u16> {
    let (first, shift) = (index * bits / 8, index * bits % 8);
    let byte = |at: usize| row.get(first + at).copied().map(u32::from);
    let window = byte(0)? << 16 | byte(1).unwrap_or(0) << 8 | byte(2).unwrap_or(0);
    Some((window >> (24 - shift - bits) & ((1 << bits) - 1)) as u16)
}

/// Decodes the visible rows of a strip or tile.
fn chunk(
    layout: &Layout,
    grid: &ChunkGrid,
    stored: &[u8],
    area: &Area,
    budget: usize,
) -> Result<Chunk, DecodeError> {
    let interleaved = layout.interleaved();
    let rows = if layout.subsampling == (1, 1) {
        let bits = grid.width.checked_mul(interleaved * layout.bits);
        bits.map(|bits| RowLayout {
            width: grid.width,
            bytes: bits.div_ceil(8),
            count: area.rows,
        })
    } else {
        // Bounds the size of a row of blocks, which have up to 18 bytes for 16 pixels.
        Some(grid.width)
            .filter(|width| *width <= budget)
            .map(|width| ycbcr::block_rows(width, area.rows, layout.subsampling))
    };
    let rows = rows
        .filter(|rows| {
            rows.bytes
                .checked_mul(rows.count)
                .is_some_and(|bytes| bytes <= budget)
        })
        .ok_or_else(|| unsupported(format_args!("strips or tiles of more than {budget} bytes")))?;
    if let Compression::Jpeg { tables } = &layout.compression {
        let expected = ExpectedDimensions {
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
            samples: ycbcr::upsample(&samples, grid.width, area.rows, layout.subsampling),
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

/// Undoes horizontal differencing: adds its left neighbour to each sample (TIFF 6.0, section 14).
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
