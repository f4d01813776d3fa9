//! Probing and decoding apply the same orientation as Pillow.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{LIMITS, exif_block, jpeg_with, png_with, webp_with};
use iopaint_imaging::{Orientation, decode, probe};
use rstest::rstest;

const SHORT: u16 = 3;
const PREFIX: &[u8] = b"Exif\0\0";

/// Asserts that probing and decoding apply orientation `expected`.
fn assert_orientation(bytes: &[u8], expected: u8) {
    let header = probe(bytes, &LIMITS).unwrap();
    assert_eq!(header.orientation.to_exif(), expected);
    let picture = decode(bytes, &LIMITS).unwrap();
    assert_eq!(header.upright_size(), (picture.width(), picture.height()));
}

#[test]
fn probe_and_decode_agree_on_all_files() {
    let mut checked = 0;
    for (name, bytes) in common::files().into_iter().chain(common::cases()) {
        let Ok(picture) = decode(&bytes, &LIMITS) else {
            continue;
        };
        let header = probe(&bytes, &LIMITS).unwrap();
        assert_eq!(
            header.upright_size(),
            (picture.width(), picture.height()),
            "{name}"
        );
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[rstest]
#[case::long_big_endian("orientation-long-be.jpg")]
#[case::directory_shorter_than_its_count("exif-directory-cut.jpg")]
#[case::first_of_two_blocks("two-exif.jpg")]
#[case::webp("page-webp-exif6.webp")]
#[case::tiff("page-tiff-orientation6.tif")]
fn orientation_6_is_read(#[case] name: &str) {
    let bytes = common::case(name);
    let header = probe(&bytes, &LIMITS).unwrap();
    assert_eq!(header.orientation, Orientation::Rotate90, "{name}");
    assert_orientation(&bytes, 6);
}

#[rstest]
#[case::byte(1, b"\x06\0\0\0", b"\x06\0\0\0", 1)]
#[case::ascii(2, b"6\0\0\0", b"6\0\0\0", 1)]
#[case::short(3, b"\x06\0\0\0", b"\0\x06\0\0", 6)]
#[case::long(4, b"\x06\0\0\0", b"\0\0\0\x06", 6)]
#[case::sbyte(6, b"\x06\0\0\0", b"\x06\0\0\0", 6)]
#[case::undefined(7, b"\x06\0\0\0", b"\x06\0\0\0", 1)]
#[case::sshort(8, b"\x06\0\0\0", b"\0\x06\0\0", 6)]
#[case::slong(9, b"\x06\0\0\0", b"\0\0\0\x06", 6)]
#[case::float(11, b"\0\0\xc0\x40", b"\x40\xc0\0\0", 6)]
#[case::ifd(13, b"\x06\0\0\0", b"\0\0\0\x06", 6)]
#[case::out_of_range(3, b"\x09\0\0\0", b"\0\x09\0\0", 1)]
#[case::zero(3, b"\0\0\0\0", b"\0\0\0\0", 1)]
#[case::large_long(4, b"\x06\0\x01\0", b"\0\x01\0\x06", 1)]
fn types_count_as_in_pillow(
    #[case] kind: u16,
    #[case] little: &[u8; 4],
    #[case] big: &[u8; 4],
    #[case] expected: u8,
) {
    for (big_endian, value) in [(false, little), (true, big)] {
        let block = exif_block(big_endian, kind, 1, *value);
        assert_orientation(&jpeg_with(&[(0xe1, &[PREFIX, &block].concat())]), expected);
        assert_orientation(&png_with(&[(b"eXIf", &block)], &[]), expected);
        assert_orientation(&webp_with(8, &[], &[(b"EXIF", &block)]), expected);
    }
}

fn value(big_endian: bool, orientation: u8) -> [u8; 4] {
    if big_endian {
        [0, orientation, 0, 0]
    } else {
        [orientation, 0, 0, 0]
    }
}

fn short(big_endian: bool, orientation: u8) -> Vec<u8> {
    exif_block(big_endian, SHORT, 1, value(big_endian, orientation))
}

#[rstest]
fn damaged_and_unusual_blocks_are_read(#[values(false, true)] big_endian: bool) {
    let exif = |block: &[u8]| jpeg_with(&[(0xe1, &[PREFIX, block].concat())]);
    let six = short(big_endian, 6);
    for count in [2, 9, 0xff] {
        let mut cut = six.clone();
        cut[if big_endian { 9 } else { 8 }] = count;
        cut.truncate(22);
        assert_orientation(&exif(&cut), 6);
    }
    // Two values; no value; the first of two entries.
    assert_orientation(&exif(&exif_block(big_endian, SHORT, 2, value(big_endian, 6))), 6);
    assert_orientation(&exif(&exif_block(big_endian, SHORT, 0, value(big_endian, 6))), 1);
    let mut twice = six[..22].to_vec();
    twice[if big_endian { 9 } else { 8 }] = 2;
    twice.extend_from_slice(&short(big_endian, 3)[10..]);
    assert_orientation(&exif(&twice), 6);
    // A directory at an odd offset, followed by its values.
    let mut odd = six[..8].to_vec();
    odd[if big_endian { 7 } else { 4 }] = 11;
    odd.extend([0; 3]);
    odd.extend_from_slice(&six[8..]);
    assert_orientation(&exif(&odd), 6);
    let offset = if big_endian { [0, 0, 0, 26] } else { [26, 0, 0, 0] };
    let mut outside = exif_block(big_endian, SHORT, 3, offset);
    outside.extend_from_slice(&value(big_endian, 6));
    outside.extend([0; 4]);
    assert_orientation(&exif(&outside), 6);
    let mut rational = exif_block(big_endian, 5, 1, offset);
    rational.extend(if big_endian {
        [0, 0, 0, 12, 0, 0, 0, 2]
    } else {
        [12, 0, 0, 0, 2, 0, 0, 0]
    });
    assert_orientation(&exif(&rational), 6);
    // The magic number in the other byte order.
    let mut swapped = six.clone();
    swapped.swap(2, 3);
    assert_orientation(&exif(&swapped), 6);
    // The prefix twice, and with another fill byte.
    assert_orientation(&exif(&[PREFIX, &six].concat()), 6);
    assert_orientation(
        &jpeg_with(&[(0xe1, &[b"Exif\0\xff".as_slice(), &six].concat())]),
        6,
    );
    assert_orientation(&exif(b"no block at all"), 1);
}

#[rstest]
fn first_of_several_exif_segments_is_used(#[values(false, true)] big_endian: bool) {
    let segment = |block: &[u8]| [PREFIX, block].concat();
    let (one, six) = (segment(&short(big_endian, 1)), segment(&short(big_endian, 6)));
    assert_orientation(&jpeg_with(&[(0xe1, &six), (0xe1, &one)]), 6);
    assert_orientation(&jpeg_with(&[(0xe1, &one), (0xe1, &six)]), 1);
    assert_orientation(&jpeg_with(&[(0xe1, PREFIX), (0xe1, &six)]), 6);
    // A block that is split over two segments.
    let (start, end) = (segment(&six[6..20]), segment(&six[20..]));
    assert_orientation(&jpeg_with(&[(0xe1, &start), (0xe1, &end)]), 6);
}

#[test]
fn webp_exif_needs_its_flag() {
    let six = short(false, 6);
    let prefixed = [PREFIX, &six].concat();
    assert_orientation(&webp_with(8, &[], &[(b"EXIF", &prefixed)]), 6);
    assert_orientation(&webp_with(8, &[(b"EXIF", &six)], &[]), 6);
    assert_orientation(&webp_with(0, &[], &[(b"EXIF", &six)]), 1);
    assert_orientation(&webp_with(8, &[], &[(b"abcd", b"123"), (b"EXIF", &six)]), 6);
    assert_orientation(
        &webp_with(8, &[], &[(b"EXIF", &six), (b"EXIF", &short(false, 3))]),
        6,
    );
}

#[test]
fn png_exif_positions_match_pillow() {
    let six = short(true, 6);
    let exif = (b"eXIf", six.as_slice());
    assert_orientation(&png_with(&[exif], &[]), 6);
    assert_orientation(&png_with(&[], &[exif]), 6);
    assert_orientation(&png_with(&[(b"eXIf", &[PREFIX, &six].concat())], &[]), 6);
    assert_orientation(&png_with(&[exif], &[(b"eXIf", &short(true, 3))]), 6);
    let digits: Vec<String> = [PREFIX, &six]
        .concat()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let digits = digits.concat();
    let (start, end) = digits.split_at(20);
    let raw = format!("\nexif\n      32\n{start}\n{end}\n");
    let keyword = b"Raw profile type exif\0";
    let plain = [keyword.as_slice(), raw.as_bytes()].concat();
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(raw.as_bytes(), 6);
    let compressed = [keyword.as_slice(), &[0], &zlib].concat();
    assert_orientation(&png_with(&[(b"tEXt", &plain)], &[]), 6);
    assert_orientation(&png_with(&[(b"zTXt", &compressed)], &[]), 6);
    assert_orientation(&png_with(&[], &[(b"zTXt", &compressed)]), 6);
    assert_orientation(
        &png_with(&[(b"eXIf", &short(true, 3)), (b"zTXt", &compressed)], &[]),
        3,
    );
    // A chunk with a wrong checksum is discarded.
    let mut broken = png_with(&[exif], &[]);
    let at = broken.windows(4).position(|name| name == b"eXIf").unwrap();
    broken[at + 4 + six.len()] ^= 1;
    assert_orientation(&broken, 1);
}

#[test]
fn xmp_orientation_applies_without_exif() {
    let packet = br#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Orientation='6'/></rdf:RDF></x:xmpmeta>"#;
    let plain = [b"XML:com.adobe.xmp\0\0\0en\0translated\0".as_slice(), packet].concat();
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(packet, 6);
    let compressed = [b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &zlib].concat();
    for text in [&plain, &compressed] {
        assert_orientation(&png_with(&[(b"iTXt", text)], &[]), 6);
        assert_orientation(&png_with(&[], &[(b"iTXt", text)]), 6);
        for orientation in [0, 1] {
            let exif = short(false, orientation);
            assert_orientation(&png_with(&[(b"eXIf", &exif), (b"iTXt", text)], &[]), 1);
        }
    }
    let segment = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), packet].concat();
    assert_orientation(&jpeg_with(&[(0xe1, &segment)]), 1);
    assert_orientation(&webp_with(4, &[], &[(b"XMP ", packet)]), 1);
}
