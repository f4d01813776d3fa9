//! Segmentation of one text region: the strokes by a network (`models/train_strokes/README.md`), which sees
//! shapes, and by colours that the whole line shares.

use iopaint_imaging::{Mask, Rect, RgbImage, morphology::dilate};
use iopaint_inpaint::ForwardError;

use super::evidence::Evidence;
use super::geometry::RotatedRect;
use super::patch::{CHANNELS, Patch, ROWS};
use super::strokes::{MIN_HEIGHT, stroke_mask};
use crate::parallel::{available_threads, for_each_band};
use crate::{Network, Tensor};

/// Distance from the detected rectangle up to which strokes are part of the mask, as a fraction of its
/// height: accents, descenders and shadows that the detector cuts off.
const CLEARANCE: f32 = 0.25;
/// Probability from which a pixel belongs to a letter, its outline or its shadow, whatever its colour. Set
/// with the next one on 13 tuning scenes with the fourth training's weights, as the smallest with a precision
/// of 0.6, and kept for the fifth (docs/text.md).
const SURE: f32 = 0.5;
/// Probability from which a pixel in the letters' colours does.
const POSSIBLE: f32 = 0.1;

/// Regions that are resampled together: a batch takes at most some 100 MB.
pub const BATCH: usize = 8;

/// A text region on its way to a mask: sampled, run through the network, and combined with its colours.
pub struct Segmentation {
    text: RotatedRect,
    patch: Option<Patch>,
    samples: Vec<f32>,
    /// The stroke probability of each sample, once the network has run.
    probabilities: Option<Vec<f32>>,
}

impl Segmentation {
    /// Begins the segmentation of a region.
    pub fn new(text: RotatedRect) -> Self {
        let patch = (text.short_side() >= MIN_HEIGHT)
            .then(|| Patch::around(&text))
            .flatten();
        Self {
            text,
            patch,
            samples: Vec::new(),
            probabilities: None,
        }
    }

    /// Returns the region.
    pub fn text(&self) -> &RotatedRect {
        &self.text
    }

    /// Resamples the region, unless the network has run.
    fn sample(&mut self, image: &RgbImage) {
        if let (Some(patch), None) = (&self.patch, &self.probabilities) {
            self.samples = patch.values(image);
        }
    }

    /// Returns the input of the stroke network, `[1, 4, H, W]`, once the region is sampled; `None` if the
    /// network doesn't run in it or has run.
    fn take_input(&mut self) -> Result<Option<Tensor>, ForwardError> {
        let (Some(patch), None) = (&self.patch, &self.probabilities) else {
            return Ok(None);
        };
        let shape = vec![1, CHANNELS, ROWS, patch.columns()];
        let input = Tensor::new(shape, std::mem::take(&mut self.samples));
        input
            .map(Some)
            .map_err(|error| ForwardError::Failed(error.to_string()))
    }

    /// Keeps the stroke probabilities, `[1, 1, H, W]`, of the network's outputs.
    fn set_outputs(&mut self, outputs: Vec<Tensor>) -> Result<(), ForwardError> {
        let columns = self.patch.as_ref().map_or(0, Patch::columns);
        let expected = [1, 1, ROWS, columns];
        match outputs.into_iter().next() {
            Some(map) if map.shape() == expected => {
                self.probabilities = Some(map.into_parts().1);
                Ok(())
            }
            other => {
                let shape = other.map(|map| map.shape().to_vec());
                let message =
                    format!("the stroke network returned the shape {shape:?} instead of {expected:?}");
                Err(ForwardError::Failed(message))
            }
        }
    }

    /// Returns the evidence of letters, once the network has run; `None` if the region is too low or too long
    /// for it.
    pub fn evidence(&self) -> Option<Evidence> {
        let (patch, probabilities) = (self.patch.as_ref()?, self.probabilities.as_ref()?);
        Some(Evidence::of(patch, probabilities))
    }

    /// Returns the evidence of letters in the squares at the start and the end of the region, as
    /// [`Self::evidence`] does.
    pub fn end_evidence(&self) -> Option<[Evidence; 2]> {
        let (patch, probabilities) = (self.patch.as_ref()?, self.probabilities.as_ref()?);
        let evidence = |columns| Evidence::in_columns(patch, probabilities, columns);
        Some(patch.end_columns().map(evidence))
    }

    /// Returns true for the start and the end of the region if there are strokes beyond it.
    pub fn has_strokes_beyond(&self) -> [bool; 2] {
        let (Some(patch), Some(probabilities)) = (&self.patch, &self.probabilities) else {
            return [false; 2];
        };
        let evidence = |columns| Evidence::in_columns(patch, probabilities, columns);
        patch
            .margin_columns()
            .map(|columns| evidence(columns).has_strokes())
    }

    /// Returns the mask of the strokes, dilated by `growth_px` in addition to their own margin, with its
    /// position in the image, and releases the probabilities; `None` if the region lies outside the image.
    ///
    /// `occupied` is the mask of all regions. The mask of a low or very long region depends on colours only.
    pub fn take_mask(&mut self, image: &RgbImage, occupied: &Mask, growth_px: u8) -> Option<(Rect, Mask)> {
        let probabilities = self.probabilities.take();
        let (rect, coloured) = stroke_mask(image, &self.text, occupied, growth_px)?;
        let (Some(patch), Some(probabilities)) = (&self.patch, probabilities) else {
            return Some((rect, dilate(&coloured, growth_px)));
        };
        let reach = self.text.grown(CLEARANCE * self.text.short_side());
        let found = Mask::from_fn(rect.width, rect.height, |x, y| {
            let pixel = ((rect.x + x) as f32, (rect.y + y) as f32);
            if !reach.contains(pixel) {
                return false;
            }
            let probability = patch.value_at(&probabilities, pixel);
            probability >= SURE || (probability >= POSSIBLE && coloured.is_hole(x, y))
        });
        Some((rect, dilate(&found, growth_px)))
    }
}

/// Resamples regions, and runs `network`, which takes `[1, 4, H, W]` and returns stroke probabilities
/// `[1, 1, H, W]`, in those in which it hasn't run.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape.
pub fn run_all(
    network: &mut dyn Network,
    image: &RgbImage,
    jobs: &mut [&mut Segmentation],
) -> Result<(), ForwardError> {
    for batch in jobs.chunks_mut(BATCH) {
        for_each_band(available_threads(), batch, 1, |_, jobs| {
            for job in jobs {
                job.sample(image);
            }
        });
        let (mut running, mut inputs) = (Vec::new(), Vec::new());
        for job in batch {
            if let Some(input) = job.take_input()? {
                running.push(job);
                inputs.push(input);
            }
        }
        for (job, outputs) in running.into_iter().zip(network.forward_all(inputs)?) {
            job.set_outputs(outputs)?;
        }
    }
    Ok(())
}
