//! Coefficients of results beside those of their originals, in all layouts of the test files.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::RgbImage;
use proptest::prelude::*;

use super::*;
use crate::decode::jpeg::frame::FrameHeader;
use crate::{DecodeLimits, EncodeOptions, Mask, Picture, decode, encode_patched};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 4096,
};

/// Name, content and picture of every JPEG of the test files that can be decoded.
static ORIGINALS: LazyLock<Vec<(String, Vec<u8>, Picture)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/data", "tests/data/jpeg", "../../tests/fixtures/cases"];
    let files = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path())
    });
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let picture = decode(&bytes, &LIMITS).ok()?;
        Some((path.file_name()?.to_str()?.to_owned(), bytes, picture))
    };
    files.into_iter().filter_map(read).collect()
});

/// Returns the picture with a gradient in a hole, and the hole.
fn filled(picture: &Picture, hole: impl Fn(u32, u32) -> bool) -> (RgbImage, Mask) {
    let mut result = picture.rgb.clone();
    let (width, height) = result.dimensions();
    let mask = Mask::from_fn(width, height, hole);
    for (x, y, pixel) in result.enumerate_pixels_mut() {
        if mask.is_hole(x, y) {
            let level = |position: u32| (60 + position.min(120)) as u8;
            *pixel = [level(x), level(y), level(x)].into();
        }
    }
    (result, mask)
}

fn replaced(bytes: &[u8], result: &RgbImage, hole: &Mask) -> Vec<u8> {
    let options = EncodeOptions::default();
    let encoded = encode_patched(bytes, &Patch::whole(result, hole), &LIMITS, &options).unwrap();
    assert_eq!(encoded.reencoded_quality, None);
    encoded.bytes
}

fn planes(stream: &JpegStream<'_>) -> Vec<Coefficients> {
    let mut all = coefficients::planes(&stream.frame, stream.frame.mcus().1);
    coefficients::decode(stream, |mcu_row, planes| {
        for ((all, plane), component) in all.iter_mut().zip(planes).zip(&stream.frame.components) {
            let first = mcu_row * component.vertical * plane.stride;
            all.blocks[first..first + plane.blocks.len()].copy_from_slice(&plane.blocks);
            plane.clear();
        }
    })
    .unwrap();
    all
}

/// Returns true if a block covers a pixel of the hole, in the stored frame.
fn is_touched(
    frame: &FrameHeader,
    component: usize,
    (column, row): (usize, usize),
    is_hole: impl Fn((usize, usize)) -> bool,
) -> bool {
    let (h_max, v_max) = frame.sampling();
    let factors = frame.components[component];
    let (width, height) = (8 * h_max / factors.horizontal, 8 * v_max / factors.vertical);
    let pixels = (0..width * height).map(|at| (column * width + at % width, row * height + at / width));
    pixels
        .filter(|(x, y)| *x < frame.width && *y < frame.height)
        .any(is_hole)
}

/// Asserts that tables, headers and untouched blocks of `after` equal those of `before`. Returns the numbers
/// of untouched and of changed blocks.
fn assert_kept(name: &str, before: &[u8], after: &[u8], picture: &Picture, hole: &Mask) -> (usize, usize) {
    let (old, new) = (scans::read(before).unwrap(), scans::read(after).unwrap());
    assert_eq!(old.frame.components, new.frame.components, "{name}");
    assert_eq!(
        (
            old.frame.progressive,
            old.frame.width,
            old.frame.height,
            old.colour,
            old.jfif
        ),
        (
            new.frame.progressive,
            new.frame.width,
            new.frame.height,
            new.colour,
            new.jfif
        ),
        "{name}"
    );
    assert_eq!(old.quantization, new.quantization, "{name}");
    let scans = |stream: &JpegStream<'_>| {
        let scans = stream.scans.iter();
        scans
            .map(|scan| (scan.band, scan.high, scan.low, scan.restart_interval))
            .collect::<Vec<_>>()
    };
    assert_eq!(scans(&old), scans(&new), "{name}");
    let patch = Patch::whole(&picture.rgb, hole);
    let size = (old.frame.width as u32, old.frame.height as u32);
    let frame = StoredFrame::new(&patch, size, picture.preserved.orientation);
    let (mut untouched, mut changed) = (0, 0);
    for (component, (a, b)) in planes(&old).iter().zip(planes(&new)).enumerate() {
        for (at, (a_block, b_block)) in a.blocks.iter().zip(b.blocks).enumerate() {
            let position = (at % a.stride, at / a.stride);
            if is_touched(&old.frame, component, position, |at| frame.pixel(at).is_some()) {
                changed += usize::from(*a_block != b_block);
            } else {
                assert_eq!(
                    *a_block, b_block,
                    "{name}: component {component}, block {position:?}"
                );
                untouched += 1;
            }
        }
    }
    (untouched, changed)
}

