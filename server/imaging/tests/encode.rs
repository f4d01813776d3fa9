//! A result goes back out in the input's format, with what the input carried and nothing that lies or leaks.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::num::NonZeroUsize;

use common::{HEIGHT, LIMITS, WIDTH, positions};
use iopaint_imaging::{
    EncodeError, EncodeOptions, Encoded, GrayImage, ImageFormat, Limits, Picture, RgbImage, decode,
};
use rstest::rstest;

const RED: image::Rgb<u8> = image::Rgb([200, 10, 20]);

fn picture(name: &str) -> Picture {
    decode(&common::file(name), &LIMITS).unwrap()
}

/// Fills the 4 x 3 pixels at (2, 1) with red.
fn erased(picture: &Picture) -> (RgbImage, GrayImage) {
    let (mut result, mut hole) = (
        picture.rgb.clone(),
        GrayImage::new(picture.width(), picture.height()),
    );
    for (x, y) in (1..4).flat_map(|y| (2..6).map(move |x| (x, y))) {
        result.put_pixel(x, y, RED);
        hole.put_pixel(x, y, image::Luma([255]));
    }
    (result, hole)
}

fn written(picture: &Picture, options: EncodeOptions) -> Encoded {
    let (result, hole) = erased(picture);
    picture.encode(&result, &hole, &options).unwrap()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[rstest]
fn lossless_formats_come_back_pixel_for_pixel_with_their_alpha(
    #[values(
        "rgb.png",
        "rgba.png",
        "gray.png",
        "gray-alpha.png",
        "palette.png",
        "palette-alpha.png",
        "one-bit.png",
        "rgb16.png",
        "rgba16.png",
        "gray16.png",
        "rgb.webp",
        "rgba.webp",
        "lossy.webp",
        "rgb.bmp",
        "palette.bmp",
        "rgb.tiff",
        "rgba.tiff",
        "gray.tiff",
        "gray-alpha.tiff",
        "rgb16.tiff",
        "rgba16.tiff",
        "cmyk.tiff",
        "palette.gif",
        "palette-alpha.gif"
    )]
    name: &str,
) {
    let before = picture(name);
    let encoded = written(&before, EncodeOptions::default());
    let wanted = if before.format() == ImageFormat::Gif {
        ImageFormat::Png
    } else {
        before.format()
    };
    assert_eq!(encoded.format, wanted);
    let after = decode(&encoded.bytes, &LIMITS).unwrap();
    assert_eq!(after.format(), wanted);
    assert_eq!(after.rgb, erased(&before).0);
    assert_eq!(after.alpha, before.alpha);
}

#[rstest]
fn sixteen_bit_samples_outside_the_hole_come_back_exactly(
    #[values(
        "rgb16.png",
        "rgba16.png",
        "gray16.png",
        "rgb16.tiff",
        "rgba16.tiff",
        "gray16.tiff"
    )]
    name: &str,
) {
    let before = picture(name);
    let bytes = written(&before, EncodeOptions::default()).bytes;
    let image = image::load_from_memory(&bytes).unwrap();
    assert_eq!(
        image.color().bits_per_pixel() / u16::from(image.color().channel_count()),
        16
    );
    let image = image.into_rgba16();
    for (x, y) in positions() {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        let inside = (2..6).contains(&x) && (1..4).contains(&y);
        let mut expected = if inside {
            RED.0.map(|value| u16::from(value) * 257)
        } else {
            common::deep(x, y)
        };
        if name.starts_with("gray") && !inside {
            expected = [expected[0]; 3];
        }
        assert_eq!([r, g, b], expected, "{name} at {x}, {y}");
        assert_eq!(
            a,
            if name.starts_with("rgba") {
                common::deep_alpha(x, y)
            } else {
                65535
            }
        );
    }
}

#[test]
fn sixteen_bit_pixels_that_a_model_changed_outside_the_hole_follow_the_result() {
    let before = picture("rgb16.png");
    let (mut result, hole) = erased(&before);
    result.put_pixel(12, 8, RED);
    let bytes = before
        .encode(&result, &hole, &EncodeOptions::default())
        .unwrap()
        .bytes;
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb, result);
}

