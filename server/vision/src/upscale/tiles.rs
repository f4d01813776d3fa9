//! Forward passes on the tiles of an image.

use std::ops::ControlFlow;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};

use super::axis::{Axis, Span, tile_side};
use super::options::UpscaleOptions;
use crate::{Network, Tensor};

/// Enlarges an image by the network's scale.
pub(super) fn run(
    network: &mut dyn Network,
    scale: u32,
    image: &RgbImage,
    options: UpscaleOptions,
    monitor: &dyn Monitor,
) -> Result<RgbImage, ForwardError> {
    let multiple = input_multiple(scale);
    let tile =
        tile_side(options.tile.max(multiple), multiple, options.max_forward_pixels).ok_or_else(|| {
            ForwardError::OutOfMemory(format!(
                "a forward pass may have {} pixels, fewer than the smallest tile",
                options.max_forward_pixels
            ))
        })?;
    let (width, height) = output_size(image, scale, options.max_output_pixels)?;
    let mut output = RgbImage::new(width, height);
    let columns = Axis::new(image.width(), tile, multiple);
    let rows = Axis::new(image.height(), tile, multiple);
    let total = columns.spans.len() * rows.spans.len();
    let report = |done| match monitor.crop(done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(stop) => Err(ForwardError::Stopped(stop)),
    };
    let mut done = 0;
    for row in &rows.spans {
        for column in &columns.spans {
            report(done)?;
            let input = read(image, &columns, column, &rows, row)?;
            let result = network.forward(input)?;
            write(&mut output, &result, column, row, scale)?;
            done += 1;
        }
    }
    report(done)?;
    Ok(output)
}

/// Returns the factor of the sides of a network's input: networks of scale 2 and 1 are those of scale 4
/// behind a pixel unshuffle by 2 and 4 (Real-ESRGAN's `mod_scale`).
fn input_multiple(scale: u32) -> u32 {
    match scale {
        1 => 4,
        2 => 2,
        _ => 1,
    }
}

fn output_size(image: &RgbImage, scale: u32, max_pixels: u64) -> Result<(u32, u32), ForwardError> {
    let (width, height) = image.dimensions();
    width
        .checked_mul(scale)
        .zip(height.checked_mul(scale))
        .filter(|(width, height)| u64::from(*width) * u64::from(*height) <= max_pixels)
        .ok_or_else(|| {
            ForwardError::OutOfMemory(format!(
                "the network's output for {width}x{height} pixels exceeds {max_pixels} pixels"
            ))
        })
}

/// Returns a tile of the extended image, `[1, 3, H, W]` in 0..1.
fn read(
    image: &RgbImage,
    columns: &Axis,
    column: &Span,
    rows: &Axis,
    row: &Span,
) -> Result<Tensor, ForwardError> {
    let select = |axis: &Axis, span: &Span| -> Vec<u32> {
        let span = span.input.start as usize..span.input.end as usize;
        axis.sources.get(span).unwrap_or_default().to_vec()
    };
    let (columns, rows) = (select(columns, column), select(rows, row));
    let plane = columns.len() * rows.len();
    let mut values = vec![0.0; 3 * plane];
    for (y, source_y) in rows.iter().enumerate() {
        for (x, source_x) in columns.iter().enumerate() {
            let pixel = image.get_pixel(*source_x, *source_y).0;
            for (channel, value) in pixel.into_iter().enumerate() {
                values[channel * plane + y * columns.len() + x] = f32::from(value) / 255.0;
            }
        }
    }
    Tensor::new(vec![1, 3, rows.len(), columns.len()], values)
        .map_err(|error| ForwardError::Failed(error.to_string()))
}

/// Writes the kept part of a tile's result, clamped to 0..1 and rounded to the nearest of 256 values.
fn write(
    output: &mut RgbImage,
    result: &[Tensor],
    column: &Span,
    row: &Span,
    scale: u32,
) -> Result<(), ForwardError> {
    let expected = [
        1,
        3,
        row.input.len() * scale as usize,
        column.input.len() * scale as usize,
    ];
    let Some(result) = result.first().filter(|result| result.shape() == expected) else {
        let shapes: Vec<_> = result.iter().map(Tensor::shape).collect();
        return Err(ForwardError::Failed(format!(
            "the network returned {shapes:?} instead of {expected:?}"
        )));
    };
    let [_, _, height, width] = expected;
    let skipped = ((column.kept.start - column.input.start) * scale) as usize;
    let length = column.kept.len() * scale as usize;
    let left = (column.kept.start * scale) as usize;
    let stride = output.width() as usize * 3;
    let bytes: &mut [u8] = output;
    for y in row.kept.start * scale..row.kept.end * scale {
        let source = (y - row.input.start * scale) as usize * width + skipped;
        let start = y as usize * stride + left * 3;
        let (target, _) = bytes[start..start + 3 * length].as_chunks_mut::<3>();
        for channel in 0..3 {
            let values = &result.values()[channel * height * width + source..][..length];
            for (pixel, value) in target.iter_mut().zip(values) {
                pixel[channel] = (value.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8;
            }
        }
    }
    Ok(())
}
