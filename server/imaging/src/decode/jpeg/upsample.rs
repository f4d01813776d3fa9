//! Chroma upsampling as libjpeg does it by default (`jdsample.c`): a triangle filter for ratios of 2, repetition for
//! other ratios.

use super::{
    frame::{Component, Frame},
    idct::Plane,
};

/// Upsamples the rows of a component.
#[derive(Debug)]
pub(super) struct Upsampler<'a> {
    plane: &'a Plane,
    /// Size in samples.
    width: usize,
    height: usize,
    /// Pixels per sample.
    across: usize,
    down: usize,
    /// Use of the triangle filter, horizontally and vertically.
    smooth: (bool, bool),
    /// A row of vertically weighted samples, times 4.
    sums: Vec<u16>,
}

impl<'a> Upsampler<'a> {
    pub fn new(frame: &Frame, component: &Component, plane: &'a Plane) -> Self {
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

impl Plane {
    fn line(&self, y: usize, width: usize) -> &[u8] {
        &self.samples[y * self.stride..][..width]
    }
}

/// Doubles a row: each pixel is 3/4 of the nearer sample and 1/4 of the further one.
fn horizontal(samples: &[u8], row: &mut [u8]) {
    for (x, pixel) in row.iter_mut().enumerate() {
        let near = u16::from(samples[x / 2]);
        let far = neighbour(x, samples.len()).map(|x| u16::from(samples[x]));
        let bias = if x % 2 == 0 { 1 } else { 2 };
        *pixel = far.map_or(near, |far| (near * 3 + far + bias) >> 2) as u8;
    }
}

/// Doubles a row of vertically weighted samples.
fn both(sums: &[u16], row: &mut [u8]) {
    for (x, pixel) in row.iter_mut().enumerate() {
        let near = sums[x / 2];
        let far = neighbour(x, sums.len()).map_or(near, |x| sums[x]);
        let bias = if x % 2 == 0 { 8 } else { 7 };
        *pixel = ((near * 3 + far + bias) >> 4) as u8;
    }
}

/// Returns the further one of the two samples next to pixel `x`; None at the edges.
fn neighbour(x: usize, width: usize) -> Option<usize> {
    if x.is_multiple_of(2) {
        (x / 2).checked_sub(1)
    } else {
        Some(x / 2 + 1).filter(|x| *x < width)
    }
}
