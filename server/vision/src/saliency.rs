//! Salient object detection: the soft mask of an image's main object.
//!
//! Input and output are prepared as rembg 2.0, or `IOPaint`, does it for the same weights: resampling to a
//! square, normalisation per channel, scaling of the first output.

use iopaint_imaging::{Coverage, GrayImage, Rect, RgbImage, lanczos};
use iopaint_inpaint::ForwardError;

use crate::{Network, Tensor, bilinear};

/// Mean of `ImageNet`'s training images per channel, RGB, in the range 0 to 1.
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of `ImageNet`'s training images per channel, RGB, in the range 0 to 1.
const IMAGENET_STD: [f64; 3] = [0.229, 0.224, 0.225];

/// The divisor that maps 8-bit samples to the range 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleScale {
    /// The largest sample of the resized image: dark images are brightened. rembg scales so.
    ImageMax,
    /// 255.
    Full,
}

/// The way in which an image fills the network's square input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Stretched to the square by Lanczos resampling.
    Lanczos,
    /// Stretched to the square by bilinear resampling without aliasing.
    Bilinear,
    /// Scaled to fit by bilinear interpolation, which keeps the aspect ratio, and centred between black bars.
    Letterbox,
}

/// The function that maps the network's first output to the range 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputScale {
    /// (x - min) / (max - min) over the output.
    MinMax,
    /// x: the output is a probability.
    Probability,
    /// The logistic function, 1 / (1 + exp(-x)).
    Sigmoid,
    /// The logistic function, then min-max scaling.
    SigmoidMinMax,
}

/// The contract of a network for salient object detection: an RGB image of shape `[1, 3, side, side]` to a
/// first output of shape `[1, channels, height, width]`, of which the first channel is the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaliencySpec {
    /// Side of the square input, in pixels.
    pub side: u32,
    /// The image's place in the square.
    pub framing: Framing,
    /// Subtracted from each scaled channel, RGB.
    pub mean: [f64; 3],
    /// Divides each channel afterwards, RGB.
    pub std: [f64; 3],
    /// Scale of the samples.
    pub samples: SampleScale,
    /// Scale of the output.
    pub output: OutputScale,
}

impl SaliencySpec {
    /// U-2-Net (Qin et al., 2020) and the networks of its architecture: `u2net`, `u2netp`, `u2net_human_seg`,
    /// `silueta`.
    pub const U2NET: Self = Self {
        side: 320,
        framing: Framing::Lanczos,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        samples: SampleScale::ImageMax,
        output: OutputScale::MinMax,
    };
    /// IS-Net (Qin et al., 2022): `isnet-general-use`, `isnet-anime`.
    pub const ISNET: Self = Self {
        side: 1024,
        framing: Framing::Lanczos,
        mean: [0.5; 3],
        std: [1.0; 3],
        samples: SampleScale::ImageMax,
        output: OutputScale::MinMax,
    };
    /// `BiRefNet` (Zheng et al., 2024), all variants; the network returns logits.
    pub const BIREFNET: Self = Self {
        side: 1024,
        framing: Framing::Lanczos,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        samples: SampleScale::ImageMax,
        output: OutputScale::SigmoidMinMax,
    };
    /// anime-segmentation's IS-Net, `isnetis`.
    pub const ANIME_SEG: Self = Self {
        side: 1024,
        framing: Framing::Letterbox,
        mean: [0.0; 3],
        std: [1.0; 3],
        samples: SampleScale::Full,
        output: OutputScale::Probability,
    };
    /// `RMBG-1.4`.
    pub const RMBG: Self = Self {
        side: 1024,
        framing: Framing::Bilinear,
        mean: [0.5; 3],
        std: [1.0; 3],
        samples: SampleScale::Full,
        output: OutputScale::MinMax,
    };

    /// `RMBG-2.0`; the network returns logits.
    pub const RMBG2: Self = Self {
        side: 1024,
        framing: Framing::Bilinear,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        samples: SampleScale::Full,
        output: OutputScale::Sigmoid,
    };

