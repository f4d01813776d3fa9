//! Selection of text: regions and mask in one run.

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::detect::detect;
use super::mask::mask_of;
use super::{TextOptions, TextRegion};
use crate::Network;

/// Returns the regions of text in `image`, as `detect_text` does, and the mask of the letters in them, as
/// `text_mask` does. The stroke network runs once per region, and at least once more to extend a large one.
///
/// # Errors
/// [`ForwardError`] if `network` has no stroke network, if a network fails or returns another shape, or if
/// `monitor` stops the run.
pub fn select_text(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<(Vec<TextRegion>, Mask), ForwardError> {
    let found = detect(network, image, options, monitor)?;
    let strokes = network
        .strokes()
        .ok_or_else(|| ForwardError::Failed("the model does not segment text".to_owned()))?;
    let regions = found.iter().map(|found| found.region).collect();
    let segmentations = found.into_iter().map(|found| found.segmentation).collect();
    let mask = mask_of(strokes, image, segmentations, options, monitor)?;
    Ok((regions, mask))
}

#[cfg(test)]
mod tests {
    use iopaint_inpaint::Unmonitored;

    use super::*;
    use crate::Tensor;

    /// Finds text where the blue channel is bright, and there strokes in every second block of 8 columns;
    /// counts the runs of the stroke network.
    #[derive(Default)]
    struct Networks(usize);

    impl Network for Networks {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            let (shape, values) = input.into_parts();
            let (rows, columns) = (shape[2], shape[3]);
            self.0 += usize::from(shape[1] == 4);
            let value = |at: usize| match shape[1] {
                3 => values[at] > 0.0,
                _ => values[2 * rows * columns + at] > 0.0 && (at % columns / 8).is_multiple_of(2),
            };
            let map = (0..rows * columns).map(|at| f32::from(u8::from(value(at))));
            Ok(vec![
                Tensor::new(vec![1, 1, rows, columns], map.collect()).unwrap(),
            ])
        }

        fn strokes(&mut self) -> Option<&mut dyn Network> {
            Some(self)
        }
    }

    #[test]
    fn stroke_network_runs_once_per_region() {
        let image = RgbImage::from_fn(1200, 900, |x, y| {
            let inside = (200..800).contains(&x) && (300..450).contains(&y);
            [0, 0, if inside { 255 } else { 0 }].into()
        });
        let mut networks = Networks::default();
        let options = TextOptions::default();
        let (regions, mask) = select_text(&mut networks, &image, &options, &Unmonitored).unwrap();
        assert_eq!((regions.len(), networks.0), (1, 1));
        assert!(mask.bounding_box().is_some());
    }

    #[test]
    fn networks_without_strokes_are_rejected() {
        struct Detector;
        impl Network for Detector {
            fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
                let (rows, columns) = (input.shape()[2], input.shape()[3]);
                let map = Tensor::new(vec![1, 1, rows, columns], vec![0.0; rows * columns]);
                Ok(vec![map.unwrap()])
            }
        }
        let image = RgbImage::new(64, 64);
        let result = select_text(&mut Detector, &image, &TextOptions::default(), &Unmonitored);
        assert!(matches!(result, Err(ForwardError::Failed(_))));
    }
}
