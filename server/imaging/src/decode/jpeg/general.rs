//! The decoder for every Huffman-coded layout with 8 bits a sample. Its samples equal libjpeg's.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are chosen at run time around these functions"
)]

use std::{num::NonZeroUsize, thread};

use super::{
    coefficients,
    frame::{Colour, Component, Frame},
    idct::{InverseDct, Plane},
    scans::Stream,
    upsample::Upsampler,
};
use crate::{
    DecodeError, colour,
    simd_dispatch::{Work, run_wide},
};

/// Samples that a thread must have to work on; starting one takes about as long as 2^15 of them.
const SAMPLES_PER_THREAD: usize = 1 << 18;

/// Decodes to interleaved samples: gray, RGB, or four channels as stored.
///
/// # Errors
/// [`DecodeError::Damaged`] for invalid codes and missing data.
pub(super) fn decode(stream: &Stream<'_>) -> Result<Vec<u8>, DecodeError> {
    let frame = &stream.frame;
    let mut planes: Vec<Plane> = frame
        .components
        .iter()
        .map(|component| plane(frame, component))
        .collect();
    coefficients::decode(stream, |mcu_row, coefficients| {
        for ((plane, coefficients), quantization) in
            planes.iter_mut().zip(coefficients).zip(&stream.quantization)
        {
            let row = plane.stride * 8;
            let start = mcu_row * coefficients.blocks.len() * 64;
            let samples = &mut plane.samples[start..][..coefficients.blocks.len() * 64];
            in_bands(samples, row, |first, samples| {
                InverseDct {
                    coefficients,
                    quantization,
                    first,
                    samples,
                }
                .transform();
            });
        }
    })?;
    let row = frame.width * planes.len();
    let mut samples = vec![0; row * frame.height];
    in_bands(&mut samples, row, |first, samples| {
        run_wide(Rows {
            frame,
            colour: stream.colour,
            planes: &planes,
            first,
            samples,
        });
    });
    Ok(samples)
}

/// Returns room for a component's samples.
fn plane(frame: &Frame, component: &Component) -> Plane {
    let (across, down) = frame.mcus();
    let stride = across * component.horizontal * 8;
    Plane {
        stride,
        samples: vec![0; stride * down * component.vertical * 8],
    }
}

/// Calls `work` with bands of whole rows and the index of their first row, on several threads if that pays.
fn in_bands(samples: &mut [u8], row: usize, work: impl Fn(usize, &mut [u8]) + Sync) {
    let most = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = (samples.len() / SAMPLES_PER_THREAD).clamp(1, most);
    let rows = (samples.len() / row).div_ceil(threads).max(1);
    if threads == 1 {
        return work(0, samples);
    }
    thread::scope(|scope| {
        for (band, samples) in samples.chunks_mut(rows * row).enumerate() {
            let work = &work;
            scope.spawn(move || work(band * rows, samples));
        }
    });
}

/// Rows of the picture, from upsampling on.
struct Rows<'a> {
    frame: &'a Frame,
    colour: Colour,
    planes: &'a [Plane],
    /// Index of the first row in `samples`.
    first: usize,
    samples: &'a mut [u8],
}

impl Work for Rows<'_> {
    #[inline(always)]
    fn run(self) {
        let (frame, channels) = (self.frame, self.planes.len());
        let mut upsamplers: Vec<_> = frame
            .components
            .iter()
            .zip(self.planes)
            .map(|(component, plane)| Upsampler::new(frame, component, plane))
            .collect();
        let mut lines = vec![vec![0; frame.width]; channels];
        for (y, pixels) in (self.first..).zip(self.samples.chunks_exact_mut(frame.width * channels)) {
            for (line, upsampler) in lines.iter_mut().zip(&mut upsamplers) {
                upsampler.row(y, line);
            }
            if let [y, cb, cr] = lines.as_mut_slice()
                && self.colour == Colour::YCbCr
            {
                for ((y, cb), cr) in y.iter_mut().zip(cb).zip(cr) {
                    [*y, *cb, *cr] = colour::ycc_to_rgb([*y, *cb, *cr]);
                }
            }
            if let [a, b, c] = lines.as_slice() {
                let lines = a.iter().zip(b).zip(c);
                for (pixel, ((a, b), c)) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(lines) {
                    *pixel = [*a, *b, *c];
                }
            } else {
                for (channel, line) in lines.iter().enumerate() {
                    for (pixel, sample) in pixels.chunks_exact_mut(channels).zip(line) {
                        pixel[channel] = *sample;
                    }
                }
            }
        }
    }
}
