//! Headers of image files; of large ones, without reading the pixels.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use iopaint_imaging::{DecodeLimits, Header, ImageFormat, probe};

/// The bytes that most headers take, and those that even one with a large colour profile and EXIF takes.
const HEADS: [u64; 2] = [64 << 10, 4 << 20];
/// The most bytes that are kept of a file whose metadata may lie behind its pixels.
const LONGEST: u64 = 64 << 20;
/// The most chunks of a PNG that are visited. libpng puts 8 KiB of pixels into a chunk, which makes 512 MiB.
const MOST_CHUNKS: usize = 1 << 16;
/// A list shows any size; the limits apply when a picture is decoded.
const ANY_SIZE: DecodeLimits = DecodeLimits {
    max_pixels: u64::MAX,
    max_side: u32::MAX,
};

/// Reads format, size and orientation of an image file from its start; `None` for anything else. Blocks.
pub fn read_header(file: &mut File) -> Option<Header> {
    let mut bytes = Vec::new();
    for length in HEADS {
        let whole = fill_up(file, &mut bytes, length).ok()?;
        match ImageFormat::sniff(&bytes)? {
            _ if whole => return probe(&bytes, &ANY_SIZE).ok(),
            // Their metadata may lie behind the pixels.
            ImageFormat::Png => {
                let chunks = png_without_pixels(file).ok()?;
                return probe(&chunks, &ANY_SIZE).ok();
            }
            ImageFormat::WebP | ImageFormat::Tiff => {
                fill_up(file, &mut bytes, LONGEST).ok()?;
                return probe(&bytes, &ANY_SIZE).ok();
            }
            ImageFormat::Jpeg | ImageFormat::Bmp | ImageFormat::Gif => {
                if let Ok(header) = probe(&bytes, &ANY_SIZE) {
                    return Some(header);
                }
            }
        }
    }
    None
}

/// Reads on until `bytes` has `length` bytes; returns true at the end of the file.
fn fill_up(file: &mut File, bytes: &mut Vec<u8>, length: u64) -> io::Result<bool> {
    let missing = length.saturating_sub(bytes.len() as u64);
    let read = file.by_ref().take(missing).read_to_end(bytes)?;
    Ok((read as u64) < missing)
}

/// Returns a PNG's signature and chunks but for those with pixels (PNG third edition, 5.6). Of a file that is cut off,
/// the whole chunks.
fn png_without_pixels(file: &mut File) -> io::Result<Vec<u8>> {
    let end = file.metadata()?.len();
    let mut kept = vec![0; 8];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut kept)?;
    let mut at = kept.len() as u64;
    for _ in 0..MOST_CHUNKS {
        // A chunk: length and type of four bytes each, the data, a checksum of four bytes.
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut head).is_err() {
            break;
        }
        let [a, b, c, d, kind @ ..] = head;
        let rest = u64::from(u32::from_be_bytes([a, b, c, d])) + 4;
        at += head.len() as u64 + rest;
        if at > end {
            break;
        }
        let pixels = matches!(&kind, b"IDAT" | b"fdAT");
        if !pixels && kept.len() as u64 + rest <= LONGEST {
            kept.extend(head);
            file.by_ref().take(rest).read_to_end(&mut kept)?;
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn header_of(bytes: &[u8]) -> Option<Header> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        read_header(&mut file)
    }

    /// A PNG of 3 x 2 pixels by its header, with `pixels` bytes in pixel chunks of 8 KiB before its EXIF.
    fn png(pixels: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = png::Encoder::new(&mut bytes, 3, 2);
        let mut writer = encoder.write_header().unwrap();
        for _ in 0..pixels.div_ceil(8192) {
            writer.write_chunk(png::chunk::IDAT, &[0x55; 8192]).unwrap();
        }
        let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let kind = png::chunk::ChunkType(*b"eXIf");
        writer.write_chunk(kind, exif).unwrap();
        // The end chunk is written when the writer is dropped.
        drop(writer);
        bytes
    }

    #[test]
    fn exif_behind_the_pixels_counts_in_small_and_large_pngs() {
        for pixels in [0, 20_000, 3 << 20, 9 << 20] {
            let header = header_of(&png(pixels)).unwrap();
            assert_eq!(header.upright_size(), (2, 3), "{pixels} bytes of pixels");
        }
    }

    #[test]
    fn a_png_cut_off_in_its_pixels_has_a_header() {
        let bytes = png(3 << 20);
        let header = header_of(&bytes[..1 << 20]).unwrap();
        assert_eq!(header.upright_size(), (3, 2));
    }

    #[test]
    fn other_files_have_no_header() {
        assert!(header_of(b"").is_none());
        assert!(header_of(&vec![7; 100_000]).is_none());
    }
}
