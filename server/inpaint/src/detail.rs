//! Restoration of fine detail in fillings that were computed at reduced size.

use iopaint_imaging::{Mask, RgbImage};

use crate::{Monitor, Stop};

/// Restores the detail of a filling that was computed at reduced size, from the image around the hole.
pub trait Detail: Sync {
    /// Returns `image` with the pixels of `hole` replaced by the filling at full size. `small`
    /// is `image` downsampled by 2^`halvings` (sides rounded up) with its hole filled. Returns `None` if the
    /// image has no detail to restore from.
    ///
    /// # Errors
    /// The monitor's reason to stop.
    fn restore(
        &self,
        image: &RgbImage,
        hole: &Mask,
        small: &RgbImage,
        halvings: u32,
        monitor: &dyn Monitor,
    ) -> Result<Option<RgbImage>, Stop>;
}
