//! YCbCr (TIFF 6.0, section 21): chroma upsampling and conversion to RGB, with the same values as libtiff.

use super::{codec::RowLayout, directory::Directory, tag};
use crate::{DecodeError, ImageFormat};

/// Returns the layout of the rows of blocks that contain `rows` rows of `width` subsampled pixels.
pub(super) fn block_rows(width: usize, rows: usize, (across, down): (usize, usize)) -> RowLayout {
    RowLayout {
        width,
        bytes: width.div_ceil(across) * (across * down + 2),
        count: rows.div_ceil(down),
    }
}

/// Converts blocks (luma row by row, then Cb and Cr) to interleaved Y, Cb, Cr, replicating chroma.
pub(super) fn upsample(packed: &[u8], width: usize, rows: usize, (across, down): (usize, usize)) -> Vec<u8> {
    let size = across * down + 2;
    let per_row = width.div_ceil(across);
    let mut samples = Vec::with_capacity(width * rows * 3);
    for y in 0..rows {
        for x in 0..width {
            let start = (y / down * per_row + x / across) * size;
            let block = packed.get(start..start + size).unwrap_or(&[]);
            let luma = y % down * across + x % across;
            samples.extend([luma, size - 2, size - 1].map(|at| block.get(at).copied().unwrap_or(0)));
        }
    }
    samples
}

/// The conversion from YCbCr to RGB, as tables in 16.16 fixed point.
pub(super) struct YcbcrConversion {
    luma: [i32; 256],
    red: [i32; 256],
    blue: [i32; 256],
    /// Contributions of Cb and Cr to green, before the shift.
    green: [[i64; 256]; 2],
}

/// ITU-R BT.601 luma coefficients: the default of the tag, and JPEG's (ITU-T T.871, 7).
const COEFFICIENTS: [f32; 3] = [0.299, 0.587, 0.114];
/// Black and white of Y, Cb and Cr over the full range of 8 bits: the default of the tag, and JPEG's.
const REFERENCE: [f32; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// 0.5 in 16.16 fixed point.
const HALF: i64 = 1 << 15;

fn constants<const N: usize>(
    directory: &Directory<'_>,
    tag: u16,
    default: [f32; N],
) -> Result<[f32; N], DecodeError> {
    let values: Vec<f32> = directory
        .reals(tag)?
        .into_iter()
        .map(|value| value as f32)
        .collect();
    if values.is_empty() {
        return Ok(default);
    }
    values
        .first_chunk()
        .filter(|values| values.iter().all(|value| value.is_finite()))
        .copied()
        .ok_or_else(|| DecodeError::damaged(ImageFormat::Tiff, format_args!("field {tag} is unreadable")))
}

impl YcbcrConversion {
    /// Returns the conversion of JPEG streams, which doesn't depend on tags.
    pub fn jpeg() -> Self {
        Self::new(COEFFICIENTS, REFERENCE)
    }

    /// Reads the conversion from `YCbCrCoefficients` and `ReferenceBlackWhite`.
    pub fn read(directory: &Directory<'_>) -> Result<Self, DecodeError> {
        let coefficients = constants(directory, tag::COEFFICIENTS, COEFFICIENTS)?;
        if coefficients.iter().any(|coefficient| *coefficient <= 0.0) {
            return Err(DecodeError::damaged(
                ImageFormat::Tiff,
                "its luma coefficients are not positive",
            ));
        }
        Ok(Self::new(
            coefficients,
            constants(directory, tag::REFERENCE, REFERENCE)?,
        ))
    }

    fn new([red, green, blue]: [f32; 3], reference: [f32; 6]) -> Self {
        let fixed = |value: f32| (f64::from(value) * 65536.0 + 0.5).clamp(-1e9, 1e9) as i64;
        // Contributions of Cr to red and Cb to blue, then of Cb and Cr to green.
        let direct = [2.0 - 2.0 * red, 2.0 - 2.0 * blue];
        let [to_red, to_blue] = direct.map(fixed);
        let in_green = [blue * direct[1], red * direct[0]].map(|factor| fixed(factor / green));
        // Converts a code to a value (TIFF 6.0, section 20), clamped to -4096..=4096.
        let value = |code: i32, black: f32, white: f32, range: f32| {
            let span = if (white - black).abs() < f32::EPSILON {
                1.0
            } else {
                white - black
            };
            let value = (code as f32 - black.trunc()) * range / span;
            value.clamp(-4096.0, 4096.0) as i64
        };
        let mut conversion = Self {
            luma: [0; 256],
            red: [0; 256],
            blue: [0; 256],
            green: [[0; 256]; 2],
        };
        for index in 0..256 {
            let code = index as i32;
            let cb = value(code - 128, reference[2] - 128.0, reference[3] - 128.0, 127.0);
            let cr = value(code - 128, reference[4] - 128.0, reference[5] - 128.0, 127.0);
            conversion.luma[index] = value(code, reference[0], reference[1], 255.0) as i32;
            conversion.red[index] = ((to_red * cr + HALF) >> 16) as i32;
            conversion.blue[index] = ((to_blue * cb + HALF) >> 16) as i32;
            conversion.green[0][index] = HALF - in_green[0] * cb;
            conversion.green[1][index] = -in_green[1] * cr;
        }
        conversion
    }

    pub fn rgb(&self, [y, cb, cr]: [u8; 3]) -> [u8; 3] {
        let (y, cb, cr) = (self.luma[usize::from(y)], usize::from(cb), usize::from(cr));
        let green = ((self.green[0][cb] + self.green[1][cr]) >> 16) as i32;
        [self.red[cr], green, self.blue[cb]].map(|chroma| (y + chroma).clamp(0, 255) as u8)
    }
}