#[test]
fn untouched_blocks_keep_their_coefficients() {
    assert!(ORIGINALS.len() > 80, "{}", ORIGINALS.len());
    let (mut untouched, mut changed) = (0, 0);
    for (name, bytes, picture) in &*ORIGINALS {
        let (width, height) = picture.rgb.dimensions();
        for area in [
            (0, 0, 1, 1),
            (width / 3, height / 3, 9, 7),
            (width - 1, height - 1, 1, 1),
            (0, 0, width, 1),
        ] {
            let (left, top, across, down) = area;
            let (result, hole) = filled(picture, |x, y| {
                (left..left + across).contains(&x) && (top..top + down).contains(&y)
            });
            let after = replaced(bytes, &result, &hole);
            let counts = assert_kept(name, bytes, &after, picture, &hole);
            (untouched, changed) = (untouched + counts.0, changed + counts.1);
        }
    }
    assert!(untouched > 10_000 && changed > 1000, "{untouched} and {changed}");
}

#[test]
fn whole_picture_can_be_replaced() {
    for (name, bytes, picture) in &*ORIGINALS {
        let (result, hole) = filled(picture, |_, _| true);
        let after = replaced(bytes, &result, &hole);
        let shown = decode(&after, &LIMITS).unwrap();
        let gray = shown
            .rgb
            .pixels()
            .all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]);
        let luma = |[red, green, blue]: [u8; 3]| {
            0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)
        };
        let differences = shown.rgb.pixels().zip(result.pixels()).map(|(a, b)| {
            if gray {
                (luma(a.0) - luma(b.0)).abs()
            } else {
                let channels = a.0.iter().zip(b.0);
                channels.map(|(a, b)| f64::from(a.abs_diff(b))).sum::<f64>() / 3.0
            }
        });
        let mean = differences.sum::<f64>() / f64::from(result.width() * result.height());
        assert!(mean < 6.0, "{name}: {mean}");
    }
}

#[test]
fn empty_hole_keeps_all_pixels() {
    for (name, bytes, picture) in &*ORIGINALS {
        let (result, hole) = filled(picture, |_, _| false);
        let after = replaced(bytes, &result, &hole);
        assert_eq!(assert_kept(name, bytes, &after, picture, &hole).1, 0);
        assert!(decode(&after, &LIMITS).unwrap().rgb == picture.rgb, "{name}");
    }
}

#[test]
fn ten_edits_keep_untouched_blocks() {
    for (name, bytes, picture) in ORIGINALS.iter().step_by(7) {
        let (width, height) = picture.rgb.dimensions();
        let mut current = (bytes.clone(), picture.clone());
        let mut all = Mask::empty(width, height);
        for edit in 0..10 {
            let (left, top) = (edit * 13 % width, edit * 7 % height);
            let inside = |x: u32, y: u32| (left..left + 5).contains(&x) && (top..top + 4).contains(&y);
            let (result, hole) = filled(&current.1, inside);
            let after = replaced(&current.0, &result, &hole);
            current = (after.clone(), decode(&after, &LIMITS).unwrap());
            all = Mask::from_fn(width, height, |x, y| all.is_hole(x, y) || inside(x, y));
        }
        // The first edit turns nothing: the stored frame and its orientation stay.
        assert_eq!(
            current.1.preserved.orientation, picture.preserved.orientation,
            "{name}"
        );
        assert_kept(name, bytes, &current.0, picture, &all);
    }
}

