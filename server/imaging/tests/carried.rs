//! Preserved metadata, and references to data that the result doesn't contain.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{LIMITS, jpeg_with, png_with, webp_with};
use iopaint_imaging::{EncodeOptions, Mask, decode};
use rstest::rstest;

/// Decodes a file and encodes it in its own format.
fn reencoded(bytes: &[u8]) -> Vec<u8> {
    let picture = decode(bytes, &LIMITS).unwrap_or_else(|error| panic!("{error}"));
    let hole = Mask::empty(picture.width(), picture.height());
    let encoded = picture
        .preserved
        .encode(&picture.rgb, &hole, &EncodeOptions::default());
    encoded.unwrap().bytes
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Returns a packet with a title and with `attributes` and `elements` in one description.
fn packet(declarations: &str, attributes: &str, elements: &str) -> String {
    format!(
        "<?xpacket begin='\u{feff}' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''\n\
         xmlns:dc='http://purl.org/dc/elements/1.1/' {declarations} {attributes}><dc:title>Straße</dc:title>{elements}\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    )
}

#[rstest]
#[case::micro_video("microvideo.jpg", &["MicroVideo"])]
#[case::motion_photo("motionphoto-camera-prefix.jpg", &["MotionPhoto", "Container", "Directory"])]
#[case::gain_map("apple-hdrgainmap.jpg", &["HDRGainMap", "MPF\0"])]
fn references_to_lost_data_are_removed(#[case] name: &str, #[case] gone: &[&str]) {
    let bytes = reencoded(&common::case(name));
    for text in gone {
        assert!(!contains(&bytes, text.as_bytes()), "{name}: {text}");
    }
}

#[rstest]
#[case::camera("http://ns.google.com/photos/1.0/camera/")]
#[case::container("http://ns.google.com/photos/1.0/container/")]
#[case::item("http://ns.google.com/photos/1.0/container/item/")]
#[case::depth("http://ns.google.com/photos/1.0/depthmap/")]
#[case::image("http://ns.google.com/photos/1.0/image/")]
#[case::dynamic_depth("http://ns.google.com/photos/dd/1.0/device/")]
#[case::phone_maker("http://ns.xiaomi.com/photos/1.0/camera/")]
#[case::gain_map("http://ns.adobe.com/hdr-gain-map/1.0/")]
#[case::apple_gain_map("http://ns.apple.com/HDRGainMap/1.0/")]
#[case::previews("http://ns.adobe.com/xap/1.0/g/img/")]
fn stale_namespaces_are_removed(#[case] uri: &str, #[values("GCamera", "Camera", "a")] prefix: &str) {
    let declaration = format!("xmlns:{prefix}=\"{uri}\"");
    let attribute = format!("{prefix}:Claim='1' dc:format=\"image/jpeg\"");
    let element =
        format!("<{prefix}:List rdf:parseType='Resource'><dc:x>1</dc:x></{prefix}:List><{prefix}:Claim/>");
    let nested = format!("<{prefix}:List {declaration}><{prefix}:Claim/></{prefix}:List>");
    for text in [
        packet(&declaration, &attribute, ""),
        packet(&declaration, "dc:format=\"image/jpeg\"", &element),
        packet("", "dc:format=\"image/jpeg\"", &nested),
    ] {
        let bytes = reencoded(&jpeg_with(&[(0xe1, &[XMP, text.as_bytes()].concat())]));
        for gone in [uri, "Claim", "List"] {
            assert!(!contains(&bytes, gone.as_bytes()), "{gone} in {text}");
        }
        for stays in [
            "<dc:title>Straße</dc:title>",
            "dc:format=\"image/jpeg\"",
            "<?xpacket end='w'?>",
        ] {
            assert!(contains(&bytes, stays.as_bytes()), "{stays} of {text}");
        }
    }
}

#[test]
fn other_properties_are_unchanged() {
    let declarations = "xmlns:GPano='http://ns.google.com/photos/1.0/panorama/' \
        xmlns:tiff='http://ns.adobe.com/tiff/1.0/'";
    let text = packet(
        declarations,
        "GPano:ProjectionType='equirectangular' tiff:Make='Cameras'",
        "<!-- a > b -->",
    );
    let bytes = reencoded(&jpeg_with(&[(0xe1, &[XMP, text.as_bytes()].concat())]));
    assert!(contains(&bytes, text.as_bytes()));
}

#[test]
fn unusual_packets_are_cleaned_or_dropped() {
    let text = packet("xmlns:t='http://ns.adobe.com/tiff/1.0/'", "t:Orientation='6'", "");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let padded = [text.as_bytes(), &[0; 20]].concat();
    let marked = ["\u{feff}".as_bytes(), text.as_bytes()].concat();
    let undeclared = text
        .replace("xmlns:t='http://ns.adobe.com/tiff/1.0/'", "")
        .replace("t:O", "tiff:O");
    for packet in [&little, &big, &padded, &marked, undeclared.as_bytes()] {
        let bytes = reencoded(&jpeg_with(&[(0xe1, &[XMP, packet].concat())]));
        assert!(contains(&bytes, "Straße".as_bytes()), "{}", packet.escape_ascii());
        assert!(!contains(&bytes, b"Orientation"), "{}", packet.escape_ascii());
    }
    for broken in [&text[..300], "garbage", ""] {
        let bytes = reencoded(&jpeg_with(&[(0xe1, &[XMP, broken.as_bytes()].concat())]));
        assert!(!contains(&bytes, XMP), "{broken}");
    }
}

#[test]
fn compressed_xmp_of_png_is_kept() {
    let text = packet("", "", "");
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
    let chunk = [b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &zlib].concat();
    for bytes in [
        png_with(&[(b"iTXt", &chunk)], &[]),
        png_with(&[], &[(b"iTXt", &chunk)]),
    ] {
        assert!(contains(&reencoded(&bytes), text.as_bytes()));
    }
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 40 << 20], 6);
    let chunk = [b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &bomb].concat();
    assert!(!contains(
        &reencoded(&png_with(&[(b"iTXt", &chunk)], &[])),
        b"XML:com"
    ));
}

