//! Encoding: metadata that results keep, and metadata that they must not contain.

mod common;

use common::{HEIGHT, LIMITS, WIDTH, contains, encoded, erased, picture, positions};
use iopaint_imaging::{EncodeOptions, ImageFormat, Mask, decode};
use rstest::rstest;

#[rstest]
fn exif_has_new_size_and_no_orientation(#[values(1, 6)] orientation: u32) {
    let before = picture(&format!("orientation-{orientation}.jpg"));
    let bytes = encoded(&before, EncodeOptions::default()).bytes;
    let size = if orientation == 6 {
        (HEIGHT, WIDTH)
    } else {
        (WIDTH, HEIGHT)
    };
    let after = decode(&bytes, &LIMITS).unwrap();
    assert_eq!(after.rgb.dimensions(), size, "the orientation is applied once");
    let exif = exif::Reader::new()
        .read_from_container(&mut std::io::Cursor::new(&bytes))
        .unwrap();
    let number = |tag| {
        exif.get_field(tag, exif::In::PRIMARY)
            .and_then(|field| field.value.get_uint(0))
    };
    assert_eq!(number(exif::Tag::Orientation), None);
    assert_eq!(number(exif::Tag::PixelXDimension), Some(size.0));
    assert_eq!(number(exif::Tag::PixelYDimension), Some(size.1));
    assert!(
        exif.get_field(exif::Tag::JPEGInterchangeFormat, exif::In::THUMBNAIL)
            .is_none()
    );
    for stays in [&b"Cameras\0"[..], b"2024:05:06 07:08:09"] {
        assert!(contains(&bytes, stays));
    }
    let pictures = bytes
        .windows(3)
        .filter(|start| *start == [0xff, 0xd8, 0xff])
        .count();
    assert_eq!(pictures, 1, "there is no JPEG inside the JPEG");
}

#[test]
fn jpeg_density_profile_and_xmp_are_kept() {
    let mut file = common::file("rgb.jpg");
    let mut segments = Vec::new();
    let packet =
        b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/' a:b='c' tiff:Orientation='6'/>";
    let profile = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile(*b"RGB ")].concat();
    for (marker, payload) in [(0xe1, packet.as_slice()), (0xe2, &profile)] {
        segments.extend([0xff, marker]);
        segments.extend((payload.len() as u16 + 2).to_be_bytes());
        segments.extend(payload);
    }
    file.splice(20..20, segments);
    let before = decode(&file, &LIMITS).unwrap();
    assert_eq!(
        before.rgb.dimensions(),
        (WIDTH, HEIGHT),
        "XMP doesn't define the orientation of a JPEG"
    );
    let bytes = encoded(&before, EncodeOptions::default()).bytes;
    assert_eq!(bytes[13..18], [1, 0, 240, 0, 240]);
    assert!(contains(&bytes, b"a:b='c'") && !contains(&bytes, b"Orientation"));
    assert!(contains(&bytes, &profile));

    let bytes = encoded(
        &before,
        EncodeOptions {
            quality: Some(90),
            strip_metadata: true,
            ..EncodeOptions::default()
        },
    )
    .bytes;
    assert!(contains(&bytes, &profile), "the profile is part of the colours");
    assert!(!contains(&bytes, b"a:b='c'"));
    assert_eq!(bytes[13..18], [0, 0, 1, 0, 1]);
}

#[test]
fn jpeg_density_is_written_to_png() {
    let before = picture("rgb.jpg");
    let hole = Mask::empty(WIDTH, HEIGHT);
    let options = EncodeOptions::default();
    let bytes = before
        .preserved
        .encode_as(ImageFormat::Png, &before.rgb, &hole, &options)
        .unwrap()
        .bytes;
    // 240 per inch.
    assert!(contains(
        &bytes,
        &[
            b"pHYs".as_slice(),
            &9449_u32.to_be_bytes(),
            &9449_u32.to_be_bytes(),
            &[1]
        ]
        .concat()
    ));
    let stripped = EncodeOptions {
        strip_metadata: true,
        ..options
    };
    let bytes = before
        .preserved
        .encode_as(ImageFormat::Png, &before.rgb, &hole, &stripped)
        .unwrap()
        .bytes;
    assert!(!contains(&bytes, b"pHYs"));
}