/// Deterministic noise, 0 to 255.
fn noise(x: u32, y: u32) -> u8 {
    (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b).rotate_left(13))
        .wrapping_mul(0xc2b2_ae35)
        .to_be_bytes()[0]
}

#[test]
fn missing_codes_get_new_tables() {
    // The tables of a flat picture lack the codes of noise.
    let flat = RgbImage::from_pixel(96, 64, [90, 120, 150].into());
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(flat.as_raw(), 96, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let picture = decode(&bytes, &LIMITS).unwrap();
    let inside = |x: u32, y: u32| (20..40).contains(&x) && (20..30).contains(&y);
    let (mut result, hole) = filled(&picture, inside);
    for (x, y, pixel) in result.enumerate_pixels_mut().filter(|(x, y, _)| inside(*x, *y)) {
        *pixel = [noise(x, y), noise(y, x), noise(x + 7, y)].into();
    }
    let after = replaced(&bytes, &result, &hole);
    let (_, changed) = assert_kept("flat", &bytes, &after, &picture, &hole);
    assert!(changed > 0);
    let own = |bytes: &[u8]| scans::read(bytes).unwrap().scans[0].components[0].ac.clone();
    assert_ne!(own(&bytes), own(&after));
}

#[test]
fn small_holes_keep_the_size() {
    let scene = RgbImage::from_fn(512, 384, |x, y| {
        let level = |period: u32| (x * y / period % 160) as u8 + noise(x, y) / 8;
        [level(97), level(131), level(211)].into()
    });
    for (quality, progressive) in [(60, false), (85, false), (85, true), (95, true)] {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
        encoder.set_progressive(progressive);
        encoder
            .encode(scene.as_raw(), 512, 384, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        let picture = decode(&bytes, &LIMITS).unwrap();
        // 60 x 60 of 512 x 384 pixels are 1.8 %.
        let (result, hole) = filled(&picture, |x, y| {
            (200..260).contains(&x) && (100..160).contains(&y)
        });
        let after = replaced(&bytes, &result, &hole);
        let growth = after.len() as f64 / bytes.len() as f64;
        assert!(
            (0.98..1.02).contains(&growth),
            "quality {quality}, progressive {progressive}: {growth}"
        );
    }
}

#[test]
fn known_pixels_of_touched_blocks_stay_close() {
    for (name, bytes, picture) in &*ORIGINALS {
        let (left, top) = (picture.width() / 2, picture.height() / 2);
        let inside = |x: u32, y: u32| (left..left + 3).contains(&x) && (top..top + 3).contains(&y);
        let hole = Mask::from_fn(picture.width(), picture.height(), inside);
        // Without a change of pixels, only rounding differs.
        let after = replaced(bytes, &picture.rgb, &hole);
        let after = decode(&after, &LIMITS).unwrap();
        let differences = picture
            .rgb
            .iter()
            .zip(after.rgb.iter())
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        let mean = differences.sum::<f64>() / picture.rgb.len() as f64;
        assert!(mean < 1.5, "{name}: {mean}");
    }
}

#[test]
fn unencodable_coefficients_are_errors() {
    let (_, bytes, _) = ORIGINALS.iter().find(|(name, ..)| name == "gray.jpg").unwrap();
    let stream = scans::read(bytes).unwrap();
    let tables = [TableIndices { dc: 0, ac: 4 }];
    let books = [const { None }; TABLES];
    let mut encoder = ScanEncoder::new(&stream.scans[0], &tables, &books);
    let mut row = coefficients::planes(&stream.frame, 1);
    row[0].blocks[0][1] = i16::MIN;
    row[0].nonzero[0] = 1 << 1;
    assert!(encoder.row(&stream.frame, &row, 0).is_err());
}

#[test]
fn orientation_stays_without_other_metadata() {
    let turned = |(name, ..): &&(String, Vec<u8>, Picture)| name.starts_with("orientation-");
    for (name, bytes, picture) in ORIGINALS.iter().filter(turned) {
        let (result, hole) = filled(picture, |x, y| x < 4 && y < 4);
        for strip_metadata in [false, true] {
            let options = EncodeOptions {
                strip_metadata,
                ..EncodeOptions::default()
            };
            let edited = encode_patched(bytes, &Patch::whole(&result, &hole), &LIMITS, &options).unwrap();
            let after = decode(&edited.bytes, &LIMITS).unwrap().preserved;
            assert_eq!(after.orientation, picture.preserved.orientation, "{name}");
        }
    }
}

#[test]
fn inks_are_converted_by_the_profile() {
    let named = |(name, ..): &&(String, Vec<u8>, Picture)| name == "profile-cmyk.jpg";
    let (name, bytes, picture) = ORIGINALS.iter().find(named).unwrap();
    let (width, height) = picture.rgb.dimensions();
    let mut errors = Vec::new();
    for color in [[200, 60, 40], [40, 90, 160], [128, 128, 128], [230, 225, 200]] {
        let hole = Mask::from_fn(width, height, |x, y| (8..32).contains(&x) && (8..24).contains(&y));
        let mut result = picture.rgb.clone();
        for (x, y, pixel) in result.enumerate_pixels_mut() {
            if hole.is_hole(x, y) {
                *pixel = color.into();
            }
        }
        let after = replaced(bytes, &result, &hole);
        let (_, changed) = assert_kept(name, bytes, &after, picture, &hole);
        assert!(changed > 0);
        let profile = |bytes: &[u8]| {
            let mut metadata = crate::metadata::Metadata::default();
            crate::decode::jpeg::collect(bytes, &mut metadata);
            metadata.icc.unwrap()
        };
        assert!(profile(bytes) == profile(&after));
        let shown = decode(&after, &LIMITS).unwrap().rgb.get_pixel(20, 16).0;
        errors.extend(shown.iter().zip(color).map(|(a, b): (&u8, u8)| a.abs_diff(b)));
    }
    // The tables of the profile have 7 and 13 points per axis.
    assert!(errors.iter().all(|error| *error <= 8), "{errors:?}");
}

#[test]
fn profile_without_inverse_is_reencoded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let tiff = std::fs::File::open(folder.join("profile-cmyk.tiff")).unwrap();
    let mut tiff = tiff::decoder::Decoder::new(std::io::BufReader::new(tiff)).unwrap();
    let icc = tiff.get_tag_u8_vec(tiff::tags::Tag::IccProfile).unwrap();
    let plain = std::fs::read(folder.join("cmyk.jpg")).unwrap();
    let profile = [b"ICC_PROFILE\0\x01\x01", icc.as_slice()].concat();
    let length = (profile.len() as u16 + 2).to_be_bytes();
    let bytes = [&plain[..2], &[0xff, 0xe2], &length, &profile, &plain[2..]].concat();
    let picture = decode(&bytes, &LIMITS).unwrap();
    let (result, hole) = filled(&picture, |x, y| x < 4 && y < 4);
    let options = EncodeOptions::default();
    let edited = encode_patched(&bytes, &Patch::whole(&result, &hole), &LIMITS, &options).unwrap();
    assert!(edited.reencoded_quality.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_files_do_not_panic(
        index: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        hole in any::<[u8; 4]>(),
    ) {
        let (name, mut bytes, _) = index.get(&ORIGINALS).clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(picture) = decode(&bytes, &LIMITS) {
            let [left, top, right, bottom] = hole.map(u32::from);
            let (result, hole) = filled(&picture, |x, y| {
                (left..=right).contains(&x) && (top..=bottom).contains(&y)
            });
            let options = EncodeOptions::default();
            let encoded = encode_patched(&bytes, &Patch::whole(&result, &hole), &LIMITS, &options).unwrap();
            if encoded.reencoded_quality.is_none() {
                assert_kept(&name, &bytes, &encoded.bytes, &picture, &hole);
            }
            decode(&encoded.bytes, &LIMITS).unwrap();
            let nothing = Mask::empty(picture.width(), picture.height());
            let unchanged = |file: &[u8]| {
                let edited = encode_patched(file, &Patch::whole(&picture.rgb, &nothing), &LIMITS, &options);
                edited.unwrap()
            };
            let once = unchanged(&bytes);
            if once.reencoded_quality.is_none() {
                let twice = unchanged(&once.bytes);
                prop_assert!(twice.bytes == once.bytes, "an edit without a hole changes nothing");
            }
        }
    }
}
