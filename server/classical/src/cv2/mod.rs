//! The fills of `OpenCV`'s `inpaint`, restated from its published algorithms so that they give its pixels.

mod canvas;
mod disc;
mod march;
mod navier_stokes;
mod telea;

use std::ops::ControlFlow;

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, Cv2Algorithm, ForwardError, Inpainter, Monitor, Padding, Stop};

use canvas::Canvas;
use disc::Disc;
use march::{Field, NEVER, march};

/// The radii in pixels that `OpenCV` takes; others count as the nearest of them.
const RADII: (u32, u32) = (1, 100);
/// Known pixels that are looked at between two questions to the monitor: some milliseconds' work.
const STEP: usize = 1 << 20;

/// The model `cv2`: Telea's algorithm or Navier-Stokes, as the options say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cv2;

impl Inpainter for Cv2 {
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
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let options = context.options.cv2;
        let radius = options.radius.clamp(RADII.0, RADII.1) as usize;
        Ok(fill(image, mask, options.algorithm, radius, context.monitor)?)
    }
}

/// Fills the pixels whose mask isn't 0 from those that are at most `radius` pixels away. A hole without an edge
/// inside the picture stays as it is.
fn fill(
    image: &RgbImage,
    mask: &GrayImage,
    algorithm: Cv2Algorithm,
    radius: usize,
    monitor: &dyn Monitor,
) -> Result<RgbImage, Stop> {
    let grid = Grid::new(mask);
    let mut field = match algorithm {
        Cv2Algorithm::NavierStokes => grid.field(),
        Cv2Algorithm::Telea => grid.field_with_outside(radius),
    };
    let disc = Disc::new(radius);
    let mut canvas = Canvas::new(image);
    let mut progress = Progress::new(&grid, &disc, monitor);
    march(&mut field, &grid.band, |field, at| {
        progress.one_more()?;
        let place = (at % grid.stride - 1, at / grid.stride - 1);
        let pixel = match algorithm {
            Cv2Algorithm::NavierStokes => navier_stokes::colour(field, &canvas, &disc, place),
            Cv2Algorithm::Telea => telea::colour(field, &canvas, &disc, place, at),
        };
        canvas.set(place.0, place.1, pixel);
        Ok(())
    })?;
    Ok(RgbImage::from_raw(image.width(), image.height(), canvas.into_raw()).unwrap_or_else(|| image.clone()))
}

/// The hole on a grid with a border of one known pixel on every side.
struct Grid {
    stride: usize,
    hole: Vec<bool>,
    /// The known pixels of the picture beside the hole, row by row: where the front starts.
    band: Vec<usize>,
}

impl Grid {
    fn new(mask: &GrayImage) -> Self {
        let width = mask.width() as usize;
        let stride = width + 2;
        let mut hole = vec![false; stride];
        for row in mask.as_raw().chunks_exact(width.max(1)) {
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
                        .any(|&beside| hole[beside])
            })
            .collect();
        Self { stride, hole, band }
    }

    /// The hole unknown, the front at its edge.
    fn field(&self) -> Field {
        let mut time = vec![NEVER; self.hole.len()];
        for &at in &self.band {
            time[at] = 0.0;
        }
        Field {
            stride: self.stride,
            unknown: self.hole.clone(),
            time,
        }
    }

    /// As [`Grid::field`], with the distance to the hole, negative, for the pixels around it.
    fn field_with_outside(&self, radius: usize) -> Field {
        let mut outside = self.field();
        outside.unknown = self.ring(radius);
        let mut reached = Vec::new();
        let result: Result<(), std::convert::Infallible> = march(&mut outside, &self.band, |_, at| {
            reached.push(at);
            Ok(())
        });
        let Ok(()) = result;
        for at in reached {
            outside.time[at] = -outside.time[at];
        }
        outside.unknown.clone_from(&self.hole);
        outside
    }

    /// The known pixels of the picture in a square of `radius` around one of the hole, without the band.
    fn ring(&self, radius: usize) -> Vec<bool> {
        let stride = self.stride;
        let rows = self.hole.len() / stride;
        let mut near = self.hole.clone();
        for row in near.chunks_exact_mut(stride) {
            widen(row, 0, 1, stride, radius);
        }
        for column in 1..stride - 1 {
            widen(&mut near, column, stride, rows, radius);
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

/// Sets what is at most `radius` places from a set place, along a line of `length` places that begins at `first` and
/// goes on in steps of `step`.
fn widen(places: &mut [bool], first: usize, step: usize, length: usize, radius: usize) {
    let set: Vec<bool> = (0..length).map(|place| places[first + place * step]).collect();
    let mut spread = |place: usize, left: &mut usize| {
        if set[place] {
            *left = radius + 1;
        }
        if *left > 0 {
            *left -= 1;
            places[first + place * step] = true;
        }
    };
    let mut left = 0;
    (0..length).for_each(|place| spread(place, &mut left));
    left = 0;
    (0..length).rev().for_each(|place| spread(place, &mut left));
}

/// Asks the monitor now and then whether to go on.
struct Progress<'a> {
    monitor: &'a dyn Monitor,
    pixels: usize,
    pixels_per_step: usize,
    steps: usize,
}

impl<'a> Progress<'a> {
    fn new(grid: &Grid, disc: &Disc, monitor: &'a dyn Monitor) -> Self {
        let pixels_per_step = (STEP / disc.area()).max(1);
        let pixels = grid.hole.iter().filter(|hole| **hole).count();
        Self {
            monitor,
            pixels: 0,
            pixels_per_step,
            steps: pixels.div_ceil(pixels_per_step),
        }
    }

    fn one_more(&mut self) -> Result<(), Stop> {
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
