//! Replacement of the coefficients of touched blocks.

use super::colours::SampleConverter;
use super::dct::{self, Block};
use super::stored_frame::StoredFrame;
use crate::decode::jpeg::{
    coefficients::{Coefficients, ZIGZAG, nonzero},
    frame::FrameHeader,
    scans::JpegStream,
};

/// The range of quantized coefficients of baseline files with 8 bits per sample (T.81, F.1.2.1.1 and
/// F.1.2.2.1): DC and AC.
const DC_RANGE: (f32, f32) = (-1024.0, 1023.0);
const AC_RANGE: (f32, f32) = (-1023.0, 1023.0);

/// Replaces the blocks with changed pixels and leaves all others as they are.
pub(super) struct BlockReplacer<'a> {
    stream: &'a JpegStream<'a>,
    patch: StoredFrame<'a>,
    converter: SampleConverter,
    touched: TouchedPixels,
    /// By component.
    components: Vec<ComponentTables>,
}

/// The quantization of a component's coefficients, in raster order.
struct ComponentTables {
    /// Step sizes; 0 in damaged files.
    steps: Block,
    /// True for coefficients that a scan contains.
    coded: [bool; 64],
}

/// The squares of 8 x 8 pixels that contain changed pixels.
struct TouchedPixels {
    across: usize,
    squares: Vec<bool>,
}

impl TouchedPixels {
    fn new(frame: &FrameHeader, patch: &StoredFrame<'_>) -> Self {
        let (across, down) = (frame.width.div_ceil(8), frame.height.div_ceil(8));
        let mut squares = vec![false; across * down];
        patch.for_each_changed(|x, y| {
            if let Some(square) = squares.get_mut(y / 8 * across + x / 8) {
                *square = true;
            }
        });
        Self { across, squares }
    }

    /// Returns true if one of `across` x `down` squares from `(left, top)` on contains changed pixels.
    fn any(&self, (left, top): (usize, usize), (across, down): (usize, usize)) -> bool {
        let columns = left..(left + across).min(self.across);
        (top..top + down).any(|y| {
            let row = y * self.across;
            self.squares
                .get(row + columns.start..row + columns.end)
                .is_some_and(|squares| squares.contains(&true))
        })
    }
}

impl<'a> BlockReplacer<'a> {
    pub fn new(stream: &'a JpegStream<'a>, patch: StoredFrame<'a>, converter: SampleConverter) -> Self {
        let components = (0..).zip(&stream.quantization).map(|(index, quantization)| {
            let mut tables = ComponentTables {
                steps: [0.0; 64],
                coded: [false; 64],
            };
            for (at, step) in ZIGZAG.iter().zip(quantization) {
                tables.steps[usize::from(*at)] = f32::from(*step);
            }
            for scan in &stream.scans {
                if scan
                    .components
                    .iter()
                    .any(|component| component.component == index)
                {
                    for at in &ZIGZAG[scan.band.0..=scan.band.1] {
                        tables.coded[usize::from(*at)] = true;
                    }
                }
            }
            tables
        });
        Self {
            stream,
            touched: TouchedPixels::new(&stream.frame, &patch),
            components: components.collect(),
            patch,
            converter,
        }
    }

    /// Replaces the touched blocks of `planes`, which start at a row of MCUs.
    pub fn replace(&self, mcu_row: usize, planes: &mut [Coefficients]) {
        let frame = &self.stream.frame;
        let (h_max, v_max) = frame.sampling();
        for (index, (plane, component)) in planes.iter_mut().zip(&frame.components).enumerate() {
            // Pixels per sample, and squares of 8 x 8 pixels per block.
            let scale = (h_max / component.horizontal, v_max / component.vertical);
            let first = mcu_row * component.vertical;
            let (columns, rows) = (plane.columns, plane.rows);
            let lines = plane.blocks.chunks_exact_mut(plane.stride);
            let lines = lines.zip(plane.nonzero.chunks_exact_mut(plane.stride));
            for (row, (blocks, masks)) in (first..rows).zip(lines) {
                for (column, (block, mask)) in blocks.iter_mut().zip(masks).take(columns).enumerate() {
                    if self.touched.any((column * scale.0, row * scale.1), scale) {
                        self.replace_block(index, (column, row), scale, block);
                        *mask = nonzero(block);
                    }
                }
            }
        }
    }

    /// Replaces the samples of a block that cover changed pixels, and quantizes it again. The other samples
    /// keep their unquantized values, so that repeated replacement changes them as little as possible.
    fn replace_block(
        &self,
        component: usize,
        (column, row): (usize, usize),
        scale: (usize, usize),
        block: &mut [i16; 64],
    ) {
        let tables = &self.components[component];
        let mut old = [0.0; 64];
        for ((value, coefficient), step) in old.iter_mut().zip(&*block).zip(&tables.steps) {
            *value = f32::from(*coefficient) * step;
        }
        let samples = dct::inverse(&old);
        let mut change = [0.0; 64];
        for (at, (change, sample)) in change.iter_mut().zip(samples).enumerate() {
            let position = (column * 8 + at % 8, row * 8 + at / 8);
            *change = self.change(component, position, scale, sample + 128.0);
        }
        let change = dct::forward(&change);
        for (at, coefficient) in block.iter_mut().enumerate() {
            let step = tables.steps[at];
            if tables.coded[at] && step > 0.0 {
                let quantized = ((old[at] + change[at]) / step).round();
                let (low, high) = if at == 0 { DC_RANGE } else { AC_RANGE };
                // Values of damaged files may be outside of the range, and stay so if they don't change.
                if quantized as i16 != *coefficient {
                    *coefficient = quantized.clamp(low, high) as i16;
                }
            }
        }
    }

    /// Returns the change of a sample whose value is `old`: the mean over the pixels that it covers, of which
    /// unchanged pixels keep the old value.
    fn change(
        &self,
        component: usize,
        (x, y): (usize, usize),
        (across, down): (usize, usize),
        old: f32,
    ) -> f32 {
        let pixels = (0..across * down).map(|at| (x * across + at % across, y * down + at / across));
        let sum: f32 = pixels
            .filter_map(|at| self.patch.pixel(at))
            .map(|pixel| self.converter.samples(pixel)[component] - old)
            .sum();
        sum / (across * down) as f32
    }
}