    /// Returns the part of the square that an image of `size` pixels covers.
    fn covered(&self, (width, height): (u32, u32)) -> Rect {
        let (width, height) = match self.framing {
            Framing::Lanczos | Framing::Bilinear => (self.side, self.side),
            Framing::Letterbox => {
                let scaled = |short: u32, long: u32| {
                    let side = u64::from(self.side) * u64::from(short) / u64::from(long.max(1));
                    u32::try_from(side).unwrap_or(self.side).max(1)
                };
                if height > width {
                    (scaled(width, height), self.side)
                } else {
                    (self.side, scaled(height, width))
                }
            }
        };
        Rect {
            x: (self.side - width) / 2,
            y: (self.side - height) / 2,
            width,
            height,
        }
    }
}

/// Returns the soft mask of the main object of `image`, 255 inside it, at the resolution of the network's
/// output. The map covers the whole image; [`lanczos::resize_coverage`] scales it to the image's size as
/// rembg does.
///
/// # Errors
/// [`ForwardError`] if the network fails, or if its first output isn't a map of finite values.
pub fn saliency(
    network: &mut dyn Network,
    spec: &SaliencySpec,
    image: &RgbImage,
) -> Result<Coverage, ForwardError> {
    let outputs = network.forward(input(spec, image)?)?;
    let first = outputs
        .first()
        .ok_or_else(|| failed("the network has no output"))?;
    let (width, height, values) = first_channel(first)?;
    if !values.iter().all(|value| value.is_finite()) {
        return Err(failed("the network's output isn't finite"));
    }
    let samples = to_samples(values, spec.output);
    let covered = spec.covered(image.dimensions());
    let map = if (covered.width, covered.height) == (spec.side, spec.side) {
        GrayImage::from_raw(width, height, samples)
    } else if (width, height) == (spec.side, spec.side) {
        GrayImage::from_raw(
            covered.width,
            covered.height,
            rows_within(&samples, width, covered),
        )
    } else {
        None
    };
    map.map(Coverage::new)
        .ok_or_else(|| failed("the network's output has the wrong size"))
}

/// Returns the samples of a rectangle of a map with rows of `width` samples.
fn rows_within(samples: &[u8], width: u32, rect: Rect) -> Vec<u8> {
    let (left, right) = (rect.x as usize, (rect.x + rect.width) as usize);
    samples
        .chunks_exact(width as usize)
        .skip(rect.y as usize)
        .take(rect.height as usize)
        .filter_map(|row| row.get(left..right))
        .flatten()
        .copied()
        .collect()
}

/// Returns the square that the network sees.
fn framed(spec: &SaliencySpec, image: &RgbImage) -> RgbImage {
    match spec.framing {
        Framing::Lanczos => lanczos::resize_rgb(image, spec.side, spec.side),
        Framing::Bilinear => iopaint_imaging::bilinear::resize_rgb(image, spec.side, spec.side),
        Framing::Letterbox => {
            let Rect { x, y, width, height } = spec.covered(image.dimensions());
            let scaled = bilinear::resize(image, width, height);
            RgbImage::from_fn(spec.side, spec.side, |column, row| {
                let inside = (x..x + width).contains(&column) && (y..y + height).contains(&row);
                if inside {
                    *scaled.get_pixel(column - x, row - y)
                } else {
                    [0; 3].into()
                }
            })
        }
    }
}

