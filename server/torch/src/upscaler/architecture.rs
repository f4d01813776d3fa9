//! Properties of a network.

/// Channels of the input and the output: red, green and blue.
pub(super) const COLOURS: usize = 3;

/// The properties of a network that follow from its tensors' shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Architecture {
    pub name: &'static str,
    /// Ratio of the output's sides to the input's.
    pub scale: u32,
    /// Ratio of the sides of the largest feature map to the input's.
    pub feature_scale: u32,
    /// The input's sides are multiples of this.
    pub multiple: u32,
    /// Number of weights.
    pub parameters: usize,
}
