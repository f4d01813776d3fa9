//! PNG.

use image::DynamicImage;

use crate::{EncodeError, Format, metadata::Metadata};

pub(super) fn encode(image: &DynamicImage, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::codec(Format::Png, error);
    let mut info = png::Info::with_size(image.width(), image.height());
    info.color_type = if image.color().has_alpha() {
        png::ColorType::Rgba
    } else {
        png::ColorType::Rgb
    };
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut bytes, info).map_err(failed)?;
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(image.as_bytes()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