#[rstest]
#[case::best(100, 6, 0x11)]
#[case::good(90, 40, 0x11)]
#[case::small(60, 255, 0x22)]
fn jpeg_quality_sets_error_and_chroma_resolution(
    #[case] quality: u8,
    #[case] tolerance: u8,
    #[case] sampling: u8,
) {
    let before = picture("rgb.jpg");
    let encoded = written(
        &before,
        EncodeOptions {
            quality,
            ..EncodeOptions::default()
        },
    );
    assert_eq!(encoded.format, ImageFormat::Jpeg);
    let frame = encoded
        .bytes
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .unwrap();
    assert_eq!(encoded.bytes[frame + 11], sampling);
    let after = decode(&encoded.bytes, &LIMITS).unwrap();
    for (a, b) in after.rgb.iter().zip(erased(&before).0.iter()) {
        assert!(a.abs_diff(*b) <= tolerance, "{a} {b}");
    }
}

#[rstest]
fn a_jpeg_coded_by_several_threads_is_the_picture_that_one_writes(
    #[values(100, 80)] quality: u8,
    #[values(2, 3, 16)] threads: usize,
) {
    let mut before = picture("rgb.jpg");
    // Larger than what one thread writes, with sides that no unit divides.
    before.rgb = RgbImage::from_fn(2203, 1911, |x, y| {
        [(x / 9) as u8, (y / 7) as u8, (x * y / 5000) as u8].into()
    });
    let hole = GrayImage::new(2203, 1911);
    let [one, several] = [1, threads].map(|threads| {
        let options = EncodeOptions {
            quality,
            threads: NonZeroUsize::new(threads).unwrap(),
            ..EncodeOptions::default()
        };
        before.encode(&before.rgb, &hole, &options).unwrap().bytes
    });
    assert_ne!(one, several);
    let frame = one.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    assert_eq!(one[..frame], several[..frame], "tables and metadata");
    let limits = Limits {
        max_pixels: 1 << 23,
        ..LIMITS
    };
    let [one, several] = [one, several].map(|bytes| decode(&bytes, &limits).unwrap());
    assert!(one.rgb == several.rgb);
}

