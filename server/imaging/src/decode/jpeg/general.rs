//! The decoder for every Huffman-coded layout with 8 bits a sample. Its samples equal libjpeg's.

use super::{
    coefficients,
    frame::Colour,
    idct::{self, Plane},
    scans::Stream,
    upsample::Upsampler,
};
use crate::{DecodeError, colour};

/// Decodes to interleaved samples: gray, RGB, or four channels as stored.
///
/// # Errors
/// [`DecodeError::Damaged`] for invalid codes and missing data.
pub(super) fn decode(stream: &Stream<'_>) -> Result<Vec<u8>, DecodeError> {
    let frame = &stream.frame;
    let planes: Vec<Plane> = coefficients::decode(stream)?
        .into_iter()
        .zip(&stream.quantization)
        .map(|(coefficients, table)| idct::plane(&coefficients, table))
        .collect();
    let mut upsamplers: Vec<_> = frame
        .components
        .iter()
        .zip(&planes)
        .map(|(component, plane)| Upsampler::new(frame, component, plane))
        .collect();
    let channels = planes.len();
    let mut samples = vec![0; frame.width * frame.height * channels];
    let mut line = vec![0; frame.width];
    for (y, pixels) in samples.chunks_exact_mut(frame.width * channels).enumerate() {
        for (channel, upsampler) in upsamplers.iter_mut().enumerate() {
            upsampler.row(y, &mut line);
            for (pixel, sample) in pixels.chunks_exact_mut(channels).zip(&line) {
                pixel[channel] = *sample;
            }
        }
        if stream.colour == Colour::YCbCr {
            for pixel in pixels.as_chunks_mut::<3>().0 {
                *pixel = colour::ycc_to_rgb(*pixel);
            }
        }
    }
    Ok(samples)
}
