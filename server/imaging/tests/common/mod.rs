//! The files of `make_data.py` and the formulas of their pixels.
#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;

use iopaint_imaging::{DecodeLimits, EncodeOptions, Encoded, Mask, Picture, RgbImage, decode};

pub const WIDTH: u32 = 13;
pub const HEIGHT: u32 = 9;
pub const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 4096,
};

/// Reads a file of `tests/data`.
pub fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a file of `tests/fixtures/cases`.
pub fn case(name: &str) -> Vec<u8> {
    file(&format!("{CASES}/{name}"))
}

/// Reads all files of `tests/data`, with their names.
pub fn files() -> Vec<(String, Vec<u8>)> {
    folder("")
}

/// Reads all JPEGs of `make_jpegs.py`, with name and reference; `None` for files that must be rejected.
pub fn jpegs() -> Vec<(String, Vec<u8>, Option<Vec<u8>>)> {
    let files: HashMap<_, _> = folder("jpeg").into_iter().collect();
    let mut jpegs: Vec<_> = files
        .iter()
        .filter_map(|(name, bytes)| {
            let reference = files.get(&format!("{}.png", name.strip_suffix(".jpg")?));
            Some((name.clone(), bytes.clone(), reference.cloned()))
        })
        .collect();
    jpegs.sort();
    jpegs
}

/// Reads all files of `tests/fixtures/cases`, with their names.
pub fn cases() -> Vec<(String, Vec<u8>)> {
    folder(CASES)
}

/// The path of the cases, relative to `tests/data`.
const CASES: &str = "../../../../tests/fixtures/cases";

/// Reads all files of a folder below `tests/data`, with their names.
fn folder(below: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(below);
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            (
                name.clone(),
                file(format!("{below}/{name}").trim_start_matches('/')),
            )
        })
        .collect()
}

pub fn rgb(x: u32, y: u32) -> [u8; 3] {
    [(x * 19) as u8, (y * 28) as u8, ((x + y) * 11) as u8]
}

pub fn alpha(x: u32, y: u32) -> u8 {
    255 - (x * y * 2) as u8
}

pub fn gray(x: u32, y: u32) -> [u8; 3] {
    [(x * 19 + y * 3) as u8; 3]
}

pub fn rgb16(x: u32, y: u32) -> [u16; 3] {
    [(x * 4999) as u16, (y * 7001) as u16, ((x + y) * 3001) as u16]
}

pub fn alpha16(x: u32, y: u32) -> u16 {
    65535 - (x * y * 600) as u16
}

pub fn palette(x: u32, y: u32) -> [u8; 3] {
    let index = (x + y) % 7;
    [(index * 40) as u8, (255 - index * 30) as u8, (index * 17) as u8]
}

pub fn one_bit(x: u32, y: u32) -> [u8; 3] {
    [if (x ^ y) & 1 == 1 { 255 } else { 0 }; 3]
}

/// Returns value / 257, rounded.
pub fn eight_bit(value: u16) -> u8 {
    (f64::from(value) / 257.0).round() as u8
}

/// Returns the pixels of the JPEG and lossy WebP files before compression.
pub fn smooth(x: u32, y: u32) -> [u8; 3] {
    [(x * 15 + 20) as u8, (y * 20 + 30) as u8, (200 - x * 5) as u8]
}

/// Iterates over all pixel positions, in raster order.
pub fn positions() -> impl Iterator<Item = (u32, u32)> {
    (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
}

/// Returns an EXIF block with an orientation in the first directory, at 8.
pub fn exif_block(big_endian: bool, kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
    let short = |number: u16| {
        if big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let long = |number: u32| {
        if big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut block = if big_endian {
        b"MM".to_vec()
    } else {
        b"II".to_vec()
    };
    block.extend(short(42));
    block.extend(long(8));
    block.extend([short(1), short(0x0112), short(kind)].concat());
    block.extend(long(count));
    block.extend(value);
    block.extend([0; 4]);
    block
}

/// Returns `rgb.jpg` with segments, each (marker, payload), inserted after its JFIF header.
pub fn jpeg_with(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = file("rgb.jpg");
    let inserted = segments.iter().flat_map(|(marker, payload)| {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xff, *marker], &length[..], payload].concat()
    });
    let inserted: Vec<u8> = inserted.collect();
    bytes.splice(20..20, inserted);
    bytes
}

pub fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

/// Returns `rgb.png` with chunks inserted before and after its pixels.
pub fn png_with(before: &[(&[u8; 4], &[u8])], after: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let bytes = file("rgb.png");
    let (header, rest) = bytes.split_at(33);
    let (pixels, end) = rest.split_at(rest.len() - 12);
    let joined = |chunks: &[(&[u8; 4], &[u8])]| -> Vec<u8> {
        let chunks = chunks.iter().flat_map(|(kind, data)| png_chunk(**kind, data));
        chunks.collect()
    };
    [header, &joined(before), pixels, &joined(after), end].concat()
}

pub fn riff_chunk(name: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((payload.len() as u32).to_le_bytes());
    chunk.extend(payload);
    chunk.resize(chunk.len() + payload.len() % 2, 0);
    chunk
}

pub fn webp_file(chunks: &[u8]) -> Vec<u8> {
    riff_chunk(*b"RIFF", &[b"WEBP", chunks].concat())
}

/// Returns a `VP8X` chunk.
pub fn webp_features(flags: u8, (width, height): (u32, u32)) -> Vec<u8> {
    let side = |length: u32| (length - 1).to_le_bytes();
    let payload = [&[flags, 0, 0, 0][..], &side(width)[..3], &side(height)[..3]].concat();
    riff_chunk(*b"VP8X", &payload)
}

/// Returns the bitstream chunk of `rgb.webp`.
pub fn webp_bitstream() -> Vec<u8> {
    let bytes = file("rgb.webp");
    assert_eq!(&bytes[12..16], b"VP8L");
    bytes[12..].to_vec()
}

/// Returns `rgb.webp` as an extended file with these flags, and with chunks inserted before and after its
/// pixels.
pub fn webp_with(flags: u8, before: &[(&[u8; 4], &[u8])], after: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let joined = |chunks: &[(&[u8; 4], &[u8])]| -> Vec<u8> {
        let chunks = chunks
            .iter()
            .flat_map(|(name, payload)| riff_chunk(**name, payload));
        chunks.collect()
    };
    let features = webp_features(flags, (WIDTH, HEIGHT));
    webp_file(&[features, joined(before), webp_bitstream(), joined(after)].concat())
}

pub const RED: image::Rgb<u8> = image::Rgb([200, 10, 20]);

/// Decodes a file of `tests/data`.
pub fn picture(name: &str) -> Picture {
    decode(&file(name), &LIMITS).unwrap()
}

/// Returns the picture with the 4 x 3 pixels at (2, 1) filled with red, and the mask of these pixels.
pub fn erased(picture: &Picture) -> (RgbImage, Mask) {
    let mut result = picture.rgb.clone();
    for (x, y) in (1..4).flat_map(|y| (2..6).map(move |x| (x, y))) {
        result.put_pixel(x, y, RED);
    }
    let is_hole = |x, y| (2..6).contains(&x) && (1..4).contains(&y);
    (result, Mask::from_fn(picture.width(), picture.height(), is_hole))
}

/// Encodes the picture after [`erased`].
pub fn encoded(picture: &Picture, options: EncodeOptions) -> Encoded {
    let (result, hole) = erased(picture);
    picture.preserved.encode(&result, &hole, &options).unwrap()
}

pub fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
