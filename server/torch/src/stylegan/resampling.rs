//! Smoothing before and after a change of the size, by a filter of 4 x 4 pixels.

use tch::Tensor;

use super::Layers;
use crate::program::Image;
use crate::weights::NetworkLoadError;

/// Side of the filter in pixels.
const SIDE: usize = 4;

impl Layers<'_, '_> {
    /// Takes the smoothing filter of the layer `name`.
    pub fn take_filter(&mut self, name: &str) -> Result<Tensor, NetworkLoadError> {
        self.weights
            .take(&format!("{name}.resample_filter"), &[SIDE, SIDE])
    }

    /// Smooths each channel. `padding`: pixels of zeros on each side. The result is `2 * padding - 3` pixels
    /// larger.
    pub(super) fn smoothed(
        &mut self,
        image: Image,
        filter: &Tensor,
        factor: f64,
        padding: usize,
    ) -> Result<Image, NetworkLoadError> {
        let filter = per_channel(&filter.f_flip([0, 1])?, factor, image.channels)?;
        let filter = self.program.constant(filter);
        let channels = image.channels;
        let expression = format!(
            "torch.conv2d({image}, {filter}, None, [1, 1], [{padding}, {padding}], [1, 1], {channels})"
        );
        Ok(self.program.assign(channels, &expression))
    }

    /// Doubles both sides of an image: zeros are inserted between the pixels and smoothed.
    pub(super) fn doubled(&mut self, image: Image, filter: &Tensor) -> Result<Image, NetworkLoadError> {
        // The factor makes up for the zeros.
        let filter = self.program.constant(per_channel(filter, 4.0, image.channels)?);
        let channels = image.channels;
        let expression = format!(
            "torch.conv_transpose2d({image}, {filter}, None, [2, 2], [1, 1], [0, 0], {channels}, [1, 1])"
        );
        Ok(self.program.assign(channels, &expression))
    }
}

/// Returns the filters `[channels, 1, 4, 4]` of a convolution with a group per channel.
fn per_channel(filter: &Tensor, factor: f64, channels: usize) -> Result<Tensor, NetworkLoadError> {
    Ok(filter
        .f_mul_scalar(factor)?
        .f_repeat([channels as i64, 1, 1, 1])?
        .f_contiguous()?)
}
