//! TorchScript files on disk that can't be read in place.

use std::io::{Cursor, Read, Write};

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{Context, InpaintOptions, Inpainter, Padding, Unmonitored};
use zip::{CompressionMethod, ZipArchive};

use crate::{Device, LamaModel, Source, TorchScriptError};

const BUILTIN: &[u8] = include_bytes!("../../../models/builtin/lama-mini.pt");
const PADDING: Padding = Padding {
    modulo: 8,
    min_size: 0,
    square: false,
};
/// Maximum length of an uncompressed block of a deflate stream, in bytes.
const MAX_BLOCK: usize = 0xFFFF;

/// Returns a deflate stream (RFC 1951) of uncompressed blocks.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut blocks = bytes.chunks(MAX_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream
}

/// Returns a zip archive with all records of `archive` as deflate streams.
fn deflated(archive: &[u8]) -> Vec<u8> {
    const DEFLATE: u16 = 8;
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let records = archive.len() as u16;
    for index in 0..archive.len() {
        let mut record = archive.by_index_raw(index).unwrap();
        let mut stream = Vec::new();
        record.read_to_end(&mut stream).unwrap();
        if record.compression() == CompressionMethod::Stored {
            stream = deflate(&stream);
        }
        let name = record.name().unwrap().into_owned();
        // Version, flags, method, time and date; then the checksum and both sizes, the lengths of the name
        // and of the extra field.
        let mut header: Vec<u8> = [20, 0, DEFLATE, 0, 0x21]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        for number in [record.crc32(), stream.len() as u32, record.size() as u32] {
            header.extend(number.to_le_bytes());
        }
        header.extend([name.len() as u16, 0].into_iter().flat_map(u16::to_le_bytes));
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend((file.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&header);
        file.extend(name.as_bytes());
        file.extend(stream);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([records, records].into_iter().flat_map(u16::to_le_bytes));
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

fn load_from_disk(bytes: &[u8]) -> Result<LamaModel, TorchScriptError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    LamaModel::load(Source::File(file.path()), Device::Cpu, PADDING)
}

fn fill(model: &mut LamaModel) -> RgbImage {
    let image = RgbImage::from_fn(72, 64, |x, y| [x as u8 * 3, y as u8 * 3, (x ^ y) as u8].into());
    let mask = Mask::from_fn(72, 64, |x, y| x.abs_diff(30) < 9 && y > 20 && y < 50);
    let context = Context {
        options: &InpaintOptions::default(),
        monitor: &Unmonitored,
    };
    model.forward(&image, mask.as_coverage(), &context).unwrap()
}

#[test]
fn compressed_file_gives_the_same_model() {
    let mut compressed = load_from_disk(&deflated(BUILTIN)).unwrap();
    let mut stored = load_from_disk(BUILTIN).unwrap();
    assert_eq!(fill(&mut compressed), fill(&mut stored));
}

#[test]
fn truncated_file_is_not_torchscript() {
    for length in [0, 1, 100, BUILTIN.len() / 2, BUILTIN.len() - 1] {
        let error = load_from_disk(&BUILTIN[..length]).err().unwrap();
        assert!(
            matches!(error, TorchScriptError::NotTorchScript(_)),
            "{length} bytes: {error}"
        );
    }
}

/// The directory of records is intact, and points behind the end of the bytes before it.
#[test]
fn file_without_its_first_half_is_not_torchscript() {
    let error = load_from_disk(&BUILTIN[BUILTIN.len() / 2..]).err().unwrap();
    assert!(matches!(error, TorchScriptError::NotTorchScript(_)), "{error}");
}
