//! Decodes the files named on standard input, one path a line, for comparison with other decoders.
//!
//! Writes the interleaved samples (RGB, or RGBA for files with alpha; 8 bits, or 16 bits little endian for
//! files with 16-bit samples) to `PATH.raw` and prints one line per file: `ok WIDTH HEIGHT CHANNELS BITS`, or
//! the kind of the error with its sentence: `unsupported: ...`, `damaged: ...`, `too large: ...`, `not an
//! image: ...`.

use std::{
    fs, io,
    io::{BufRead, Write},
};

use iopaint_imaging::{DecodeError, DecodeLimits, Picture, decode};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 27,
    max_side: 1 << 16,
};

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for path in io::stdin().lock().lines() {
        let path = path?;
        match decode(&fs::read(&path)?, &LIMITS) {
            Ok(picture) => {
                let (samples, channels, bits) = raw(&picture);
                fs::write(format!("{path}.raw"), samples)?;
                writeln!(
                    output,
                    "ok {} {} {channels} {bits}",
                    picture.width(),
                    picture.height()
                )?;
            }
            Err(error) => writeln!(output, "{}: {error}", kind(&error))?,
        }
    }
    Ok(())
}

fn kind(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::NotAnImage => "not an image",
        DecodeError::Unsupported(_) => "unsupported",
        DecodeError::TooLarge { .. } => "too large",
        DecodeError::Damaged { .. } => "damaged",
    }
}

/// Returns interleaved samples, the number of channels and the bits per sample.
fn raw(picture: &Picture) -> (Vec<u8>, usize, u8) {
    if let Some((rgb, alpha)) = picture.preserved.sixteen_bit() {
        let samples = interleave(rgb.as_raw(), alpha.map(|alpha| alpha.as_raw().as_slice()));
        let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        return (bytes, if alpha.is_some() { 4 } else { 3 }, 16);
    }
    let alpha = picture.preserved.alpha.as_ref();
    let samples = interleave(picture.rgb.as_raw(), alpha.map(|alpha| alpha.as_raw().as_slice()));
    (samples, if alpha.is_some() { 4 } else { 3 }, 8)
}

fn interleave<T: Copy>(rgb: &[T], alpha: Option<&[T]>) -> Vec<T> {
    let Some(alpha) = alpha else {
        return rgb.to_vec();
    };
    let pixels = rgb.as_chunks::<3>().0.iter().zip(alpha);
    pixels
        .flat_map(|([r, g, b], alpha)| [*r, *g, *b, *alpha])
        .collect()
}
