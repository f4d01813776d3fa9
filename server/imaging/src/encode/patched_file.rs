//! Files with new pixels.

use super::jpeg_blocks::{self, Replacement};
use super::{DEFAULT_QUALITY, EncodeOptions, Encoded, Patch};
use crate::{DecodeLimits, ImageFormat, Mask, PatchError, decode, probe};

/// Returns `file` with the pixels of a patch, in its own format (a GIF as PNG), with its alpha and metadata.
///
/// If the options name no quality, a JPEG is edited block by block and isn't decoded to pixels: blocks of its
/// components without a changed pixel keep their coefficients; tables, sampling and scans stay, and so do the
/// stored frame and the orientation. A JPEG that can't be edited is encoded at its estimated quality.
///
/// # Errors
/// [`PatchError`]; [`EncodeError::OutsidePicture`](crate::EncodeError::OutsidePicture) for a patch that
/// extends beyond the picture.
pub fn encode_patched(
    file: &[u8],
    patch: &Patch<'_>,
    limits: &DecodeLimits,
    options: &EncodeOptions,
) -> Result<Encoded, PatchError> {
    let header = probe(file, limits)?;
    patch.check(header.upright_size())?;
    if header.format != ImageFormat::Jpeg || options.quality.is_some() {
        return reencoded(file, patch, limits, options);
    }
    let (orientation, strip) = (header.orientation, options.strip_metadata);
    match jpeg_blocks::encode(file, patch, orientation, strip, options.threads)? {
        Replacement::File(bytes) => Ok(Encoded {
            bytes,
            format: ImageFormat::Jpeg,
            reencoded_quality: None,
        }),
        Replacement::Impossible(estimated) => {
            let quality = Some(estimated.unwrap_or(DEFAULT_QUALITY));
            let encoded = reencoded(file, patch, limits, &EncodeOptions { quality, ..*options })?;
            Ok(Encoded {
                reencoded_quality: quality,
                ..encoded
            })
        }
    }
}

/// Decodes `file` to pixels, and encodes all of it with the pixels of the patch.
fn reencoded(
    file: &[u8],
    patch: &Patch<'_>,
    limits: &DecodeLimits,
    options: &EncodeOptions,
) -> Result<Encoded, PatchError> {
    let (mut pixels, preserved) = decode(file, limits)?.into_parts();
    let mut changed = Mask::empty(pixels.width(), pixels.height());
    patch.for_each_changed(|x, y| {
        if let (Some(new), Some(pixel)) = (patch.pixel(x, y), pixels.get_pixel_mut_checked(x, y)) {
            pixel.0 = new;
            changed.fill_row(y as usize, x as usize..x as usize + 1);
        }
    });
    Ok(preserved.encode(&pixels, &changed, options)?)
}
