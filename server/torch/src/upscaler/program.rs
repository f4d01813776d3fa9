//! Source code of a network in TorchScript.

use std::fmt::Write;

use tch::{TchError, Tensor};

use super::weights::Convolution;

/// An image in the program: a variable, and the number of its channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    variable: usize,
    pub channels: usize,
}

/// A function `forward(self, image)` and the constants that it uses.
pub(super) struct Program {
    source: String,
    tensors: Vec<(String, Tensor)>,
    variables: usize,
    split_inputs: bool,
}

impl Program {
    /// Creates an empty function. `split_inputs`: convolutions of concatenated images become sums of
    /// convolutions of each.
    pub fn new(split_inputs: bool) -> Self {
        Self {
            source: String::from("def forward(self, v0):\n"),
            tensors: Vec::new(),
            variables: 1,
            split_inputs,
        }
    }

    /// Returns the argument of the function.
    pub fn argument(channels: usize) -> Image {
        Image {
            variable: 0,
            channels,
        }
    }

    /// Adds a statement that computes an image.
    fn assign(&mut self, channels: usize, expression: &str) -> Image {
        let variable = self.variables;
        self.variables += 1;
        // Writing to a String doesn't fail.
        let _ = writeln!(self.source, "  v{variable} = {expression}");
        Image { variable, channels }
    }

    /// Adds a constant and returns the expression that reads it.
    fn constant(&mut self, tensor: Tensor) -> String {
        let name = format!("t{}", self.tensors.len());
        let expression = format!("self.{name}");
        self.tensors.push((name, tensor));
        expression
    }

    /// Convolves the concatenation of `inputs`, padded by one pixel of zeros.
    pub fn convolve(&mut self, inputs: &[Image], convolution: Convolution) -> Result<Image, TchError> {
        let bias = self.constant(convolution.bias);
        if let [input] = inputs {
            let weight = self.constant(convolution.weight);
            return Ok(self.convolve_one(*input, &weight, &bias, convolution.outputs));
        }
        if !self.split_inputs {
            let variables: Vec<String> = inputs
                .iter()
                .map(|input| format!("v{}", input.variable))
                .collect();
            let channels = inputs.iter().map(|input| input.channels).sum();
            let joined = self.assign(channels, &format!("torch.cat([{}], 1)", variables.join(", ")));
            let weight = self.constant(convolution.weight);
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
            let weight = self.constant(part);
            let bias = if sum.is_none() { bias.as_str() } else { "None" };
            let term = self.convolve_one(*input, &weight, bias, convolution.outputs);
            sum = Some(match sum {
                Some(sum) => self.assign(
                    convolution.outputs,
                    &format!("torch.add(v{}, v{})", sum.variable, term.variable),
                ),
                None => term,
            });
        }
        sum.ok_or_else(|| TchError::Shape(String::from("a convolution has no input")))
    }

    fn convolve_one(&mut self, input: Image, weight: &str, bias: &str, outputs: usize) -> Image {
        let expression = format!(
            "torch.conv2d(v{}, {weight}, {bias}, [1, 1], [1, 1], [1, 1], 1)",
            input.variable
        );
        self.assign(outputs, &expression)
    }

    /// Multiplies negative values by the slope of their channel.
    pub fn prelu(&mut self, image: Image, slopes: Tensor) -> Image {
        let slopes = self.constant(slopes);
        self.assign(
            image.channels,
            &format!("torch.prelu(v{}, {slopes})", image.variable),
        )
    }

    /// Multiplies negative values by `slope`.
    pub fn leaky_relu(&mut self, image: Image, slope: f64) -> Image {
        self.assign(
            image.channels,
            &format!("torch.leaky_relu(v{}, {slope:?})", image.variable),
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
            &format!("torch.add(v{}, v{}{scaled})", left.variable, right.variable),
        )
    }

    /// Repeats each pixel `scale` times in both directions.
    pub fn enlarge(&mut self, image: Image, scale: u32) -> Image {
        let expression = format!(
            "torch.upsample_nearest2d(v{}, None, [{scale}.0, {scale}.0])",
            image.variable
        );
        self.assign(image.channels, &expression)
    }

    /// Moves groups of `scale * scale` channels into squares of pixels.
    pub fn pixel_shuffle(&mut self, image: Image, scale: u32) -> Image {
        let channels = image.channels / (scale * scale) as usize;
        self.assign(
            channels,
            &format!("torch.pixel_shuffle(v{}, {scale})", image.variable),
        )
    }

    /// Moves squares of `scale * scale` pixels into channels.
    pub fn pixel_unshuffle(&mut self, image: Image, scale: u32) -> Image {
        let channels = image.channels * (scale * scale) as usize;
        self.assign(
            channels,
            &format!("torch.pixel_unshuffle(v{}, {scale})", image.variable),
        )
    }

    /// Ends the function.
    pub fn return_image(&mut self, image: Image) {
        let _ = writeln!(self.source, "  return v{}", image.variable);
    }

    /// Returns the source code and the constants by name.
    pub fn into_parts(self) -> (String, Vec<(String, Tensor)>) {
        (self.source, self.tensors)
    }
}
