//! WebP: lossy, lossless, and the first frame of an animation.

mod container;

use std::io::Cursor;

use image::{DynamicImage, GenericImage, RgbImage, RgbaImage};
use image_webp::WebPDecoder;

use self::container::{CanvasFrame, EXIF, ExtendedHeader, ICC, XMP, declared};
use super::decoded_file::DecodedFile;
use crate::{DecodeError, ImageFormat, metadata::Metadata};

/// Returns the size of an extended file's canvas, else the size in the bitstream's header.
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    ExtendedHeader::read(bytes)
        .map(|extended| extended.canvas)
        .or_else(|| CanvasFrame::first(bytes)?.image.size())
        .map(|(width, height)| (u64::from(width), u64::from(height)))
        .ok_or_else(|| DecodeError::damaged(ImageFormat::WebP, "the header ends early"))
}

/// Returns the EXIF block.
pub(crate) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    declared(bytes, EXIF, *b"EXIF")
}

/// Decodes the image onto a canvas of the given size.
///
/// The codec receives a file with the image only, since it fails on metadata that is declared but missing,
/// and rounds when it draws the first frame of an animation.
pub(super) fn decode(bytes: &[u8], canvas: (u32, u32)) -> Result<DecodedFile, DecodeError> {
    let damaged = |reason: &str| DecodeError::damaged(ImageFormat::WebP, reason);
    let frame = CanvasFrame::first(bytes).ok_or_else(|| damaged("pixels are missing"))?;
    let size = frame.size.unwrap_or(canvas);
    // The codec allocates by the container's size and iterates by the bitstream's.
    if frame.image.size() != Some(size) {
        return Err(damaged("a frame's size is wrong"));
    }
    let inside =
        |offset: u32, length: u32, side: u32| offset.checked_add(length).is_some_and(|end| end <= side);
    let ((x, y), (width, height)) = (frame.offset, size);
    if !inside(x, width, canvas.0) || !inside(y, height, canvas.1) {
        return Err(damaged("a frame extends beyond the canvas"));
    }
    let image = pixels(frame.image.to_file(size), size)?;
    let image = if frame.has_alpha {
        image
    } else {
        image.into_rgb8().into()
    };
    let image = if size == canvas {
        image
    } else {
        on_canvas(image, frame.offset, canvas, frame.has_alpha)
            .ok_or_else(|| damaged("a frame extends beyond the canvas"))?
    };
    let owned = |flag, name| declared(bytes, flag, name).map(<[u8]>::to_vec);
    Ok(DecodedFile {
        image,
        metadata: Metadata {
            icc: owned(ICC, *b"ICCP"),
            exif: owned(EXIF, *b"EXIF"),
            xmp: owned(XMP, *b"XMP "),
            ..Metadata::default()
        },
    })
}

fn pixels(file: Vec<u8>, (width, height): (u32, u32)) -> Result<DynamicImage, DecodeError> {
    let damaged = |error| DecodeError::damaged(ImageFormat::WebP, error);
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    if decoder.dimensions() != (width, height) {
        return Err(DecodeError::damaged(ImageFormat::WebP, "its size is wrong"));
    }
    let alpha = decoder.has_alpha();
    let pixels = width as usize * height as usize;
    let mut samples = vec![0; pixels * if alpha { 4 } else { 3 }];
    decoder.read_image(&mut samples).map_err(damaged)?;
    let image = if alpha {
        RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    };
    image.ok_or_else(|| DecodeError::damaged(ImageFormat::WebP, "pixels are missing"))
}

/// Copies a frame onto an empty canvas: transparent black, or opaque black in files without alpha, as in
/// `libwebp`.
fn on_canvas(
    frame: DynamicImage,
    (x, y): (u32, u32),
    (width, height): (u32, u32),
    transparent: bool,
) -> Option<DynamicImage> {
    if transparent {
        let mut canvas = RgbaImage::new(width, height);
        canvas.copy_from(&frame.into_rgba8(), x, y).ok()?;
        Some(canvas.into())
    } else {
        let mut canvas = RgbImage::new(width, height);
        canvas.copy_from(&frame.into_rgb8(), x, y).ok()?;
        Some(canvas.into())
    }
}