/// Returns a profile's header and padding.
fn profile(length: usize) -> Vec<u8> {
    let mut profile: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    profile[..4].copy_from_slice(&(length as u32).to_be_bytes());
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// Returns an APP2 segment with a chunk of a profile.
fn profile_chunk(number: u8, count: u8, data: &[u8]) -> (u8, Vec<u8>) {
    (
        0xe2,
        [b"ICC_PROFILE\0".as_slice(), &[number, count], data].concat(),
    )
}

#[rstest]
#[case::in_order(&[(1, 3), (2, 3), (3, 3)], true)]
#[case::out_of_order(&[(3, 3), (1, 3), (2, 3)], true)]
#[case::from_zero(&[(0, 3), (1, 3), (2, 3)], true)]
#[case::twice(&[(1, 3), (2, 3), (3, 3), (1, 3), (2, 3), (3, 3)], true)]
#[case::wrong_count(&[(1, 9), (2, 9), (3, 9)], true)]
#[case::first_missing(&[(2, 3), (3, 3)], false)]
#[case::middle_missing(&[(1, 3), (3, 3)], false)]
#[case::last_missing(&[(1, 3), (2, 3)], false)]
fn jpeg_profile_is_joined_from_its_chunks(#[case] chunks: &[(u8, u8)], #[case] kept: bool) {
    let profile = profile(900);
    let first = u8::from(chunks.iter().all(|(number, _)| *number > 0));
    let segments: Vec<(u8, Vec<u8>)> = chunks
        .iter()
        .map(|(number, count)| {
            let at = usize::from(number - first) * 300;
            profile_chunk(*number, *count, &profile[at..at + 300])
        })
        .collect();
    let segments: Vec<(u8, &[u8])> = segments
        .iter()
        .map(|(marker, data)| (*marker, data.as_slice()))
        .collect();
    let bytes = reencoded(&jpeg_with(&segments));
    assert_eq!(contains(&bytes, &profile_chunk(1, 1, &profile).1), kept);
    assert_eq!(contains(&bytes, b"ICC_PROFILE"), kept);
}

#[test]
fn valid_profiles_are_kept() {
    for name in ["icc-numbered-from-0.jpg", "icc-twice.jpg"] {
        assert!(
            contains(&reencoded(&common::case(name)), b"ICC_PROFILE\0\x01\x01"),
            "{name}"
        );
    }
    let whole = profile(500);
    let mut unsigned = whole.clone();
    unsigned[36] = 0;
    for invalid in [&whole[..300], &unsigned, b"", b"garbage"] {
        let jpeg = jpeg_with(&[(0xe2, &profile_chunk(1, 1, invalid).1)]);
        assert!(!contains(&reencoded(&jpeg), b"ICC_PROFILE"));
        let webp = webp_with(0x20, &[(b"ICCP", invalid)], &[]);
        assert!(!contains(&reencoded(&webp), b"ICCP"));
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(invalid, 6);
        let png = png_with(&[(b"iCCP", &[b"name\0\0".as_slice(), &zlib].concat())], &[]);
        assert!(!contains(&reencoded(&png), b"iCCP"));
    }
}

#[rstest]
fn truncated_exif_directory_keeps_entries(#[values(2, 9, 200)] count: u8) {
    // An inline make, and orientation 6. The count is too large, and the block ends after the entries.
    let mut block = b"Exif\0\0MM\0*\0\0\0\x08\0".to_vec();
    block.push(count);
    block.extend(b"\x01\x0f\0\x02\0\0\0\x04ABC\0\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    let bytes = reencoded(&jpeg_with(&[(0xe1, &block)]));
    let exif = exif::Reader::new()
        .read_from_container(&mut std::io::Cursor::new(&bytes))
        .unwrap();
    let field = |tag| {
        exif.get_field(tag, exif::In::PRIMARY)
            .map(|field| field.display_value().to_string())
    };
    assert_eq!(field(exif::Tag::Make).as_deref(), Some("\"ABC\""));
    assert_eq!(field(exif::Tag::Orientation), None);
}

#[test]
fn tiff_keeps_gdal_fields() {
    use tiff::{encoder::TiffEncoder, tags::Tag};
    let mut file = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<tiff::encoder::colortype::RGB8>(2, 2).unwrap();
    image
        .encoder()
        .write_tag(Tag::Unknown(42112), "<GDALMetadata/>")
        .unwrap();
    image.encoder().write_tag(Tag::Unknown(42113), "-9999").unwrap();
    image.write_data(&[7; 12]).unwrap();
    let bytes = reencoded(file.get_ref());
    assert!(contains(&bytes, b"<GDALMetadata/>\0") && contains(&bytes, b"-9999\0"));
}