/// Returns the network's input of shape `[1, 3, side, side]`.
fn input(spec: &SaliencySpec, image: &RgbImage) -> Result<Tensor, ForwardError> {
    let side = spec.side as usize;
    let resized = framed(spec, image);
    let divisor = match spec.samples {
        // The lower bound is rembg's; it avoids a division by zero in a black image.
        SampleScale::ImageMax => f64::from(resized.iter().copied().max().unwrap_or(0)).max(1e-6),
        SampleScale::Full => 255.0,
    };
    let mut values = Vec::with_capacity(3 * side * side);
    for (channel, (mean, std)) in spec.mean.iter().zip(spec.std).enumerate() {
        let normalised: [f32; 256] =
            std::array::from_fn(|sample| ((sample as f64 / divisor - mean) / std) as f32);
        let samples = resized.iter().skip(channel).step_by(3);
        values.extend(samples.map(|&sample| normalised[usize::from(sample)]));
    }
    Tensor::new(vec![1, 3, side, side], values).map_err(|error| failed(&error.to_string()))
}

/// Returns width, height and values of the first channel of a tensor `[1, channels, height, width]` or
/// `[1, height, width]`.
fn first_channel(output: &Tensor) -> Result<(u32, u32, &[f32]), ForwardError> {
    let ([1, _, height, width] | [1, height, width]) = *output.shape() else {
        return Err(failed(&format!(
            "the network's first output of shape {:?} is no map of one image",
            output.shape()
        )));
    };
    let values = output
        .values()
        .get(..height * width)
        .filter(|values| !values.is_empty());
    match (u32::try_from(width), u32::try_from(height), values) {
        (Ok(width), Ok(height), Some(values)) => Ok((width, height, values)),
        _ => Err(failed("the network's first output is empty")),
    }
}

/// Scales finite outputs to 8 bits, truncated as rembg does it. A constant output under min-max scaling gives
/// zeros.
fn to_samples(values: &[f32], scale: OutputScale) -> Vec<u8> {
    let activated: Vec<f32> = match scale {
        OutputScale::MinMax | OutputScale::Probability => values.to_vec(),
        OutputScale::Sigmoid | OutputScale::SigmoidMinMax => {
            values.iter().map(|value| 1.0 / (1.0 + (-value).exp())).collect()
        }
    };
    let (min, max) = if matches!(scale, OutputScale::Sigmoid | OutputScale::Probability) {
        (0.0, 1.0)
    } else {
        let bounds = (f32::INFINITY, f32::NEG_INFINITY);
        activated
            .iter()
            .fold(bounds, |(min, max), &value| (min.min(value), max.max(value)))
    };
    if min >= max {
        return vec![0; values.len()];
    }
    activated
        .iter()
        .map(|value| ((value - min) / (max - min) * 255.0) as u8)
        .collect()
}