#[rstest]
fn exif_goes_out_without_orientation_and_thumbnail_and_with_the_new_size(#[values(1, 6)] orientation: u32) {
    let before = picture(&format!("orientation-{orientation}.jpg"));
    let bytes = written(&before, EncodeOptions::default()).bytes;
    let size = if orientation == 6 {
        (HEIGHT, WIDTH)
    } else {
        (WIDTH, HEIGHT)
    };
    let after = decode(&bytes, &LIMITS).unwrap();
    assert_eq!(after.rgb.dimensions(), size, "turned once, not twice");
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
    assert_eq!(pictures, 1, "no JPEG inside the JPEG");
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
    assert_eq!(before.rgb.dimensions(), (WIDTH, HEIGHT), "XMP turns no JPEG");
    let bytes = written(&before, EncodeOptions::default()).bytes;
    assert_eq!(bytes[13..18], [1, 0, 240, 0, 240]);
    assert!(contains(&bytes, b"a:b='c'") && !contains(&bytes, b"Orientation"));
    assert!(contains(&bytes, &profile));

    let bytes = written(
        &before,
        EncodeOptions {
            quality: 90,
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
fn a_jpegs_density_goes_into_a_png() {
    let before = picture("rgb.jpg");
    let hole = GrayImage::new(WIDTH, HEIGHT);
    let options = EncodeOptions::default();
    let bytes = before
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
        .encode_as(ImageFormat::Png, &before.rgb, &hole, &stripped)
        .unwrap()
        .bytes;
    assert!(!contains(&bytes, b"pHYs"));
}

/// A profile's header with nothing behind it but filling.
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
    let bytes = written(&before, EncodeOptions::default()).bytes;
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
    assert!(!contains(&bytes, b"Orientation"), "the picture is upright now");
    let after = decode(&bytes, &LIMITS).unwrap();
    assert_eq!(after.rgb, erased(&before).0);

    let bytes = written(
        &before,
        EncodeOptions {
            quality: 100,
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
fn tiff_keeps_its_fields_and_loses_its_orientation() {
    let bytes = written(&picture("gray.tiff"), EncodeOptions::default()).bytes;
    assert!(contains(&bytes, b"Somebody\0") && contains(&bytes, b"A picture\0"));
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb.dimensions(), (HEIGHT, WIDTH));
    let mut reader = tiff::decoder::Decoder::new(std::io::Cursor::new(
        written(&picture("rgb.tiff"), EncodeOptions::default()).bytes,
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
        written(&picture("rgb.bmp"), EncodeOptions::default()).bytes,
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
    assert_eq!(before.rgb.dimensions(), (HEIGHT, WIDTH), "EXIF turns it");
    let bytes = written(&before, EncodeOptions::default()).bytes;
    assert!(
        contains(&bytes, &profile(*b"RGB ")) && contains(&bytes, b"a:b='c'") && contains(&bytes, b"EXIF")
    );
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb.dimensions(), (HEIGHT, WIDTH));
}

#[rstest]
fn profiles_of_another_colour_space_do_not_go_out(#[values(b"CMYK", b"GRAY", b"Lab ")] space: &[u8; 4]) {
    let mut file = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut file);
    encoder.set_icc_profile(profile(*space));
    encoder
        .encode(&[1, 2, 3], 1, 1, image_webp::ColorType::Rgb8)
        .unwrap();
    let picture = decode(&file, &LIMITS).unwrap();
    let bytes = picture
        .encode(&picture.rgb, &GrayImage::new(1, 1), &EncodeOptions::default())
        .unwrap()
        .bytes;
    assert!(!contains(&bytes, space));
}

#[rstest]
fn any_picture_can_be_written_in_any_format(
    #[values("rgba16.png", "orientation-6.jpg", "palette-alpha.gif", "gray.tiff")] name: &str,
    #[values(
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::Gif
    )]
    format: ImageFormat,
) {
    let before = picture(name);
    let (result, hole) = erased(&before);
    let encoded = before
        .encode_as(format, &result, &hole, &EncodeOptions::default())
        .unwrap();
    let after = decode(&encoded.bytes, &LIMITS).unwrap();
    assert_eq!(after.format(), encoded.format);
    assert_eq!(after.rgb.dimensions(), result.dimensions());
    if encoded.format != ImageFormat::Jpeg {
        assert_eq!(after.rgb, result);
        assert_eq!(after.alpha, before.alpha);
    }
    let exif_kept = contains(&encoded.bytes, b"Cameras\0");
    let has_exif = matches!(
        encoded.format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    );
    assert_eq!(exif_kept, has_exif && name.ends_with("jpg"));
}

#[test]
fn a_patch_is_the_rectangle_with_alpha() {
    let before = picture("rgba.png");
    let (result, _) = erased(&before);
    let patch = decode(&before.encode_patch(&result, (1, 1), (5, 4)).unwrap(), &LIMITS).unwrap();
    assert_eq!(patch.format(), ImageFormat::Png);
    assert_eq!(
        patch.rgb,
        image::imageops::crop_imm(&result, 1, 1, 5, 4).to_image()
    );
    let alpha = before.alpha.as_ref().unwrap();
    assert_eq!(
        patch.alpha.unwrap(),
        image::imageops::crop_imm(alpha, 1, 1, 5, 4).to_image()
    );
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let before = picture("rgb.png");
    let (result, hole) = erased(&before);
    let small = RgbImage::new(2, 2);
    let mismatch = EncodeError::SizeMismatch {
        expected: (WIDTH, HEIGHT),
        found: (2, 2),
    };
    assert_eq!(
        before.encode(&small, &hole, &EncodeOptions::default()),
        Err(mismatch.clone())
    );
    assert_eq!(before.encode_patch(&small, (0, 0), (1, 1)), Err(mismatch));
    for (origin, size) in [
        ((0, 0), (0, 1)),
        ((10, 0), (4, 1)),
        ((0, u32::MAX), (1, 1)),
        ((1, 1), (1, u32::MAX)),
    ] {
        assert_eq!(
            before.encode_patch(&result, origin, size),
            Err(EncodeError::OutsidePicture)
        );
    }
}

#[test]
fn pictures_side_by_side_are_one_picture_with_the_firsts_profile() {
    let picture = picture("rgba16.png");
    let red = RgbImage::from_pixel(WIDTH, HEIGHT, RED);
    let wide = picture.side_by_side(&[&picture.rgb, &red]);
    let hole = GrayImage::new(2 * WIDTH, HEIGHT);
    let written = wide
        .encode_as(ImageFormat::Png, &wide.rgb, &hole, &EncodeOptions::default())
        .unwrap();
    let shown = decode(&written.bytes, &LIMITS).unwrap();
    assert_eq!(shown.rgb.dimensions(), (2 * WIDTH, HEIGHT));
    assert!(shown.alpha.is_none());
    for (x, y) in positions() {
        assert_eq!(shown.rgb.get_pixel(x, y), picture.rgb.get_pixel(x, y));
        assert_eq!(shown.rgb.get_pixel(x + WIDTH, y), &RED);
    }
}

#[test]
fn a_large_png_comes_in_chunks_of_a_quarter_of_a_megabyte_and_noise_does_not_grow() {
    let side = 1200;
    let noise = RgbImage::from_fn(side, side, |x, y| {
        image::Rgb(std::array::from_fn(|channel| {
            ((x * 7919 + y * 104_729 + channel as u32 * 31).wrapping_mul(2_654_435_761) >> 24) as u8
        }))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let limits = Limits {
        max_pixels: u64::from(side * side),
        max_side: side,
    };
    let picture = decode(&bytes.into_inner(), &limits).unwrap();
    let hole = GrayImage::new(side, side);
    let encoded = picture.encode(&noise, &hole, &EncodeOptions::default()).unwrap();
    let (mut rest, mut lengths) = (&encoded.bytes[8..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        lengths.extend(after.starts_with(b"IDAT").then_some(length));
        rest = &after[length + 8..];
    }
    let (raw, written) = (3 * (side * side) as usize, lengths.iter().sum::<usize>());
    assert!((raw..raw + raw / 500).contains(&written), "{written} of {raw}");
    assert!(lengths.iter().all(|length| *length <= 1 << 18), "{lengths:?}");
    assert!(decode(&encoded.bytes, &limits).unwrap().rgb == noise);
}

/// A 16-bit PNG with the colour of `pixel` at every position.
fn sixteen_bit_page(pixel: impl Fn(u32, u32) -> [u16; 3]) -> Picture {
    let page = image::ImageBuffer::from_fn(48, 40, |x, y| image::Rgb(pixel(x, y)));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb16(page)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    decode(&bytes.into_inner(), &LIMITS).unwrap()
}

/// The 16-bit samples after the hole of 4 x 3 pixels is filled with the 8-bit colour of the pixel at (30, 30).
fn filled_like_the_page(page: &Picture) -> image::ImageBuffer<image::Rgb<u16>, Vec<u16>> {
    let (mut result, hole) = erased(page);
    let colour = *page.rgb.get_pixel(30, 30);
    for (pixel, _) in result
        .pixels_mut()
        .zip(hole.pixels())
        .filter(|(_, hole)| hole.0[0] > 0)
    {
        *pixel = colour;
    }
    let encoded = page.encode(&result, &hole, &EncodeOptions::default()).unwrap();
    image::load_from_memory(&encoded.bytes).unwrap().into_rgb16()
}

#[rstest]
fn sixteen_bit_plain_surroundings_are_continued_exactly(
    #[values([40_000; 3], [65_535; 3], [1, 300, 65_000])] colour: [u16; 3],
) {
    let out = filled_like_the_page(&sixteen_bit_page(|_, _| colour));
    assert!(out.pixels().all(|pixel| pixel.0 == colour));
    // Marks and noise of less than an 8-bit level around the hole.
    let marked = sixteen_bit_page(|x, y| match (x, y) {
        (7, 0..4) => [9_000; 3],
        (8, 0..4) => colour.map(|sample| sample - sample % 7),
        _ => colour,
    });
    assert_eq!(filled_like_the_page(&marked).get_pixel(4, 2).0, colour);
}

#[test]
fn sixteen_bit_noise_below_a_level_is_continued_by_its_mean() {
    let noisy = sixteen_bit_page(|x, y| [40_000 + ((x + 2 * y) % 5) as u16; 3]);
    let [red, ..] = filled_like_the_page(&noisy).get_pixel(4, 2).0;
    assert!((40_001..=40_003).contains(&red), "{red}");
}
