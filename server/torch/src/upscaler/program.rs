//! The layers of upscaling networks as `TorchScript` expressions.

use tch::{TchError, Tensor};

use super::convolution::Convolution;
use crate::script::{Script, Variable};

/// An image in the program: a variable, and the number of its channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    variable: Variable,
    pub channels: usize,
}

/// A function `forward(self, image)` and the constants that it uses.
pub(super) struct Program {
    script: Script,
    split_inputs: bool,
}

impl Program {
    /// Creates an empty function. `split_inputs`: convolutions of concatenated images become sums of
    /// convolutions of each.
    pub fn new(split_inputs: bool) -> Self {
        Self {
            script: Script::new(1),
            split_inputs,
        }
    }

    /// Returns the argument of the function.
    pub fn argument(channels: usize) -> Image {
        Image {
            variable: Script::argument(0),
            channels,
        }
    }

    /// Adds a statement that computes an image.
    fn assign(&mut self, channels: usize, expression: &str) -> Image {
        let variable = self.script.assign(expression);
        Image { variable, channels }
    }

    /// Convolves the concatenation of `inputs`, padded by one pixel of zeros.
    pub fn convolve(&mut self, inputs: &[Image], convolution: Convolution) -> Result<Image, TchError> {
        let bias = self.script.constant(convolution.bias);
        if let [input] = inputs {
            let weight = self.script.constant(convolution.weight);
            return Ok(self.convolve_one(*input, &weight, &bias, convolution.outputs));
        }
        if !self.split_inputs {
            let variables: Vec<String> = inputs.iter().map(|input| input.variable.to_string()).collect();
            let channels = inputs.iter().map(|input| input.channels).sum();
            let joined = self.assign(channels, &format!("torch.cat([{}], 1)", variables.join(", ")));
            let weight = self.script.constant(convolution.weight);
            return Ok(self.convolve_one(joined, &weight, &bias, convolution.outputs));
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
            let term = self.convolve_one(*input, &weight, bias, convolution.outputs);
            sum = Some(match sum {
                Some(sum) => self.assign(
                    convolution.outputs,
                    &format!("torch.add({}, {})", sum.variable, term.variable),
                ),
                None => term,
            });
        }
        sum.ok_or_else(|| TchError::Shape(String::from("a convolution has no input")))
    }

    fn convolve_one(&mut self, input: Image, weight: &str, bias: &str, outputs: usize) -> Image {
        let expression = format!(
            "torch.conv2d({}, {weight}, {bias}, [1, 1], [1, 1], [1, 1], 1)",
            input.variable
        );
        self.assign(outputs, &expression)
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
