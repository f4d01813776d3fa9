//! The layers of networks as `TorchScript` expressions.

mod convolution;

use std::fmt::{self, Display, Formatter};

use tch::{TchError, Tensor};

pub(crate) use convolution::{Convolution, output_channels};

use crate::script::{Script, Variable};

/// An image in the program: a variable, and the number of its channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    variable: Variable,
    pub channels: usize,
}

impl Display for Image {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.variable.fmt(formatter)
    }
}

/// A function `forward(self, ...)` and the constants that it uses.
pub(crate) struct Program {
    script: Script,
    split_inputs: bool,
}

impl Program {
    /// Creates an empty function of `arguments` tensors. `split_inputs`: convolutions of concatenated images
    /// become sums of convolutions of each.
    pub fn new(arguments: usize, split_inputs: bool) -> Self {
        Self {
            script: Script::new(arguments),
            split_inputs,
        }
    }

    /// Returns an argument of the function; `index` is below the number of arguments.
    pub fn argument(index: usize, channels: usize) -> Image {
        Image {
            variable: Script::argument(index),
            channels,
        }
    }

    /// Adds a constant and returns the expression that reads it.
    pub fn constant(&mut self, tensor: Tensor) -> String {
        self.script.constant(tensor)
    }

    /// Adds a statement that computes an image of `channels` channels.
    pub fn assign(&mut self, channels: usize, expression: &str) -> Image {
        let variable = self.script.assign(expression);
        Image { variable, channels }
    }

    /// Concatenates the channels of images of one size.
    pub fn concatenate(&mut self, images: &[Image]) -> Image {
        let names: Vec<String> = images.iter().map(Image::to_string).collect();
        let channels = images.iter().map(|image| image.channels).sum();
        self.assign(channels, &format!("torch.cat([{}], 1)", names.join(", ")))
    }

    /// Convolves the concatenation of `inputs`.
    pub fn convolve(&mut self, inputs: &[Image], convolution: Convolution) -> Result<Image, TchError> {
        let tail = convolution.geometry();
        let bias = match convolution.bias {
            Some(bias) => self.script.constant(bias),
            None => String::from("None"),
        };
        if let [input] = inputs {
            let weight = self.script.constant(convolution.weight);
            return Ok(self.convolve_one(*input, &weight, &bias, &tail, convolution.outputs));
        }
        if !self.split_inputs {
            let joined = self.concatenate(inputs);
            let weight = self.script.constant(convolution.weight);
            return Ok(self.convolve_one(joined, &weight, &bias, &tail, convolution.outputs));
        }
        let mut first_channel = 0;
        let mut sum: Option<Image> = None;
        for input in inputs {
            let part = convolution
                .weight
                .f_narrow(1, first_channel, input.channels as i64)?
                .f_contiguous()?;
            first_channel += input.channels as i64;
            let weight = self.script.constant(part);
            let bias = if sum.is_none() { bias.as_str() } else { "None" };
            let term = self.convolve_one(*input, &weight, bias, &tail, convolution.outputs);
            sum = Some(match sum {
                Some(sum) => self.assign(convolution.outputs, &format!("torch.add({sum}, {term})")),
                None => term,
            });
        }
        sum.ok_or_else(|| TchError::Shape(String::from("a convolution has no input")))
    }

    fn convolve_one(
        &mut self,
        input: Image,
        weight: &str,
        bias: &str,
        geometry: &str,
        outputs: usize,
    ) -> Image {
        self.assign(
            outputs,
            &format!("torch.conv2d({input}, {weight}, {bias}, {geometry}, 1)"),
        )
    }

    /// Replaces negative values by zero.
    pub fn relu(&mut self, image: Image) -> Image {
        self.assign(image.channels, &format!("torch.relu({image})"))
    }

    /// Reduces both sides to a half, rounded up, by the maximum of 2 x 2 pixels.
    pub fn max_pool(&mut self, image: Image) -> Image {
        let expression = format!("torch.max_pool2d({image}, [2, 2], [2, 2], [0, 0], [1, 1], True)");
        self.assign(image.channels, &expression)
    }

    /// Resizes an image to the size of another one, bilinearly.
    pub fn resize_like(&mut self, image: Image, target: Image) -> Image {
        let expression =
            format!("torch.upsample_bilinear2d({image}, [{target}.size(2), {target}.size(3)], False)");
        self.assign(image.channels, &expression)
    }

    /// Multiplies negative values by the slope of their channel.
    pub fn prelu(&mut self, image: Image, slopes: Tensor) -> Image {
        let slopes = self.script.constant(slopes);
        self.assign(
            image.channels,
            &format!("torch.prelu({}, {slopes})", image.variable),
        )
    }

    /// Multiplies negative values by `slope`.
    pub fn leaky_relu(&mut self, image: Image, slope: f64) -> Image {
        self.assign(
            image.channels,
            &format!("torch.leaky_relu({}, {slope:?})", image.variable),
        )
    }

    /// Adds `right * factor` to `left`.
    pub fn add(&mut self, left: Image, right: Image, factor: f64) -> Image {
        let scaled = if (factor - 1.0).abs() < f64::EPSILON {
            String::new()
        } else {
            format!(", alpha={factor:?}")
        };
        self.assign(
            left.channels,
            &format!("torch.add({}, {}{scaled})", left.variable, right.variable),
        )
    }

    /// Repeats each pixel `scale` times in both directions.
    pub fn enlarge(&mut self, image: Image, scale: u32) -> Image {
        let expression = format!(
            "torch.upsample_nearest2d({}, None, [{scale}.0, {scale}.0])",
            image.variable
        );
        self.assign(image.channels, &expression)
    }

    /// Moves groups of `scale * scale` channels into squares of pixels.
    pub fn pixel_shuffle(&mut self, image: Image, scale: u32) -> Image {
        let channels = image.channels / (scale * scale) as usize;
        self.assign(
            channels,
            &format!("torch.pixel_shuffle({}, {scale})", image.variable),
        )
    }

    /// Moves squares of `scale * scale` pixels into channels.
    pub fn pixel_unshuffle(&mut self, image: Image, scale: u32) -> Image {
        let channels = image.channels * (scale * scale) as usize;
        self.assign(
            channels,
            &format!("torch.pixel_unshuffle({}, {scale})", image.variable),
        )
    }

    /// Ends the function. Returns the source code and the constants by name.
    pub fn finish(self, result: Image) -> (String, Vec<(String, Tensor)>) {
        self.script.finish(result.variable)
    }
}
