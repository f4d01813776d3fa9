//! Alignment of soft masks with the edges of the image, by the guided filter.

use iopaint_imaging::{Coverage, GrayImage, Rect, RgbImage};

use super::frame::Frame;
use crate::guided_filter::{Target, Window, filter};
use crate::parallel::available_threads;

/// The filter's window. A radius of 3 of 320 cells is about the inaccuracy of the network's edges; it was
/// chosen on the composites of models/eval/selection among 2 to 6. Edges with a contrast well above
/// sqrt(1e-4), 1 % of the range, are kept; chosen on the same composites among 1e-4 and 1e-3.
const WINDOW: Window = Window {
    radius: 3,
    epsilon: 1e-4,
};

/// The colours of a frame's cells, as the guide of masks.
pub(super) struct Edges<'a> {
    frame: &'a Frame,
    guide: RgbImage,
}

impl<'a> Edges<'a> {
    /// Creates the guide from the cells' colours, RGB in 0 to 1.
    pub fn new(frame: &'a Frame, colours: &[[f32; 3]]) -> Self {
        let samples = colours.as_flattened().iter().map(|value| to_sample(*value));
        let guide = RgbImage::from_raw(frame.columns as u32, frame.rows as u32, samples.collect());
        Self {
            frame,
            guide: guide.unwrap_or_default(),
        }
    }

    /// Filters a mask of the cells, values 0 to 1.
    pub fn at_cells(&self, values: &[f32]) -> Vec<f32> {
        let target = Target {
            image: &self.guide,
            rect: Rect::whole(self.guide.dimensions()),
            cell: (1.0, 1.0),
        };
        // The grid is too small for several threads.
        let filtered = filter(1, target, &self.guide, &self.mask(values), WINDOW);
        filtered
            .into_iter()
            .map(|value| f32::from(value) / 255.0)
            .collect()
    }

    /// Filters a mask of the cells, values 0 to 1. Returns the values, 0 to 255, of the pixels of the frame's
    /// rectangle.
    pub fn at_pixels(&self, image: &RgbImage, values: &[f32]) -> Vec<u8> {
        let Frame { rect, columns, rows } = *self.frame;
        let target = Target {
            image,
            rect,
            cell: (
                rect.width as f32 / columns as f32,
                rect.height as f32 / rows as f32,
            ),
        };
        filter(
            available_threads(),
            target,
            &self.guide,
            &self.mask(values),
            WINDOW,
        )
    }

    fn mask(&self, values: &[f32]) -> Coverage {
        let samples = values.iter().map(|value| to_sample(*value)).collect();
        let (width, height) = self.guide.dimensions();
        Coverage::new(GrayImage::from_raw(width, height, samples).unwrap_or_default())
    }
}

fn to_sample(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An edge of the mask that is two cells off moves to the edge of the image.
    #[test]
    fn masks_follow_the_image() {
        let image = RgbImage::from_fn(640, 64, |x, _| {
            image::Rgb(if x < 300 { [200, 40, 60] } else { [30, 90, 70] })
        });
        let frame = Frame::new(Rect::whole((640, 64)));
        let colours = frame.colours(&image);
        let values: Vec<f32> = (0..frame.len()).map(|cell| f32::from(cell % 320 < 152)).collect();
        let edges = Edges::new(&frame, &colours);
        let pixels = edges.at_pixels(&image, &values);
        assert_eq!(pixels.len(), 640 * 64);
        for row in pixels.chunks_exact(640) {
            assert!(row[295] > 127 && row[303] < 127);
            assert_eq!((row[100], row[500]), (255, 0));
        }
        assert!(edges.at_cells(&values)[150 - 8] > 0.9);
    }
}
