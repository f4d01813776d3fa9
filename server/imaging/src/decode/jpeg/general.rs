//! The decoder for all Huffman-coded layouts with 8 bits per sample. Its samples equal libjpeg's.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are chosen at run time around these functions"
)]

use std::{num::NonZeroUsize, thread};

use super::{
    coefficients::{self, Coefficients},
    frame::{Colour, FrameComponent, FrameHeader},
    idct::{InverseDct, SamplePlane},
    scans::JpegStream,
    upsample::Upsampler,
};
use crate::{
    DecodeError, colour,
    simd_dispatch::{SimdKernel, run_wide},
};

/// The fewest samples per thread. Starting a thread takes about as long as 2^15 samples.
const SAMPLES_PER_THREAD: usize = 1 << 18;

/// Decodes to interleaved samples: gray, RGB, or four channels without conversion.
///
/// # Errors
/// [`DecodeError::Damaged`] for invalid codes and missing data.
pub(super) fn decode(stream: &JpegStream<'_>) -> Result<Vec<u8>, DecodeError> {
    let frame = &stream.frame;
    let mut renderer = Renderer {
        stream,
        planes: frame
            .components
            .iter()
            .map(|component| plane(frame, component))
            .collect(),
        samples: vec![0; frame.width * frame.height * frame.components.len()],
        rendered: 0,
    };
    if threads(renderer.samples.len()) > 1 {
        coefficients::decode_in_parallel(stream, |mcu_row, coefficients| {
            renderer.render(mcu_row, coefficients);
        })?;
    } else {
        coefficients::decode(stream, |mcu_row, coefficients| {
            renderer.render(mcu_row, coefficients);
        })?;
    }
    Ok(renderer.samples)
}

/// Converts coefficients to pixels while they are in the processor's cache.
struct Renderer<'a> {
    stream: &'a JpegStream<'a>,
    planes: Vec<SamplePlane>,
    /// The picture's interleaved samples.
    samples: Vec<u8>,
    /// The number of finished rows of the picture.
    rendered: usize,
}

impl Renderer<'_> {
    /// Renders coefficients from a row of MCUs on and resets them to 0.
    fn render(&mut self, mcu_row: usize, coefficients: &mut [Coefficients]) {
        let frame = &self.stream.frame;
        let tables = coefficients.iter_mut().zip(&self.stream.quantization);
        let mut mcu_rows = 0;
        for ((plane, component), (coefficients, quantization)) in
            self.planes.iter_mut().zip(&frame.components).zip(tables)
        {
            mcu_rows = coefficients.blocks.len() / (coefficients.stride * component.vertical);
            let row = plane.stride * 8;
            let start = mcu_row * component.vertical * row;
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
            coefficients.clear();
        }
        // Upsampling the last rows of an MCU needs samples of the next one.
        let v_max = frame.sampling().1;
        let end = if mcu_row + mcu_rows == frame.mcus().1 {
            frame.height
        } else {
            (mcu_row + mcu_rows) * 8 * v_max - v_max
        };
        let (row, start) = (frame.width * self.planes.len(), self.rendered);
        let samples = &mut self.samples[start * row..end * row];
        in_bands(samples, row, |first, samples| {
            run_wide(RowRenderer {
                frame,
                colour: self.stream.colour,
                planes: &self.planes,
                first: start + first,
                samples,
            });
        });
        self.rendered = end;
    }
}

/// Allocates a component's samples.
fn plane(frame: &FrameHeader, component: &FrameComponent) -> SamplePlane {
    let (across, down) = frame.mcus();
    let stride = across * component.horizontal * 8;
    SamplePlane {
        stride,
        samples: vec![0; stride * down * component.vertical * 8],
    }
}

/// Calls `work` with bands of complete rows and the index of their first row, on several threads if there are
/// enough samples.
fn in_bands(samples: &mut [u8], row: usize, work: impl Fn(usize, &mut [u8]) + Sync) {
    let threads = threads(samples.len());
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

/// Returns the number of threads to use for `samples` samples.
fn threads(samples: usize) -> usize {
    let available = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (samples / SAMPLES_PER_THREAD).clamp(1, available)
}

/// Upsampling and colour conversion of rows of the picture.
struct RowRenderer<'a> {
    frame: &'a FrameHeader,
    colour: Colour,
    planes: &'a [SamplePlane],
    /// Index of the first row in `samples`.
    first: usize,
    samples: &'a mut [u8],
}

impl SimdKernel for RowRenderer<'_> {
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
