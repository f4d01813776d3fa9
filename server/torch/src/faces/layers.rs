//! Layers of the networks for faces, as statements of a `TorchScript` function of one image `[1, 3, H, W]`.

use tch::Tensor;

use crate::script::{Script, Variable};
use crate::weights::{NetworkLoadError, Weights};

/// Epsilon of batch normalizations: `PyTorch`'s default.
const BATCH_NORM_EPSILON: f64 = 1e-5;

/// A feature map in the function: a variable, and the number of its channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    pub variable: Variable,
    pub channels: usize,
}

/// Shape of a convolution beside its channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub side: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Kernel {
    /// Creates a kernel of odd `side` that keeps the size of its input.
    pub fn same(side: usize) -> Self {
        Self {
            side,
            stride: 1,
            padding: side / 2,
        }
    }

    /// Sets the stride.
    pub fn strided(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Disables the padding by zeros.
    pub fn unpadded(self) -> Self {
        Self { padding: 0, ..self }
    }
}

/// A network under construction: the weights that remain, and the function.
pub(super) struct Builder<'weights, 'file> {
    pub weights: &'weights mut Weights<'file>,
    pub script: Script,
}

impl<'weights, 'file> Builder<'weights, 'file> {
    /// Creates an empty function.
    pub fn new(weights: &'weights mut Weights<'file>) -> Self {
        Self {
            weights,
            script: Script::new(1),
        }
    }

    /// Returns the input of the network.
    pub fn input() -> Map {
        Map {
            variable: Script::argument(0),
            channels: 3,
        }
    }

    /// Adds a statement that computes a map of `channels` channels.
    pub fn assign(&mut self, channels: usize, expression: &str) -> Map {
        let variable = self.script.assign(expression);
        Map { variable, channels }
    }

    /// Returns the number of output channels of the convolution `name`.
    pub fn outputs(&self, name: &str) -> Result<usize, NetworkLoadError> {
        let name = format!("{name}.weight");
        let shape = self.weights.shape(&name);
        let shape = shape.ok_or_else(|| NetworkLoadError::Missing(name.clone()))?;
        match shape {
            &[outputs, _, _, _] if outputs > 0 => Ok(outputs),
            _ => Err(NetworkLoadError::Shape {
                found: shape.to_vec(),
                expected: String::from("[outputs, inputs, side, side]"),
                name,
            }),
        }
    }

    fn take_filters(&mut self, input: Map, name: &str, side: usize) -> Result<Tensor, NetworkLoadError> {
        let outputs = self.outputs(name)?;
        self.weights
            .take(&format!("{name}.weight"), &[outputs, input.channels, side, side])
    }

    /// Adds a convolution with biases.
    pub fn convolve(&mut self, input: Map, name: &str, kernel: Kernel) -> Result<Map, NetworkLoadError> {
        let weight = self.take_filters(input, name, kernel.side)?;
        let outputs = weight.size().first().map_or(0, |outputs| *outputs as usize);
        let bias = self.weights.take(&format!("{name}.bias"), &[outputs])?;
        Ok(self.convolve_with(input, weight, Some(bias), kernel))
    }

    /// Adds a convolution without biases.
    pub fn convolve_unbiased(
        &mut self,
        input: Map,
        name: &str,
        kernel: Kernel,
    ) -> Result<Map, NetworkLoadError> {
        let weight = self.take_filters(input, name, kernel.side)?;
        Ok(self.convolve_with(input, weight, None, kernel))
    }

    /// Adds a convolution without biases followed by the batch normalization `norm`, as one convolution.
    pub fn convolve_normalized(
        &mut self,
        input: Map,
        name: &str,
        norm: &str,
        kernel: Kernel,
    ) -> Result<Map, NetworkLoadError> {
        let weight = self.take_filters(input, name, kernel.side)?;
        let outputs = weight.size().first().map_or(0, |outputs| *outputs as usize);
        let mut take = |key: &str| self.weights.take(&format!("{norm}.{key}"), &[outputs]);
        let (scale, bias) = (take("weight")?, take("bias")?);
        let (mean, variance) = (take("running_mean")?, take("running_var")?);
        self.weights.skip(&format!("{norm}.num_batches_tracked"), &[])?;
        let scale = scale.f_mul(&variance.f_add_scalar(BATCH_NORM_EPSILON)?.f_rsqrt()?)?;
        let bias = bias.f_sub(&mean.f_mul(&scale)?)?;
        let weight = weight.f_mul(&scale.f_view([-1, 1, 1, 1])?)?;
        Ok(self.convolve_with(input, weight, Some(bias), kernel))
    }

    /// Adds a convolution with the filters `weight`, `[outputs, inputs, side, side]`.
    pub fn convolve_with(&mut self, input: Map, weight: Tensor, bias: Option<Tensor>, kernel: Kernel) -> Map {
        let outputs = weight.size().first().map_or(0, |outputs| *outputs as usize);
        let weight = self.script.constant(weight);
        let bias = bias.map_or_else(|| String::from("None"), |bias| self.script.constant(bias));
        let Kernel { stride, padding, .. } = kernel;
        let expression = format!(
            "torch.conv2d({}, {weight}, {bias}, [{stride}, {stride}], [{padding}, {padding}], [1, 1], 1)",
            input.variable
        );
        self.assign(outputs, &expression)
    }

    /// Sets negative values to 0.
    pub fn relu(&mut self, map: Map) -> Map {
        self.assign(map.channels, &format!("torch.relu({})", map.variable))
    }

    /// Multiplies negative values by `slope`.
    pub fn leaky_relu(&mut self, map: Map, slope: f64) -> Map {
        self.assign(
            map.channels,
            &format!("torch.leaky_relu({}, {slope:?})", map.variable),
        )
    }

    /// Adds two maps of one shape.
    pub fn add(&mut self, one: Map, other: Map) -> Map {
        self.assign(
            one.channels,
            &format!("torch.add({}, {})", one.variable, other.variable),
        )
    }

    /// Joins the channels of maps.
    pub fn concatenate(&mut self, maps: &[Map]) -> Map {
        let channels = maps.iter().map(|map| map.channels).sum();
        let variables: Vec<String> = maps.iter().map(|map| map.variable.to_string()).collect();
        self.assign(channels, &format!("torch.cat([{}], 1)", variables.join(", ")))
    }

    /// Scales a map bilinearly by `factor`.
    pub fn resize(&mut self, map: Map, factor: f64) -> Map {
        let expression = format!(
            "torch.upsample_bilinear2d({}, None, False, [{factor:?}, {factor:?}])",
            map.variable
        );
        self.assign(map.channels, &expression)
    }
}
