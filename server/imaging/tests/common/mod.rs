//! The pictures of `make_data.py`: files and the formulas of their pixels.
#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;

use iopaint_imaging::Limits;

pub const WIDTH: u32 = 13;
pub const HEIGHT: u32 = 9;
pub const LIMITS: Limits = Limits {
    max_pixels: 1 << 20,
    max_side: 4096,
};

pub fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of `tests/fixtures/cases`.
pub fn case(name: &str) -> Vec<u8> {
    file(&format!("{CASES}/{name}"))
}

/// Every file of `tests/data`, by name.
pub fn files() -> Vec<(String, Vec<u8>)> {
    folder("")
}

/// Every JPEG of `make_jpegs.py`, by name, and its reference; None for files that must be refused.
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

/// Every file of `tests/fixtures/cases`, by name.
pub fn cases() -> Vec<(String, Vec<u8>)> {
    folder(CASES)
}

/// From `tests/data`.
const CASES: &str = "../../../../tests/fixtures/cases";

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

pub fn deep(x: u32, y: u32) -> [u16; 3] {
    [(x * 4999) as u16, (y * 7001) as u16, ((x + y) * 3001) as u16]
}

pub fn deep_alpha(x: u32, y: u32) -> u16 {
    65535 - (x * y * 600) as u16
}

pub fn palette(x: u32, y: u32) -> [u8; 3] {
    let index = (x + y) % 7;
    [(index * 40) as u8, (255 - index * 30) as u8, (index * 17) as u8]
}

pub fn one_bit(x: u32, y: u32) -> [u8; 3] {
    [if (x ^ y) & 1 == 1 { 255 } else { 0 }; 3]
}

/// value / 257, rounded.
pub fn eight(value: u16) -> u8 {
    (f64::from(value) / 257.0).round() as u8
}

/// The pixels of the JPEG and lossy WebP files, before compression.
pub fn smooth(x: u32, y: u32) -> [u8; 3] {
    [(x * 15 + 20) as u8, (y * 20 + 30) as u8, (200 - x * 5) as u8]
}

pub fn positions() -> impl Iterator<Item = (u32, u32)> {
    (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
}

/// An EXIF block whose first directory, at 8, holds an orientation.
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

/// `rgb.jpg` with further segments behind its JFIF header, as (marker, payload).
pub fn jpeg_with(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = file("rgb.jpg");
    let further = segments.iter().flat_map(|(marker, payload)| {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xff, *marker], &length[..], payload].concat()
    });
    let further: Vec<u8> = further.collect();
    bytes.splice(20..20, further);
    bytes
}

pub fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

/// `rgb.png` with further chunks before and behind its pixels.
pub fn png_with(before: &[(&[u8; 4], &[u8])], behind: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let bytes = file("rgb.png");
    let (header, rest) = bytes.split_at(33);
    let (pixels, end) = rest.split_at(rest.len() - 12);
    let joined = |chunks: &[(&[u8; 4], &[u8])]| -> Vec<u8> {
        let chunks = chunks.iter().flat_map(|(kind, data)| png_chunk(**kind, data));
        chunks.collect()
    };
    [header, &joined(before), pixels, &joined(behind), end].concat()
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

/// A `VP8X` chunk of the test pictures' size.
pub fn webp_features(flags: u8, (width, height): (u32, u32)) -> Vec<u8> {
    let side = |length: u32| (length - 1).to_le_bytes();
    let payload = [&[flags, 0, 0, 0][..], &side(width)[..3], &side(height)[..3]].concat();
    riff_chunk(*b"VP8X", &payload)
}

/// The bitstream's chunk of `rgb.webp`.
pub fn webp_bitstream() -> Vec<u8> {
    let bytes = file("rgb.webp");
    assert_eq!(&bytes[12..16], b"VP8L");
    bytes[12..].to_vec()
}

/// `rgb.webp` as an extended file with these flags, and further chunks before and behind its pixels.
pub fn webp_with(flags: u8, before: &[(&[u8; 4], &[u8])], behind: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let joined = |chunks: &[(&[u8; 4], &[u8])]| -> Vec<u8> {
        let chunks = chunks
            .iter()
            .flat_map(|(name, payload)| riff_chunk(**name, payload));
        chunks.collect()
    };
    let features = webp_features(flags, (WIDTH, HEIGHT));
    webp_file(&[features, joined(before), webp_bitstream(), joined(behind)].concat())
}