fn failed(message: &str) -> ForwardError {
    ForwardError::Failed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns `outputs`, and keeps the input.
    struct Fixed {
        outputs: Vec<Tensor>,
        input: Option<Tensor>,
    }

    impl Network for Fixed {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            self.input = Some(input);
            Ok(self.outputs.clone())
        }
    }

    fn map(shape: &[usize], values: &[f32], spec: &SaliencySpec) -> Result<Coverage, ForwardError> {
        let output = Tensor::new(shape.to_vec(), values.to_vec()).unwrap();
        let mut network = Fixed {
            outputs: vec![output],
            input: None,
        };
        saliency(&mut network, spec, &RgbImage::new(4, 3))
    }

    const SMALL: SaliencySpec = SaliencySpec {
        side: 2,
        ..SaliencySpec::U2NET
    };

    #[test]
    fn input_is_normalised_per_channel() {
        let image = RgbImage::from_raw(2, 2, vec![200, 100, 50, 0, 0, 0, 10, 20, 30, 200, 200, 200]).unwrap();
        for (samples, divisor) in [(SampleScale::ImageMax, 200.0), (SampleScale::Full, 255.0)] {
            let output = Tensor::new(vec![1, 1, 1, 1], vec![0.0]).unwrap();
            let mut network = Fixed {
                outputs: vec![output],
                input: None,
            };
            let spec = SaliencySpec { samples, ..SMALL };
            saliency(&mut network, &spec, &image).unwrap();
            let input = network.input.unwrap();
            assert_eq!(input.shape(), &[1, 3, 2, 2]);
            let expected = |sample: f64, channel: usize| {
                ((sample / divisor - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]) as f32
            };
            assert!((input.values()[0] - expected(200.0, 0)).abs() < 1e-6);
            assert!((input.values()[4 + 2] - expected(20.0, 1)).abs() < 1e-6);
            assert!((input.values()[8] - expected(50.0, 2)).abs() < 1e-6);
        }
    }

    #[test]
    fn min_max_spans_the_range() {
        let coverage = map(&[1, 1, 2, 2], &[-1.0, 0.0, 1.0, 3.0], &SMALL).unwrap();
        assert_eq!(coverage.values(), &[0, 63, 127, 255]);
    }

    #[test]
    fn sigmoid_keeps_probabilities() {
        let spec = SaliencySpec {
            output: OutputScale::Sigmoid,
            ..SMALL
        };
        let coverage = map(&[1, 2, 2], &[0.0, 2.0, -2.0, 90.0], &spec).unwrap();
        assert_eq!(coverage.values(), &[127, 224, 30, 255]);
        let spec = SaliencySpec {
            output: OutputScale::SigmoidMinMax,
            ..SMALL
        };
        let coverage = map(&[1, 2, 2], &[0.0, 2.0, -2.0, 0.0], &spec).unwrap();
        assert_eq!(coverage.values(), &[127, 255, 0, 127]);
    }

    #[test]
    fn letterbox_is_centred_and_cropped_again() {
        let spec = SaliencySpec {
            side: 4,
            ..SaliencySpec::ANIME_SEG
        };
        let image = RgbImage::from_pixel(8, 4, [255, 51, 0].into());
        let outputs = (0..16_u8).map(|at| f32::from(at) / 15.0).collect();
        let mut network = Fixed {
            outputs: vec![Tensor::new(vec![1, 1, 4, 4], outputs).unwrap()],
            input: None,
        };
        let map = saliency(&mut network, &spec, &image).unwrap();
        assert_eq!(map.dimensions(), (4, 2));
        assert_eq!(map.values(), &[68, 85, 102, 119, 136, 153, 170, 187]);
        let input = network.input.take().unwrap();
        let (bar, inside) = ([0.0; 4], [[1.0; 8], [0.2; 8], [0.0; 8]]);
        let expected = inside
            .iter()
            .flat_map(|inside| bar.iter().chain(inside).chain(&bar));
        assert!(
            input
                .values()
                .iter()
                .zip(expected)
                .all(|(value, expected)| (value - expected).abs() < 1e-6)
        );
        // A map of another size can't be cropped.
        network.outputs = vec![Tensor::new(vec![1, 1, 2, 2], vec![0.5; 4]).unwrap()];
        assert!(saliency(&mut network, &spec, &image).is_err());
        assert_eq!(
            spec.covered((1, 1000)),
            Rect {
                x: 1,
                y: 0,
                width: 1,
                height: 4
            }
        );
    }

    #[test]
    fn further_channels_are_ignored() {
        let coverage = map(&[1, 2, 1, 2], &[0.0, 1.0, 9.0, -9.0], &SMALL).unwrap();
        assert_eq!(coverage.values(), &[0, 255]);
    }

    #[test]
    fn constant_output_is_empty() {
        assert_eq!(map(&[1, 1, 1, 2], &[0.4, 0.4], &SMALL).unwrap().values(), &[0, 0]);
    }

    #[test]
    fn unusable_outputs_are_errors() {
        assert!(map(&[2, 1, 1, 1], &[0.0, 1.0], &SMALL).is_err());
        assert!(map(&[2], &[0.0, 1.0], &SMALL).is_err());
        assert!(map(&[1, 1, 0, 4], &[], &SMALL).is_err());
        assert!(map(&[1, 1, 1, 2], &[0.0, f32::NAN], &SMALL).is_err());
        let mut network = Fixed {
            outputs: vec![],
            input: None,
        };
        assert!(saliency(&mut network, &SMALL, &RgbImage::new(1, 1)).is_err());
    }
}
