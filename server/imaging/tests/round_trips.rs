//! Repeated edits preserve metadata and pixels.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod common;

use std::io::Cursor;

use common::{HEIGHT, LIMITS, WIDTH, positions};
use image::{ImageBuffer, LumaA};
use iopaint_imaging::{EncodeOptions, ImageFormat, Mask, decode};
use rstest::rstest;
use tiff::encoder::{Rational, TiffEncoder, colortype::RGB8};
use tiff::tags::Tag;

/// Returns the file after an edit that changes no pixel.
fn edited(file: &[u8]) -> Vec<u8> {
    let picture = decode(file, &LIMITS).unwrap();
    let hole = Mask::empty(picture.width(), picture.height());
    picture
        .preserved
        .encode(&picture.rgb, &hole, &EncodeOptions::default())
        .unwrap()
        .bytes
}

/// Returns the application segments of a JPEG, APP0 to APP15.
fn application_segments(jpeg: &[u8]) -> Vec<&[u8]> {
    let mut segments = Vec::new();
    let mut at = 2;
    while let [0xff, marker @ 0xe0..=0xef, high, low, ..] = &jpeg[at..] {
        let end = at + 2 + usize::from(u16::from_be_bytes([*high, *low]));
        segments.push(&jpeg[at..end]);
        assert_ne!(*marker, 0xee, "the result has an Adobe marker");
        at = end;
    }
    segments
}

/// Returns the fields of a TIFF, except for offsets.
fn fields(file: &[u8]) -> Vec<String> {
    let places = [Tag::StripOffsets, Tag::Unknown(0x8769), Tag::Unknown(0x8825)];
    let mut reader = tiff::decoder::Decoder::new(Cursor::new(file)).unwrap();
    reader
        .tag_iter()
        .map(Result::unwrap)
        .filter(|(tag, _)| !places.contains(tag))
        .map(|(tag, value)| format!("{tag:?} {value:?}"))
        .collect()
}

#[test]
fn second_edit_keeps_all_metadata() {
    let mut checked = 0;
    for (name, file) in common::files() {
        let once = edited(&file);
        let twice = edited(&once);
        match ImageFormat::sniff(&once) {
            Some(ImageFormat::Jpeg) => {
                assert_eq!(
                    application_segments(&once),
                    application_segments(&twice),
                    "{name}"
                );
            }
            Some(ImageFormat::Tiff) => assert_eq!(fields(&once), fields(&twice), "{name}"),
            _ => assert!(once == twice, "{name}"),
        }
        checked += 1;
    }
    assert!(checked > 50);
}

#[test]
fn sixteen_bit_gray_alpha_is_lossless() {
    let deep = ImageBuffer::<LumaA<u16>, Vec<u16>>::from_fn(WIDTH, HEIGHT, |x, y| {
        LumaA([common::rgb16(x, y)[0], common::alpha16(x, y)])
    });
    let mut file = Cursor::new(Vec::new());
    deep.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let twice = image::load_from_memory(&edited(&edited(file.get_ref())))
        .unwrap()
        .into_rgba16();
    for (x, y) in positions() {
        let gray = common::rgb16(x, y)[0];
        assert_eq!(twice.get_pixel(x, y).0, [gray, gray, gray, common::alpha16(x, y)]);
    }
}

#[test]
fn tiff_keeps_gps_fields() {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut gps = encoder.extra_directory().unwrap();
    gps.write_tag(Tag::Unknown(1), "N").unwrap();
    let latitude = [48, 12, 30].map(|n| Rational { n, d: 1 });
    gps.write_tag(Tag::Unknown(2), &latitude[..]).unwrap();
    let offset = gps.finish_with_offsets().unwrap().offset;
    let mut image = encoder.new_image::<RGB8>(1, 1).unwrap();
    image.encoder().write_tag(Tag::Unknown(0x8825), offset).unwrap();
    image.write_data(&[1, 2, 3]).unwrap();

    let twice = edited(&edited(file.get_ref()));
    let exif = exif::Reader::new()
        .read_from_container(&mut Cursor::new(twice))
        .unwrap();
    let latitude = exif.get_field(exif::Tag::GPSLatitude, exif::In::PRIMARY).unwrap();
    assert_eq!(latitude.display_value().to_string(), "48 deg 12 min 30 sec");
}

#[test]
fn cmyk_jpeg_is_converted_by_its_profile() {
    let mut reader = tiff::decoder::Decoder::new(Cursor::new(common::file("profile-cmyk.tiff"))).unwrap();
    let profile = reader.get_tag_u8_vec(Tag::IccProfile).unwrap();
    let plain = common::file("cmyk.jpg");
    let segment = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    let mut managed = plain.clone();
    let length = (segment.len() as u16 + 2).to_be_bytes();
    managed.splice(2..2, [&[0xff, 0xe2], &length[..], &segment].concat());
    let (without, with) = (
        decode(&plain, &LIMITS).unwrap(),
        decode(&managed, &LIMITS).unwrap(),
    );
    let apart = |channel: usize| {
        let sum: u32 = without
            .rgb
            .pixels()
            .zip(with.rgb.pixels())
            .map(|(a, b)| u32::from(a.0[channel].abs_diff(b.0[channel])))
            .sum();
        sum / (WIDTH * HEIGHT)
    };
    assert!((0..3).map(apart).sum::<u32>() > 10, "the profile matters here");
    let twice = edited(&edited(&managed));
    assert!(!twice.windows(11).any(|bytes| bytes == b"ICC_PROFILE"));
}

#[rstest]
#[case("palette-alpha.png")]
#[case("gray-alpha.png")]
#[case("gray-key.png")]
#[case("rgb-key.png")]
#[case("palette-alpha.gif")]
#[case("gray-alpha.tiff")]
fn transparency_survives_two_edits(#[case] name: &str) {
    let before = decode(&common::file(name), &LIMITS).unwrap();
    let after = decode(&edited(&edited(&common::file(name))), &LIMITS).unwrap();
    assert!(before.preserved.alpha.is_some());
    assert_eq!(
        (after.rgb, after.preserved.alpha),
        (before.rgb, before.preserved.alpha)
    );
}
