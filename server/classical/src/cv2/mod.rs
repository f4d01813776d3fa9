//! The two algorithms of `OpenCV`'s `inpaint`, reimplemented to give equal pixels.
//!
//! A front marches from the hole's border inwards (`fast_marching.rs`) and each pixel that it reaches is
//! filled from the known pixels of the disc around it (`disc.rs`), by Telea's formula (`telea.rs`) or that of
//! Bertalmio et al. (`navier_stokes.rs`).

mod border_image;
mod disc;
mod fast_marching;
mod navier_stokes;
mod telea;

use std::ops::ControlFlow;

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{Context, Cv2Algorithm, ForwardError, Inpainter, Monitor, Padding, Stop};

use border_image::BorderImage;
use disc::Disc;
use fast_marching::{ArrivalTimes, NEVER, fast_march};

/// The smallest and largest radius, in pixels, that `OpenCV` accepts. Others are clamped, as `OpenCV` does.
const RADIUS_RANGE: (u32, u32) = (1, 100);
/// Known pixels read between two steps reported to the monitor: some milliseconds of work.
const READS_PER_STEP: usize = 1 << 20;

/// The model `cv2`: Telea's algorithm or Navier-Stokes, selected by [`iopaint_inpaint::Cv2Options`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Cv2;

impl Inpainter for Cv2 {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self))
    }

    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let options = context.options.cv2;
        let radius = options.radius.clamp(RADIUS_RANGE.0, RADIUS_RANGE.1) as usize;
        Ok(fill(image, mask, options.algorithm, radius, context.monitor)?)
    }
}

/// Fills the pixels whose mask isn't 0 from the known pixels within `radius` pixels. A hole that covers the
/// whole image stays unchanged.
///
/// # Errors
/// Returns the monitor's [`Stop`].
fn fill(
    image: &RgbImage,
    mask: &Coverage,
    algorithm: Cv2Algorithm,
    radius: usize,
    monitor: &dyn Monitor,
) -> Result<RgbImage, Stop> {
    let grid = HoleGrid::new(mask);
    let mut times = match algorithm {
        Cv2Algorithm::NavierStokes => grid.arrival_times(),
        Cv2Algorithm::Telea => grid.arrival_times_with_outside(radius),
    };
    let disc = Disc::new(radius);
    let mut filled = BorderImage::new(image);
    let mut reporter = StepReporter::new(&grid, &disc, monitor);
    fast_march(&mut times, &grid.band, |times, at| {
        reporter.count_pixel()?;
        let position = (at % grid.stride - 1, at / grid.stride - 1);
        let pixel = match algorithm {
            Cv2Algorithm::NavierStokes => navier_stokes::colour(times, &filled, &disc, position),
            Cv2Algorithm::Telea => telea::colour(times, &filled, &disc, position, at),
        };
        filled.set(position.0, position.1, pixel);
        Ok(())
    })?;
    Ok(RgbImage::from_raw(image.width(), image.height(), filled.into_raw()).unwrap_or_else(|| image.clone()))
}

/// The hole on a grid with a border of one known pixel on every side.
struct HoleGrid {
    stride: usize,
    hole: Vec<bool>,
    /// The narrow band: the image's known pixels with a 4-neighbour in the hole, ascending. The front starts
    /// there.
    band: Vec<usize>,
}

impl HoleGrid {
    fn new(mask: &Coverage) -> Self {
        let width = mask.width() as usize;
        let stride = width + 2;
        let mut hole = vec![false; stride];
        for row in mask.rows() {
            hole.push(false);
            hole.extend(row.iter().map(|&value| value != 0));
            hole.push(false);
        }
        hole.resize(hole.len() + stride, false);
        let inside = |at: &usize| (1..=width).contains(&(at % stride));
        let band = (stride..hole.len() - stride)
            .filter(inside)
            .filter(|&at| {
                !hole[at]
                    && [at - stride, at - 1, at + 1, at + stride]
                        .iter()
                        .any(|&neighbour| hole[neighbour])
            })
            .collect();
        Self { stride, hole, band }
    }

    /// Returns the initial arrival times: 0 in the band, unknown in the hole.
    fn arrival_times(&self) -> ArrivalTimes {
        let mut time = vec![NEVER; self.hole.len()];
        for &at in &self.band {
            time[at] = 0.0;
        }
        ArrivalTimes {
            stride: self.stride,
            unknown: self.hole.clone(),
            time,
        }
    }

    /// Returns [`HoleGrid::arrival_times`] with the negative distance to the hole for the known pixels around
    /// it.
    fn arrival_times_with_outside(&self, radius: usize) -> ArrivalTimes {
        let mut times = self.arrival_times();
        times.unknown = self.ring(radius);
        let mut reached = Vec::new();
        let result: Result<(), std::convert::Infallible> = fast_march(&mut times, &self.band, |_, at| {
            reached.push(at);
            Ok(())
        });
        let Ok(()) = result;
        for at in reached {
            times.time[at] = -times.time[at];
        }
        times.unknown.clone_from(&self.hole);
        times
    }

    /// Returns true for the image's known pixels within a square of `radius` around a hole pixel, except the
    /// band.
    fn ring(&self, radius: usize) -> Vec<bool> {
        let stride = self.stride;
        let rows = self.hole.len() / stride;
        let mut near = self.hole.clone();
        for row in near.chunks_exact_mut(stride) {
            dilate_line(row, 0, 1, stride, radius);
        }
        for column in 1..stride - 1 {
            dilate_line(&mut near, column, stride, rows, radius);
        }
        for (at, near) in near.iter_mut().enumerate() {
            let (x, y) = (at % stride, at / stride);
            let border = x == 0 || x == stride - 1 || y == 0 || y == rows - 1;
            *near &= !border && !self.hole[at];
        }
        for &at in &self.band {
            near[at] = false;
        }
        near
    }
}

/// Dilates the set cells of a line by `radius` cells. The line has `length` cells, from the index `first` on
/// with the stride `step`.
fn dilate_line(cells: &mut [bool], first: usize, step: usize, length: usize, radius: usize) {
    let set: Vec<bool> = (0..length).map(|index| cells[first + index * step]).collect();
    let mut dilate = |index: usize, remaining: &mut usize| {
        if set[index] {
            *remaining = radius + 1;
        }
        if *remaining > 0 {
            *remaining -= 1;
            cells[first + index * step] = true;
        }
    };
    let mut remaining = 0;
    (0..length).for_each(|index| dilate(index, &mut remaining));
    remaining = 0;
    (0..length).rev().for_each(|index| dilate(index, &mut remaining));
}

/// Reports a step to the monitor after about [`READS_PER_STEP`] reads of known pixels.
struct StepReporter<'a> {
    monitor: &'a dyn Monitor,
    pixels: usize,
    pixels_per_step: usize,
    steps: usize,
}

impl<'a> StepReporter<'a> {
    fn new(grid: &HoleGrid, disc: &Disc, monitor: &'a dyn Monitor) -> Self {
        let pixels_per_step = (READS_PER_STEP / disc.area()).max(1);
        let pixels = grid.hole.iter().filter(|hole| **hole).count();
        Self {
            monitor,
            pixels: 0,
            pixels_per_step,
            steps: pixels.div_ceil(pixels_per_step),
        }
    }

    /// Counts a pixel about to be filled.
    fn count_pixel(&mut self) -> Result<(), Stop> {
        if self.pixels.is_multiple_of(self.pixels_per_step)
            && let ControlFlow::Break(stop) =
                self.monitor.step(self.pixels / self.pixels_per_step, self.steps)
        {
            return Err(stop);
        }
        self.pixels += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
