//! BMP and GIF: pixels, and the density of BMP files.

mod header;

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError,
    codecs::{bmp::BmpDecoder, gif::GifDecoder},
};

use super::decoded_file::DecodedFile;
use crate::{
    DecodeError, DecodeLimits, ImageFormat,
    metadata::{Extras, Metadata},
};

pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<DecodedFile, DecodeError> {
    let error = |error: ImageError| match error {
        ImageError::Unsupported(kind) => DecodeError::unsupported(format!("This kind of {format} ({kind})")),
        other => DecodeError::damaged(format, other),
    };
    let (image, extras) = if format == ImageFormat::Bmp {
        let file = header::normalized(bytes)?;
        let decoder = BmpDecoder::new(Cursor::new(&*file)).map_err(error)?;
        (pixels(decoder, limits).map_err(error)?, density(&file))
    } else {
        let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(error)?;
        (pixels(decoder, limits).map_err(error)?, Extras::None)
    };
    Ok(DecodedFile {
        image,
        metadata: Metadata {
            extras,
            ..Metadata::default()
        },
    })
}

fn pixels(mut decoder: impl ImageDecoder, limits: &DecodeLimits) -> Result<DynamicImage, ImageError> {
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.codec_bytes());
    decoder.set_limits(bounds)?;
    let image = DynamicImage::from_decoder(decoder)?;
    // The GIF decoder always returns an alpha channel, which is dropped if all pixels are opaque.
    let opaque = image
        .as_rgba8()
        .is_some_and(|image| image.pixels().all(|pixel| pixel.0[3] == 255));
    Ok(if opaque { image.into_rgb8().into() } else { image })
}

/// Returns the pixels per metre from headers of 40 bytes or more.
fn density(bytes: &[u8]) -> Extras {
    match (bytes.get(14), bytes.get(38..).and_then(<[u8]>::first_chunk)) {
        (Some(40..), Some(density)) => Extras::Bmp { density: *density },
        _ => Extras::None,
    }
}
