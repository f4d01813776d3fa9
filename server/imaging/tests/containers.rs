//! PNG, WebP, BMP and GIF containers: broken metadata doesn't affect pixels; frames and headers decode
//! exactly.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{
    HEIGHT, LIMITS, WIDTH, png_chunk, png_with, positions, riff_chunk, webp_features, webp_file, webp_with,
};
use iopaint_imaging::{DecodeError, Picture, decode, probe};
use rstest::rstest;

fn assert_rgb(picture: &Picture, name: &str) {
    assert_eq!(picture.rgb.dimensions(), (WIDTH, HEIGHT), "{name}");
    for (x, y) in positions() {
        assert_eq!(
            picture.rgb.get_pixel(x, y).0,
            common::rgb(x, y),
            "{name} at {x}, {y}"
        );
    }
}

fn decoded(bytes: &[u8], name: &str) -> Picture {
    decode(bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn assert_unsupported(bytes: &[u8], kind: &str) {
    let error = decode(bytes, &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
    assert!(error.to_string().contains(kind), "{error}");
}

#[test]
fn broken_png_metadata_is_ignored() {
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&[7; 500], 6);
    let profile = [b"name\0\0".as_slice(), &zlib[..zlib.len() / 2]].concat();
    let chunks: [(&[u8; 4], &[u8]); 18] = [
        (b"gAMA", b"\0\0\x01"),
        (b"sRGB", b""),
        (b"sRGB", b"\x09"),
        (b"cHRM", b"123"),
        (b"cICP", b"1"),
        (b"iCCP", &profile),
        (b"iCCP", b"no name"),
        (b"zTXt", b"key\0\0garbage"),
        (b"iTXt", b"key\0\x01"),
        (b"tEXt", b""),
        (b"pHYs", b"\0"),
        (b"tRNS", b"1"),
        (b"acTL", b"\0"),
        (b"fcTL", b"123"),
        (b"bKGD", b""),
        (b"eXIf", b"garbage, garbage"),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta"),
        (b"abCd", b"unknown"),
    ];
    for chunk in chunks {
        let name = chunk.0.escape_ascii().to_string();
        for bytes in [png_with(&[chunk], &[]), png_with(&[], &[chunk])] {
            assert_rgb(&decoded(&bytes, &name), &name);
            let mut broken = bytes;
            let at = broken.windows(4).position(|kind| kind == chunk.0).unwrap();
            broken[at + 4 + chunk.1.len()] ^= 0x55;
            assert_rgb(&decoded(&broken, &name), &format!("{name} with a wrong checksum"));
        }
    }
}

#[test]
fn png_may_end_after_its_pixels() {
    let whole = common::file("rgb.png");
    let pixels_end = whole.len() - 12;
    let text = png_chunk(*b"tEXt", b"key\0a longer text");
    for tail in [
        b"".as_slice(),
        &text[..text.len() - 8],
        &text[..6],
        b"\xff\xff\xff\xfftEXtabc",
        &whole[pixels_end..whole.len() - 4],
        &[&whole[pixels_end..], b"further data"].concat(),
    ] {
        let bytes = [&whole[..pixels_end], tail].concat();
        assert_rgb(&decoded(&bytes, "cut off"), "cut off");
    }
    for length in 33..pixels_end - 12 {
        let error = decode(&whole[..length], &LIMITS).unwrap_err();
        assert!(matches!(error, DecodeError::Damaged { .. }), "{length}: {error}");
    }
}

#[test]
fn png_truncated_within_pixels_is_damaged() {
    let whole = common::file("rgb.png");
    let at = whole.windows(4).position(|kind| kind == b"IDAT").unwrap() - 4;
    let data = &whole[at + 8..whole.len() - 16];
    let (first, second) = data.split_at(data.len() / 2);
    let (first, second) = (png_chunk(*b"IDAT", first), png_chunk(*b"IDAT", second));
    let end = &whole[whole.len() - 12..];
    let text = png_chunk(*b"tEXt", b"key\0text");
    assert_rgb(
        &decoded(&[&whole[..at], &first, &second, end].concat(), "two chunks"),
        "two chunks",
    );
    for tail in [end, b"", &text] {
        let error = decode(&[&whole[..at], &first, tail].concat(), &LIMITS).unwrap_err();
        assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
    }
}

#[test]
fn iphone_png_is_unsupported() {
    let cgbi = common::case("cgbi.png");
    assert_unsupported(&cgbi, "CgBI");
    assert!(matches!(probe(&cgbi, &LIMITS), Err(DecodeError::Unsupported(_))));
    let mut bytes = common::file("rgb.png");
    bytes[12..16].copy_from_slice(b"tEXt");
    assert!(matches!(probe(&bytes, &LIMITS), Err(DecodeError::Damaged { .. })));
}

#[rstest]
fn webp_flags_may_lack_chunks(#[values(0x04, 0x08, 0x0c, 0x10, 0x20, 0x3c, 0xff)] flags: u8) {
    // Without the animation flag.
    assert_rgb(&decoded(&webp_with(flags & !2, &[], &[]), "flags"), "flags");
    assert!(decode(&common::case("webp-exif-flag-no-chunk.webp"), &LIMITS).is_ok());
}

#[test]
fn broken_webp_metadata_is_ignored() {
    for chunks in [
        [(b"ICCP", b"123".as_slice()), (b"abcd", b"".as_slice())],
        [(b"EXIF", b"garbage"), (b"XMP ", b"<x")],
        [(b"EXIF", b""), (b"ICCP", b"")],
    ] {
        assert_rgb(&decoded(&webp_with(0x2c, &chunks, &[]), "before"), "before");
        assert_rgb(&decoded(&webp_with(0x2c, &[], &chunks), "behind"), "behind");
    }
    let whole = webp_with(8, &[], &[(b"EXIF", &[b'x'; 50])]);
    for length in whole.len() - 50..whole.len() {
        assert_rgb(&decoded(&whole[..length], "cut off"), "cut off");
    }
    let mut long = whole.clone();
    let at = whole.windows(4).position(|name| name == b"EXIF").unwrap();
    long[at + 4..at + 8].fill(0xff);
    assert_rgb(&decoded(&long, "a chunk longer than the file"), "long");
    for size in [0, 1, 0xffff_fff0_u32] {
        let mut wrong = whole.clone();
        wrong[4..8].copy_from_slice(&size.to_le_bytes());
        assert_rgb(&decoded(&wrong, "a wrong size in the file's header"), "size");
    }
}

/// Returns an animation frame with the pixels of `rgb.webp`.
fn frame(x: u32, y: u32, flags: u8) -> Vec<u8> {
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let sides = [three(x / 2), three(y / 2), three(WIDTH - 1), three(HEIGHT - 1)].concat();
    riff_chunk(
        *b"ANMF",
        &[&sides[..], &three(100), &[flags], &common::webp_bitstream()].concat(),
    )
}

#[rstest]
fn webp_first_frame_is_on_an_empty_canvas(
    #[values(false, true)] alpha: bool,
    #[values(0, 1, 2, 3)] frame_flags: u8,
) {
    let canvas = (WIDTH + 9, HEIGHT + 6);
    let flags = if alpha { 0x12 } else { 0x02 };
    let chunks = [
        webp_features(flags, canvas),
        riff_chunk(*b"ANIM", &[0x40, 0x80, 0xff, 0xff, 0, 0]),
        frame(6, 4, frame_flags),
        frame(0, 0, frame_flags),
    ];
    let picture = decoded(&webp_file(&chunks.concat()), "animation");
    assert_eq!(picture.rgb.dimensions(), canvas);
    assert_eq!(picture.preserved.alpha.is_some(), alpha);
    for (x, y, pixel) in picture.rgb.enumerate_pixels() {
        let inside = (6..6 + WIDTH).contains(&x) && (4..4 + HEIGHT).contains(&y);
        let expected = if inside { common::rgb(x - 6, y - 4) } else { [0; 3] };
        assert_eq!(pixel.0, expected, "at {x}, {y}");
        if let Some(alpha) = &picture.preserved.alpha {
            assert_eq!(alpha.get_pixel(x, y).0, [if inside { 255 } else { 0 }]);
        }
    }
}

#[test]
fn webp_single_small_frame_is_exact() {
    let picture = decoded(&common::case("webp-animated-small-frame.webp"), "animation");
    let values: std::collections::BTreeSet<u8> = picture.rgb.iter().copied().collect();
    assert!(values.contains(&230), "{values:?}");
    assert!(!values.contains(&229), "{values:?}");
}

#[test]
fn webp_frame_beyond_the_canvas_is_damaged() {
    let chunks = [
        webp_features(2, (WIDTH, HEIGHT)),
        riff_chunk(*b"ANIM", &[0; 6]),
        frame(2, 0, 0),
    ];
    let error = decode(&webp_file(&chunks.concat()), &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}

/// Returns a BMP of header size, `header`, `palette` and rows from bottom to top.
fn bmp(header: &[u8], palette: &[u8], rows: &[u8]) -> Vec<u8> {
    let offset = 18 + header.len() + palette.len();
    let mut file = b"BM".to_vec();
    file.extend(((offset + rows.len()) as u32).to_le_bytes());
    file.extend([0; 4]);
    file.extend((offset as u32).to_le_bytes());
    file.extend((header.len() as u32 + 4).to_le_bytes());
    file.extend([header, palette, rows].concat());
    file
}

/// Returns the fields that OS/2 2.x and Windows headers share, padded with zeros to a header of `size` bytes.
fn header(size: usize, depth: u16, compression: u32) -> Vec<u8> {
    let mut header = [WIDTH.to_le_bytes(), HEIGHT.to_le_bytes()].concat();
    header.extend([1, 0]);
    header.extend(depth.to_le_bytes());
    header.extend(compression.to_le_bytes());
    header.extend([0; 108]);
    header.truncate(size - 4);
    header
}

fn rows(pixel: impl Fn(u32, u32) -> Vec<u8>) -> Vec<u8> {
    let row = |y| {
        let mut row: Vec<u8> = (0..WIDTH).flat_map(|x| pixel(x, y)).collect();
        row.resize(row.len().next_multiple_of(4), 0);
        row
    };
    (0..HEIGHT).rev().flat_map(row).collect()
}

fn bgr(x: u32, y: u32) -> Vec<u8> {
    common::rgb(x, y).into_iter().rev().collect()
}

#[rstest]
fn os2_bmp_headers_are_supported(#[values(16, 20, 24, 28, 32, 36, 42, 44, 46, 48, 60, 64)] size: usize) {
    let file = bmp(&header(size, 24, 0), &[], &rows(bgr));
    assert_rgb(&decoded(&file, "24 bits"), "24 bits");
    let palette: Vec<u8> = (0..256u32)
        .flat_map(|index| {
            [
                (index * 17) as u8,
                255u32.wrapping_sub(index * 30) as u8,
                (index * 40) as u8,
                0,
            ]
        })
        .collect();
    let file = bmp(
        &header(size, 8, 0),
        &palette,
        &rows(|x, y| vec![((x + y) % 7) as u8]),
    );
    let picture = decoded(&file, "8 bits");
    for (x, y) in positions() {
        assert_eq!(picture.rgb.get_pixel(x, y).0, common::palette(x, y));
    }
}

#[test]
fn os2_bmp_with_run_lengths_is_supported() {
    let palette: Vec<u8> = (0..256u32)
        .flat_map(|index| {
            [
                (index * 17) as u8,
                255u32.wrapping_sub(index * 30) as u8,
                (index * 40) as u8,
                0,
            ]
        })
        .collect();
    let row = |y| {
        (0..WIDTH)
            .flat_map(move |x| [1, ((x + y) % 7) as u8])
            .chain([0, 0])
    };
    let data: Vec<u8> = (0..HEIGHT).rev().flat_map(row).chain([0, 1]).collect();
    let picture = decoded(&bmp(&header(64, 8, 1), &palette, &data), "run lengths");
    for (x, y) in positions() {
        assert_eq!(picture.rgb.get_pixel(x, y).0, common::palette(x, y));
    }
    let case = decoded(&common::case("os2v2.bmp"), "os2v2.bmp");
    assert!(
        case.rgb
            .pixels()
            .any(|pixel| pixel.0 != case.rgb.get_pixel(0, 0).0)
    );
}

#[test]
fn bmp_without_data_offset_is_supported() {
    for size in [40, 64, 124] {
        let mut file = bmp(&header(size, 24, 0), &[], &rows(bgr));
        file[10..14].fill(0);
        file[26..28].copy_from_slice(&[3, 0]);
        assert_rgb(&decoded(&file, "no offset"), "no offset");
    }
}

#[test]
fn bmp_with_four_masks_has_alpha() {
    let masks: Vec<u8> = [0xff_u32, 0xff00, 0x00ff_0000, 0xff00_0000]
        .iter()
        .flat_map(|mask| mask.to_le_bytes())
        .collect();
    let pixel = |x, y| [&common::rgb(x, y)[..], &[common::alpha(x, y)]].concat();
    let picture = decoded(&bmp(&header(40, 32, 6), &masks, &rows(pixel)), "masks");
    assert_rgb(&picture, "masks");
    let alpha = picture.preserved.alpha.unwrap();
    assert!(positions().all(|(x, y)| alpha.get_pixel(x, y).0 == [common::alpha(x, y)]));
}

#[rstest]
#[case::huffman(64, 1, 3, "Huffman")]
#[case::rle24(64, 24, 4, "run-length")]
#[case::jpeg(40, 0, 4, "JPEG")]
#[case::png(40, 0, 5, "PNG")]
#[case::cmyk(40, 32, 11, "CMYK")]
#[case::unknown_compression(40, 24, 99, "compression 99")]
#[case::unknown_header(72, 24, 0, "72 bytes")]
fn unsupported_bmp_kinds_are_named(
    #[case] size: usize,
    #[case] depth: u16,
    #[case] compression: u32,
    #[case] name: &str,
) {
    assert_unsupported(&bmp(&header(size, depth, compression), &[], &rows(bgr)), name);
}

#[test]
fn small_gif_frame_has_transparent_border() {
    let mut gif = common::file("palette.gif");
    gif[6] = WIDTH as u8 + 5;
    gif[8] = HEIGHT as u8 + 4;
    let at = gif.iter().position(|byte| *byte == b',').unwrap();
    (gif[at + 1], gif[at + 3]) = (2, 3);
    let picture = decoded(&gif, "gif");
    assert_eq!(picture.rgb.dimensions(), (WIDTH + 5, HEIGHT + 4));
    let alpha = picture.preserved.alpha.unwrap();
    for (x, y, opacity) in alpha.enumerate_pixels() {
        let inside = (2..2 + WIDTH).contains(&x) && (3..3 + HEIGHT).contains(&y);
        assert_eq!(opacity.0, [if inside { 255 } else { 0 }]);
        if inside {
            assert_eq!(picture.rgb.get_pixel(x, y).0, common::palette(x - 2, y - 3));
        }
    }
}

#[test]
fn gif_without_palette_is_damaged() {
    let mut gif = common::file("palette.gif");
    // The flag and size of the global palette in the descriptor (GIF89a, section 18), and the palette.
    let length = 3 << ((gif[10] & 7) + 1);
    assert!(gif[10] & 0x80 > 0);
    gif[10] &= 0x7f;
    gif.drain(13..13 + length);
    assert!(matches!(decode(&gif, &LIMITS), Err(DecodeError::Damaged { .. })));
}
