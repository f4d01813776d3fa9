//! The part of the image that is searched.

use iopaint_imaging::{Rect, RgbImage};

use super::TextRegion;

/// Pixels around the region of interest that the network sees too, so that letters at its border are whole.
const CONTEXT_PX: u32 = 32;

/// Returns the region of interest within the image, and the part of the image that the network sees; `None`
/// if the region is empty.
pub fn areas(image: &RgbImage, region: Option<Rect>) -> Option<(Rect, Rect)> {
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 {
        return None;
    }
    let whole = Rect::whole((width, height));
    let Some(region) = region else {
        return Some((whole, whole));
    };
    let clamped = Rect {
        width: region.width.min(width.saturating_sub(region.x)),
        height: region.height.min(height.saturating_sub(region.y)),
        ..region
    };
    let interest = clamped.intersection(&whole)?;
    Some((interest, interest.grown(CONTEXT_PX, (width, height))))
}

/// Returns true if the centre of `region` lies in `interest`.
pub fn centre_is_in(interest: &Rect, region: &TextRegion) -> bool {
    let centre = |axis: fn(&(f32, f32)) -> f32| region.polygon.iter().map(axis).sum::<f32>() / 4.0;
    let inside = |at: f32, start: u32, length: u32| {
        at >= start as f32 - 0.5 && at < start as f32 + length as f32 - 0.5
    };
    inside(centre(|point| point.0), interest.x, interest.width)
        && inside(centre(|point| point.1), interest.y, interest.height)
}
