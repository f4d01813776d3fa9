//! What makes a filling as sharp as the picture around it.

use iopaint_imaging::{GrayImage, RgbImage};

use crate::{Monitor, Stop};

/// Gives a filling that was made scaled down the detail that the picture around the hole has.
pub trait Detail: Sync {
    /// The filling at the picture's own size, in all pixels of `image` that aren't 0 in `hole`; the others are as they
    /// are in `image`. `small` is `image` halved `halvings` times (sides rounded up) with its hole filled. `None`
    /// where the picture has no detail to take.
    ///
    /// # Errors
    /// What the monitor said.
    fn restore(
        &self,
        image: &RgbImage,
        hole: &GrayImage,
        small: &RgbImage,
        halvings: u32,
        monitor: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop>;
}
