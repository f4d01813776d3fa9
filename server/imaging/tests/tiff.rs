//! TIFF: pixels of all supported layouts, and errors that name unsupported features. `make_tiff_data.py`
//! writes the files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod common;

use std::{path::Path, sync::LazyLock, time::Instant};

use common::LIMITS;
use iopaint_imaging::{DecodeError, ImageFormat, Picture, decode, probe};
use proptest::prelude::*;
use rstest::rstest;

/// All files of `tests/tiff_data`, by name.
static DATA: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiff_data");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
});

static TIFFS: LazyLock<Vec<&Vec<u8>>> = LazyLock::new(|| {
    let tiffs = DATA.iter().filter(|(name, _)| has_extension(name, "tif"));
    tiffs.map(|(_, bytes)| bytes).collect()
});

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found == extension)
}

fn data(name: &str) -> &'static [u8] {
    let found = DATA.iter().find(|(other, _)| other == name);
    &found.unwrap_or_else(|| panic!("{name}")).1
}

fn decoded(name: &str, bytes: &[u8]) -> Picture {
    decode(bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the mean and the largest difference of the 8-bit samples. Any difference of 16-bit samples counts
/// as 255.
fn difference(found: &Picture, expected: &Picture) -> (f64, u8) {
    assert_eq!(found.rgb.dimensions(), expected.rgb.dimensions());
    assert_eq!(found.preserved.alpha, expected.preserved.alpha);
    let sixteen = |picture: &Picture| {
        picture
            .preserved
            .sixteen_bit()
            .map(|(rgb, alpha)| (rgb.clone(), alpha.cloned()))
    };
    if sixteen(found) != sixteen(expected) {
        return (255.0, 255);
    }
    let apart: Vec<u8> = found
        .rgb
        .iter()
        .zip(expected.rgb.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let sum: u64 = apart.iter().map(|apart| u64::from(*apart)).sum();
    (sum as f64 / apart.len() as f64, apart.into_iter().max().unwrap())
}

#[test]
fn layouts_decode_to_the_written_samples() {
    let references = DATA.iter().filter(|(name, _)| has_extension(name, "png"));
    let mut count = 0;
    for (png, reference) in references.filter(|(name, _)| !name.starts_with("case-")) {
        let name = png.replace(".png", ".tif");
        let (mean, largest) = difference(&decoded(&name, data(&name)), &decoded(png, reference));
        // JPEG decoders differ in rounding and chroma upsampling.
        let (most, limit) = if name.starts_with("jpeg-") {
            (0.6, 6)
        } else {
            (0.0, 0)
        };
        assert!(
            mean <= most && largest <= limit,
            "{name}: mean {mean}, largest {largest}"
        );
        count += 1;
    }
    assert!(count >= 50, "{count} files");
}

#[rstest]
fn reported_files_decode(
    #[values(
        "page-tiff-orientation6",
        "tiff-cmyk-spot",
        "tiff-colormap-8bit",
        "tiff-extra-channel",
        "tiff-fillorder2-q-g4",
        "tiff-fillorder2-q-none",
        "tiff-fillorder2-q-packbits",
        "tiff-fillorder2-rgb-lzw",
        "tiff-planar-tiled"
    )]
    name: &str,
) {
    let bytes = common::case(&format!("{name}.tif"));
    assert_eq!(probe(&bytes, &LIMITS).unwrap().format, ImageFormat::Tiff);
    let reference = format!("case-{name}.png");
    let expected = decoded(&reference, data(&reference));
    assert_eq!(difference(&decoded(name, &bytes), &expected), (0.0, 0));
}

#[rstest]
#[case("bits-17", "17 bits per sample")]
#[case("bits-24", "24 bits per sample")]
#[case("bits-32", "32 bits per sample")]
#[case("bits-64", "64 bits per sample")]
#[case("bits-mixed", "channels of different bit depths")]
#[case("compression-6", "old-style JPEG compression")]
#[case("compression-9", "JBIG compression")]
#[case("compression-10", "JBIG compression")]
#[case("compression-32766", "NeXT RLE compression")]
#[case("compression-32771", "CCITT RLE on word boundaries compression")]
#[case("compression-32809", "ThunderScan compression")]
#[case("compression-34661", "JBIG compression")]
#[case("compression-34676", "SGILog compression")]
#[case("compression-34712", "JPEG 2000 compression")]
#[case("compression-34887", "LERC compression")]
#[case("compression-34925", "LZMA compression")]
#[case("compression-50000", "Zstandard compression")]
#[case("compression-50001", "WebP compression")]
#[case("compression-50002", "JPEG XL compression")]
#[case("decode", "a Decode array")]
#[case("depth", "three dimensions")]
#[case("dng", "DNG")]
#[case("dot-range", "DotRange")]
#[case("fax-8bit", "CCITT compression of more than one bit per pixel")]
#[case("fax-uncompressed-g3", "CCITT in uncompressed mode")]
#[case("fax-uncompressed-g4", "CCITT in uncompressed mode")]
#[case("format-complex", "complex samples")]
#[case("format-complex-float", "complex samples")]
#[case("format-float", "floating-point samples")]
#[case("format-mixed", "channels of different sample formats")]
#[case("format-signed", "signed samples")]
#[case("indexed", "indexed colours other than RGB")]
#[case("ink-set", "inks other than CMYK")]
#[case("number-of-inks", "inks other than CMYK")]
#[case(
    "jpeg-12bit",
    "JPEG data of an unsupported kind (A JPEG with 12 bits per sample)"
)]
#[case("jpeg-lossless", "JPEG data of an unsupported kind (A lossless JPEG)")]
#[case("no-photometric-2ch", "no PhotometricInterpretation")]
#[case("photometric-4", "a transparency mask as its first page")]
#[case("photometric-8", "CIELab colours")]
#[case("photometric-9", "ICCLab colours")]
#[case("photometric-10", "ITULab colours")]
#[case("photometric-32803", "a colour filter array")]
#[case("photometric-32844", "LogLuv colours")]
#[case("photometric-32845", "LogLuv colours")]
#[case("photometric-34892", "linear raw colours")]
#[case("predictor-4bit", "a predictor for 4 bits")]
#[case("predictor-float", "the floating-point predictor")]
#[case("predictor-unknown", "predictor 9")]
#[case("raw-preview", "a preview as its first page")]
#[case("ycbcr-16bit", "16 bits per sample")]
#[case("ycbcr-extra", "subsampled chroma beside extra samples")]
#[case("ycbcr-odd", "chroma subsampling other than 1, 2 or 4")]
#[case("ycbcr-planar", "subsampled chroma in separate planes")]
#[case("ycbcr-planar-jpeg", "subsampled chroma in separate planes")]
#[case("ycbcr-predictor", "a predictor for subsampled chroma")]
fn unsupported_kinds_are_named(#[case] name: &str, #[case] phrase: &str) {
    let error = decode(data(&format!("refused-{name}.tif")), &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
    assert!(error.to_string().contains(phrase), "{error}");
}

#[rstest]
fn damaged_files_are_errors(
    #[values("cut-4", "cut-5", "missing-plane", "no-colour-map", "short-colour-map")] name: &str,
) {
    let error = decode(data(&format!("damaged-{name}.tif")), &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}

/// Returns a little-endian file of LONG fields, with `body` at offset 8.
fn file(body: &[u8], fields: &[(u16, &[u32])]) -> Vec<u8> {
    let mut bytes = b"II*\0\0\0\0\0".to_vec();
    bytes.extend(body);
    let places: Vec<u32> = fields
        .iter()
        .map(|(_, values)| {
            if let [value] = values {
                return *value;
            }
            let place = bytes.len() as u32;
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            place
        })
        .collect();
    let directory = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&directory.to_le_bytes());
    bytes.extend((fields.len() as u16).to_le_bytes());
    for ((tag, values), place) in fields.iter().zip(places) {
        bytes.extend([tag.to_le_bytes(), [4, 0]].concat());
        bytes.extend([(values.len() as u32).to_le_bytes(), place.to_le_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes
}

#[rstest]
#[case::wide_tiles(1, 1, (1 << 31, 16), "strips or tiles of more than")]
#[case::many_tiles(1 << 10, 1 << 10, (1, 1), "strips or tiles far larger than the picture")]
#[case::shared_tiles(1, 4096, (1 << 20, 1), "strips or tiles far larger than the picture")]
fn oversized_tiles_are_rejected_early(
    #[case] width: u32,
    #[case] height: u32,
    #[case] tile: (u32, u32),
    #[case] phrase: &str,
) {
    // PackBits: runs of 128 zeros, 1 MiB in total. All tiles share the data.
    let body = [0x81, 0].repeat(1 << 13);
    let count = (width.div_ceil(tile.0) * height.div_ceil(tile.1)) as usize;
    let length = if count > 1 << 16 { 0 } else { body.len() as u32 };
    let (offsets, counts) = (vec![8 + body.len() as u32 - length; count], vec![length; count]);
    let bytes = file(
        &body,
        &[
            (256, &[width]),
            (257, &[height]),
            (258, &[8]),
            (259, &[32773]),
            (262, &[1]),
            (322, &[tile.0]),
            (323, &[tile.1]),
            (324, &offsets),
            (325, &counts),
        ],
    );
    let start = Instant::now();
    let error = decode(&bytes, &LIMITS).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains(phrase), "{error}");
    // A deadline: decoding the announced tiles would take minutes.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn truncated_tiffs_do_not_panic() {
    for bytes in TIFFS.iter() {
        for length in (0..bytes.len()).step_by(29) {
            let _ = decode(&bytes[..length], &LIMITS);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Half of the changes are in the directory, at the end of these files.
    #[test]
    fn mutated_tiffs_do_not_panic(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<bool>(), prop_oneof![Just(0u8), Just(1), Just(2), Just(0xff), any::<u8>()]),
            1..6,
        ),
    ) {
        let mut bytes = (*file.get(&TIFFS)).clone();
        for (at, tail, value) in changes {
            let length = bytes.len();
            let at = if tail { length - 1 - at.index(length.min(250)) } else { at.index(length) };
            bytes[at] = value;
        }
        match decode(&bytes, &LIMITS) {
            Ok(picture) => prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= LIMITS.max_pixels),
            Err(error) => prop_assert!(error.to_string().len() < 400),
        }
    }
}
