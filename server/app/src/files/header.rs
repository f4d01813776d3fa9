//! Headers of image files, read without the pixels of large files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use iopaint_imaging::{DecodeLimits, Header, ImageFormat, probe};

/// Bytes read from the start of a file: enough for most headers, then for a large colour profile and EXIF.
const HEAD_BYTES: [u64; 2] = [64 << 10, 4 << 20];
/// Maximum number of bytes kept of a file whose metadata may follow its pixels.
const MAX_KEPT_BYTES: u64 = 64 << 20;
/// Maximum number of PNG chunks visited. libpng writes 8 KiB of pixel data per chunk, so this covers 512 MiB.
const MAX_CHUNKS: usize = 1 << 16;
/// No limits: listing decodes no pixels, and decoding applies the limits of the server.
const NO_LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: u64::MAX,
    max_side: u32::MAX,
};

/// Reads format, size and orientation of an image file. Returns `None` for other files. Blocks.
pub fn read_header(file: &mut File) -> Option<Header> {
    let mut bytes = Vec::new();
    for length in HEAD_BYTES {
        let at_end = fill_up(file, &mut bytes, length).ok()?;
        match ImageFormat::sniff(&bytes)? {
            _ if at_end => return probe(&bytes, &NO_LIMITS).ok(),
            // Metadata may follow the pixels in these formats.
            ImageFormat::Png => {
                let chunks = png_without_pixels(file).ok()?;
                return probe(&chunks, &NO_LIMITS).ok();
            }
            ImageFormat::WebP | ImageFormat::Tiff => {
                fill_up(file, &mut bytes, MAX_KEPT_BYTES).ok()?;
                return probe(&bytes, &NO_LIMITS).ok();
            }
            ImageFormat::Jpeg | ImageFormat::Bmp | ImageFormat::Gif => {
                if let Ok(header) = probe(&bytes, &NO_LIMITS) {
                    return Some(header);
                }
            }
        }
    }
    None
}

/// Appends to `bytes` from the file until it has `length` bytes. Returns true at the end of the file.
fn fill_up(file: &mut File, bytes: &mut Vec<u8>, length: u64) -> io::Result<bool> {
    let missing = length.saturating_sub(bytes.len() as u64);
    let read = file.by_ref().take(missing).read_to_end(bytes)?;
    Ok((read as u64) < missing)
}

/// Returns the signature of a PNG and its chunks without pixel data (PNG third edition, section 5.6), up to
/// the first incomplete chunk.
fn png_without_pixels(file: &mut File) -> io::Result<Vec<u8>> {
    let end = file.metadata()?.len();
    let mut kept = vec![0; 8];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut kept)?;
    let mut at = kept.len() as u64;
    for _ in 0..MAX_CHUNKS {
        // A chunk has a length and a type of 4 bytes each, data, and a CRC of 4 bytes.
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
        if !pixels && kept.len() as u64 + rest <= MAX_KEPT_BYTES {
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

    /// Returns a PNG with a header of 3 x 2 pixels and `pixels` bytes of pixel chunks of 8 KiB before its
    /// EXIF chunk.
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
        // Dropping the writer writes the IEND chunk.
        drop(writer);
        bytes
    }

    #[test]
    fn exif_after_pixels_is_read() {
        for pixels in [0, 20_000, 3 << 20, 9 << 20] {
            let header = header_of(&png(pixels)).unwrap();
            assert_eq!(header.upright_size(), (2, 3), "{pixels} bytes of pixels");
        }
    }

    #[test]
    fn truncated_png_has_header() {
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
