//! Encoding: pixels, formats, sizes.

mod common;

use std::num::NonZeroUsize;

use common::{HEIGHT, LIMITS, RED, WIDTH, contains, encoded, erased, picture, positions};
use iopaint_imaging::{DecodeLimits, EncodeError, EncodeOptions, ImageFormat, Mask, Rect, RgbImage, decode};
use rstest::rstest;

#[rstest]
fn lossless_formats_keep_pixels_and_alpha(
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
    let encoded = encoded(&before, EncodeOptions::default());
    let wanted = if before.preserved.format() == ImageFormat::Gif {
        ImageFormat::Png
    } else {
        before.preserved.format()
    };
    assert_eq!(encoded.format, wanted);
    let after = decode(&encoded.bytes, &LIMITS).unwrap();
    assert_eq!(after.preserved.format(), wanted);
    assert_eq!(after.rgb, erased(&before).0);
    assert_eq!(after.preserved.alpha, before.preserved.alpha);
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
    let encoded = encoded(
        &before,
        EncodeOptions {
            quality: Some(quality),
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
fn threads_do_not_change_a_jpeg(#[values(100, 80)] quality: u8, #[values(2, 3, 16)] threads: usize) {
    // Above the size that one thread encodes, with sides that aren't multiples of an MCU.
    let large = RgbImage::from_fn(2203, 1911, |x, y| {
        [(x / 9) as u8, (y / 7) as u8, (x * y / 5000) as u8].into()
    });
    let before = picture("rgb.jpg").preserved.side_by_side(&[&large]);
    let hole = Mask::empty(2203, 1911);
    let [one, several] = [1, threads].map(|threads| {
        let options = EncodeOptions {
            quality: Some(quality),
            threads: NonZeroUsize::new(threads).unwrap(),
            ..EncodeOptions::default()
        };
        before
            .preserved
            .encode(&before.rgb, &hole, &options)
            .unwrap()
            .bytes
    });
    assert_ne!(one, several);
    let frame = one.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    assert_eq!(one[..frame], several[..frame], "tables and metadata");
    let limits = DecodeLimits {
        max_pixels: 1 << 23,
        ..LIMITS
    };
    let [one, several] = [one, several].map(|bytes| decode(&bytes, &limits).unwrap());
    assert!(one.rgb == several.rgb);
}

#[rstest]
fn any_picture_encodes_in_any_format(
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
        .preserved
        .encode_as(format, &result, &hole, &EncodeOptions::default())
        .unwrap();
    let after = decode(&encoded.bytes, &LIMITS).unwrap();
    assert_eq!(after.preserved.format(), encoded.format);
    assert_eq!(after.rgb.dimensions(), result.dimensions());
    if encoded.format != ImageFormat::Jpeg {
        assert_eq!(after.rgb, result);
        assert_eq!(after.preserved.alpha, before.preserved.alpha);
    }
    let exif_kept = contains(&encoded.bytes, b"Cameras\0");
    let has_exif = matches!(
        encoded.format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    );
    assert_eq!(exif_kept, has_exif && name.ends_with("jpg"));
}

fn rect((x, y): (u32, u32), (width, height): (u32, u32)) -> Rect {
    Rect { x, y, width, height }
}

#[test]
fn patch_is_the_rectangle_with_alpha() {
    let before = picture("rgba.png");
    let (result, _) = erased(&before);
    let patch = decode(
        &before
            .preserved
            .encode_patch(&result, rect((1, 1), (5, 4)))
            .unwrap(),
        &LIMITS,
    )
    .unwrap();
    assert_eq!(patch.preserved.format(), ImageFormat::Png);
    assert_eq!(
        patch.rgb,
        image::imageops::crop_imm(&result, 1, 1, 5, 4).to_image()
    );
    let alpha = before.preserved.alpha.as_ref().unwrap();
    assert_eq!(
        patch.preserved.alpha.unwrap(),
        image::imageops::crop_imm(alpha, 1, 1, 5, 4).to_image()
    );
}

#[test]
fn mismatched_sizes_are_errors() {
    let before = picture("rgb.png");
    let (result, hole) = erased(&before);
    let small = RgbImage::new(2, 2);
    let mismatch = EncodeError::SizeMismatch {
        expected: (WIDTH, HEIGHT),
        found: (2, 2),
    };
    assert_eq!(
        before.preserved.encode(&small, &hole, &EncodeOptions::default()),
        Err(mismatch.clone())
    );
    assert_eq!(
        before.preserved.encode_patch(&small, rect((0, 0), (1, 1))),
        Err(mismatch)
    );
    for (origin, size) in [
        ((0, 0), (0, 1)),
        ((10, 0), (4, 1)),
        ((0, u32::MAX), (1, 1)),
        ((1, 1), (1, u32::MAX)),
    ] {
        assert_eq!(
            before.preserved.encode_patch(&result, rect(origin, size)),
            Err(EncodeError::OutsidePicture)
        );
    }
}

#[test]
fn side_by_side_joins_pictures() {
    let picture = picture("rgba16.png");
    let red = RgbImage::from_pixel(WIDTH, HEIGHT, RED);
    let wide = picture.preserved.side_by_side(&[&picture.rgb, &red]);
    let hole = Mask::empty(2 * WIDTH, HEIGHT);
    let written = wide
        .preserved
        .encode_as(ImageFormat::Png, &wide.rgb, &hole, &EncodeOptions::default())
        .unwrap();
    let shown = decode(&written.bytes, &LIMITS).unwrap();
    assert_eq!(shown.rgb.dimensions(), (2 * WIDTH, HEIGHT));
    assert!(shown.preserved.alpha.is_none());
    for (x, y) in positions() {
        assert_eq!(shown.rgb.get_pixel(x, y), picture.rgb.get_pixel(x, y));
        assert_eq!(shown.rgb.get_pixel(x + WIDTH, y), &RED);
    }
}

#[test]
fn large_png_has_bounded_chunks() {
    let side = 1200;
    let noise = RgbImage::from_fn(side, side, |x, y| {
        image::Rgb(std::array::from_fn(|channel| {
            ((x * 7919 + y * 104_729 + channel as u32 * 31).wrapping_mul(2_654_435_761) >> 24) as u8
        }))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let limits = DecodeLimits {
        max_pixels: u64::from(side * side),
        max_side: side,
    };
    let picture = decode(&bytes.into_inner(), &limits).unwrap();
    let hole = Mask::empty(side, side);
    let encoded = picture
        .preserved
        .encode(&noise, &hole, &EncodeOptions::default())
        .unwrap();
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