/// Returns a profile's header for a colour space, with padding.
fn profile(space: [u8; 4]) -> Vec<u8> {
    let mut profile = vec![7; 200];
    profile[..4].copy_from_slice(&200u32.to_be_bytes());
    profile[16..20].copy_from_slice(&space);
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

#[test]
fn png_keeps_text_density_profile_and_exif() {
    let before = picture("metadata.png");
    let bytes = encoded(&before, EncodeOptions::default()).bytes;
    let original = common::file("metadata.png");
    for kept in [
        &b"tEXtAuthor\0somebody"[..],
        b"zTXtparameters\0",
        b"iTXtTitle\0",
        b"pHYs",
        b"iCCP",
        b"eXIf",
        b"a:b=\"c\"",
    ] {
        assert!(contains(&original, kept), "{}", kept.escape_ascii());
        assert!(contains(&bytes, kept), "{}", kept.escape_ascii());
    }
    assert!(!contains(&bytes, b"Orientation"), "the orientation is applied");
    let after = decode(&bytes, &LIMITS).unwrap();
    assert_eq!(after.rgb, erased(&before).0);

    let bytes = encoded(
        &before,
        EncodeOptions {
            quality: Some(100),
            strip_metadata: true,
            ..EncodeOptions::default()
        },
    )
    .bytes;
    assert!(contains(&bytes, b"iCCP"));
    for gone in [&b"tEXt"[..], b"zTXt", b"iTXt", b"pHYs", b"eXIf"] {
        assert!(!contains(&bytes, gone), "{}", gone.escape_ascii());
    }
}

#[test]
fn tiff_keeps_fields_but_not_orientation() {
    let bytes = encoded(&picture("gray.tiff"), EncodeOptions::default()).bytes;
    assert!(contains(&bytes, b"Somebody\0") && contains(&bytes, b"A picture\0"));
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb.dimensions(), (HEIGHT, WIDTH));
    let mut reader = tiff::decoder::Decoder::new(std::io::Cursor::new(
        encoded(&picture("rgb.tiff"), EncodeOptions::default()).bytes,
    ))
    .unwrap();
    assert_eq!(reader.get_tag_u32(tiff::tags::Tag::ResolutionUnit).unwrap(), 2);
    let density = reader.get_tag(tiff::tags::Tag::XResolution).unwrap();
    assert_eq!(density, tiff::decoder::ifd::Value::Rational(300, 1));
}

#[test]
fn bmp_keeps_its_density() {
    let (before, after) = (
        common::file("rgb.bmp"),
        encoded(&picture("rgb.bmp"), EncodeOptions::default()).bytes,
    );
    assert_eq!(before[38..46], after[38..46]);
}

#[test]
fn webp_keeps_profile_exif_and_xmp() {
    let mut file = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut file);
    encoder.set_icc_profile(profile(*b"RGB "));
    encoder.set_exif_metadata(
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0".to_vec(),
    );
    encoder.set_xmp_metadata(b"<x:xmpmeta xmlns:x='adobe:ns:meta/' a:b='c'/>".to_vec());
    let samples: Vec<u8> = positions().flat_map(|(x, y)| common::rgb(x, y)).collect();
    encoder
        .encode(&samples, WIDTH, HEIGHT, image_webp::ColorType::Rgb8)
        .unwrap();
    let before = decode(&file, &LIMITS).unwrap();
    assert_eq!(
        before.rgb.dimensions(),
        (HEIGHT, WIDTH),
        "the orientation in EXIF is applied"
    );
    let bytes = encoded(&before, EncodeOptions::default()).bytes;
    assert!(
        contains(&bytes, &profile(*b"RGB ")) && contains(&bytes, b"a:b='c'") && contains(&bytes, b"EXIF")
    );
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb.dimensions(), (HEIGHT, WIDTH));
}

#[rstest]
fn profiles_of_other_colour_spaces_are_dropped(#[values(b"CMYK", b"GRAY", b"Lab ")] space: &[u8; 4]) {
    let mut file = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut file);
    encoder.set_icc_profile(profile(*space));
    encoder
        .encode(&[1, 2, 3], 1, 1, image_webp::ColorType::Rgb8)
        .unwrap();
    let picture = decode(&file, &LIMITS).unwrap();
    let bytes = picture
        .preserved
        .encode(&picture.rgb, &Mask::empty(1, 1), &EncodeOptions::default())
        .unwrap()
        .bytes;
    assert!(!contains(&bytes, space));
}
