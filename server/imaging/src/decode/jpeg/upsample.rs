//! Chroma upsampling by libjpeg's default methods (`jdsample.c`): a triangle filter for ratios of 2,
//! replication for other ratios.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are chosen at run time around these functions"
)]

use super::{
    frame::{FrameComponent, FrameHeader},
    idct::SamplePlane,
};

/// Upsamples the rows of a component.
#[derive(Debug)]
pub(super) struct Upsampler<'a> {
    plane: &'a SamplePlane,
    /// Width and height in samples.
    width: usize,
    height: usize,
    /// Pixels per sample.
    across: usize,
    down: usize,
    /// True for the triangle filter, horizontally and vertically.
    smooth: (bool, bool),
    /// A row of vertically filtered samples, times 4.
    sums: Vec<u16>,
}

impl<'a> Upsampler<'a> {
    pub fn new(frame: &FrameHeader, component: &FrameComponent, plane: &'a SamplePlane) -> Self {
        let (h_max, v_max) = frame.sampling();
        let (width, height) = frame.samples(component);
        let (across, down) = (h_max / component.horizontal, v_max / component.vertical);
        let smooth = match (across, down) {
            (2, 1) => (width > 2, false),
            (2, 2) => (width > 2, width > 2),
            (1, 2) => (false, true),
            _ => (false, false),
        };
        Self {
            plane,
            width,
            height,
            across,
            down,
            smooth,
            sums: vec![0; width],
        }
    }

    /// Writes row `y` of the picture; `row` has the picture's width.
    #[inline(always)]
    pub fn row(&mut self, y: usize, row: &mut [u8]) {
        let near = self.line(y / self.down);
        match self.smooth {
            (false, false) if self.across == 1 => row.copy_from_slice(&near[..row.len()]),
            (false, false) => {
                for (pixels, sample) in row.chunks_mut(self.across).zip(near) {
                    pixels.fill(*sample);
                }
            }
            (true, false) => horizontal(near, row),
            (across, _) => {
                let odd = y % 2 == 1;
                let far = if odd {
                    (y / 2 + 1).min(self.height - 1)
                } else {
                    (y / 2).saturating_sub(1)
                };
                for ((sum, near), far) in self
                    .sums
                    .iter_mut()
                    .zip(near)
                    .zip(self.plane.line(far, self.width))
                {
                    *sum = u16::from(*near) * 3 + u16::from(*far);
                }
                if across {
                    both(&self.sums, row);
                } else {
                    let bias = if odd { 2 } else { 1 };
                    for (pixel, sum) in row.iter_mut().zip(&self.sums) {
                        *pixel = ((sum + bias) >> 2) as u8;
                    }
                }
            }
        }
    }

    fn line(&self, y: usize) -> &'a [u8] {
        self.plane.line(y, self.width)
    }
}

impl SamplePlane {
    fn line(&self, y: usize, width: usize) -> &[u8] {
        &self.samples[y * self.stride..][..width]
    }
}

/// Doubles a row: each pixel is 3/4 of the nearer sample and 1/4 of the further one.
#[inline(always)]
fn horizontal(samples: &[u8], row: &mut [u8]) {
    double(samples, row, u16::from, |near, far, bias| {
        (near * 3 + far + 1 + bias) >> 2
    });
}

/// Doubles a row of vertically filtered samples, times 4.
#[inline(always)]
fn both(sums: &[u16], row: &mut [u8]) {
    double(
        sums,
        row,
        |sum| sum,
        |near, far, bias| (near * 3 + far + 8 - bias) >> 4,
    );
}

/// Writes two pixels per sample. `mix` receives the nearer and the further sample, and 0 for the first or 1
/// for the second pixel. At the edges, and for the single sample at the end of an odd width, the further
/// sample is the nearer one.
#[inline(always)]
fn double<T: Copy>(
    samples: &[T],
    row: &mut [u8],
    wide: impl Fn(T) -> u16,
    mix: impl Fn(u16, u16, u16) -> u16,
) {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return;
    };
    let (first, last) = (wide(*first), wide(*last));
    let width = row.len();
    row[0] = mix(first, first, 0) as u8;
    if width.is_multiple_of(2) {
        row[width - 1] = mix(last, last, 1) as u8;
    }
    // Between two samples lie the second pixel of the left one and the first pixel of the right one.
    let pairs = row[1..].as_chunks_mut::<2>().0.iter_mut();
    for ((pair, left), right) in pairs.zip(samples).zip(&samples[1..]) {
        let (left, right) = (wide(*left), wide(*right));
        *pair = [mix(left, right, 1) as u8, mix(right, left, 0) as u8];
    }
}
