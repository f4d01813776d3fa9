//! Prompts: the clicks and the area that describe the object to select.

use iopaint_imaging::Rect;
use iopaint_inpaint::ForwardError;

/// A click on a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click {
    /// Column, in pixels. Columns beyond the image count as its last.
    pub x: u32,
    /// Row, in pixels. Rows beyond the image count as its last.
    pub y: u32,
    /// True if the pixel belongs to the selection.
    pub positive: bool,
}

impl Click {
    /// Returns the click moved into an image of `width` x `height` pixels, which isn't empty.
    pub(super) fn clamped(self, width: u32, height: u32) -> Self {
        Self {
            x: self.x.min(width - 1),
            y: self.y.min(height - 1),
            ..self
        }
    }
}

/// The surroundings of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Area {
    /// A box, in pixels. The part outside the image is ignored.
    Box(Rect),
    /// A rough outline: the corners (x, y) of a polygon, in pixels; the last is connected with the first.
    Lasso(Vec<(f32, f32)>),
}

/// The description of the object to select. Without clicks and area, it is the image's main object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Clicks, in the order in which they were made.
    pub clicks: Vec<Click>,
    /// The area that contains the object.
    pub area: Option<Area>,
}

impl Prompt {
    /// Returns true if the prompt has neither clicks nor an area.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clicks.is_empty() && self.area.is_none()
    }
}

/// An object couldn't be selected.
#[derive(Debug)]
pub enum SelectionError {
    /// The network failed, or the monitor stopped the run.
    Forward(ForwardError),
    /// The area contains no pixel of the image, or a corner of the lasso isn't finite.
    EmptyArea,
}

impl std::fmt::Display for SelectionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forward(error) => error.fmt(f),
            Self::EmptyArea => f.write_str("the area contains no pixel of the image"),
        }
    }
}

impl std::error::Error for SelectionError {}

impl From<ForwardError> for SelectionError {
    fn from(error: ForwardError) -> Self {
        Self::Forward(error)
    }
}

impl Area {
    /// Returns the area's bounding box within an image of `size` pixels.
    ///
    /// # Errors
    /// [`SelectionError::EmptyArea`].
    pub(super) fn bounds(&self, size: (u32, u32)) -> Result<Rect, SelectionError> {
        let bounds = match self {
            Self::Box(rect) if rect.width > 0 && rect.height > 0 => *rect,
            Self::Lasso(corners) if corners.iter().all(|(x, y)| x.is_finite() && y.is_finite()) => {
                polygon_bounds(corners, size).ok_or(SelectionError::EmptyArea)?
            }
            Self::Box(_) | Self::Lasso(_) => return Err(SelectionError::EmptyArea),
        };
        clipped(bounds, size).ok_or(SelectionError::EmptyArea)
    }

    /// Returns true if the point (x, y), in pixels, is in the area or within `margin` pixels of it.
    pub(super) fn contains(&self, x: f32, y: f32, margin: f32) -> bool {
        match self {
            Self::Box(rect) => {
                let (left, top) = (rect.x as f32, rect.y as f32);
                (left - margin..left + rect.width as f32 + margin).contains(&x)
                    && (top - margin..top + rect.height as f32 + margin).contains(&y)
            }
            Self::Lasso(corners) => is_inside(corners, x, y) || is_near(corners, x, y, margin),
        }
    }
}

/// Returns the smallest rectangle of whole pixels around `corners` within an image of `size` pixels; `None`
/// if no corner exists or the rectangle is empty.
fn polygon_bounds(corners: &[(f32, f32)], (width, height): (u32, u32)) -> Option<Rect> {
    let span = |values: &mut dyn Iterator<Item = f32>, side: u32| {
        let bounds = (f32::INFINITY, f32::NEG_INFINITY);
        let (low, high) = values.fold(bounds, |(low, high), value| (low.min(value), high.max(value)));
        // The conversion saturates: negative coordinates become 0.
        let (start, end) = (low.floor() as u32, (high.ceil() as u32).min(side));
        (start < end).then(|| (start, end - start))
    };
    let (x, width) = span(&mut corners.iter().map(|corner| corner.0), width)?;
    let (y, height) = span(&mut corners.iter().map(|corner| corner.1), height)?;
    Some(Rect { x, y, width, height })
}

/// Returns the part of `rect` within an image of `size` pixels; `None` if it is empty.
fn clipped(rect: Rect, (width, height): (u32, u32)) -> Option<Rect> {
    let right = rect.x.saturating_add(rect.width).min(width);
    let bottom = rect.y.saturating_add(rect.height).min(height);
    (rect.x < right && rect.y < bottom).then(|| Rect {
        x: rect.x,
        y: rect.y,
        width: right - rect.x,
        height: bottom - rect.y,
    })
}

/// Returns the polygon's edges as pairs of corners.
fn edges(corners: &[(f32, f32)]) -> impl Iterator<Item = ((f32, f32), (f32, f32))> {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(start, end)| (*start, *end))
}

/// Returns true if the point is inside the polygon by the even-odd rule.
fn is_inside(corners: &[(f32, f32)], x: f32, y: f32) -> bool {
    let crosses = |((x0, y0), (x1, y1)): ((f32, f32), (f32, f32))| {
        (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    };
    edges(corners).filter(|edge| crosses(*edge)).count() % 2 == 1
}

/// Returns true if the point is within `margin` of an edge.
fn is_near(corners: &[(f32, f32)], x: f32, y: f32, margin: f32) -> bool {
    edges(corners).any(|((x0, y0), (x1, y1))| {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx * dx + dy * dy;
        let along = if length > 0.0 {
            (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (x - x0 - along * dx).hypot(y - y0 - along * dy) <= margin
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [(f32, f32); 4] = [(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)];

    #[test]
    fn areas_are_clipped() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        let bounds = |area: Area| area.bounds((10, 6)).ok();
        assert_eq!(bounds(Area::Box(rect(4, 4, 9, u32::MAX))), Some(rect(4, 4, 6, 2)));
        assert_eq!(bounds(Area::Box(rect(10, 0, 5, 5))), None);
        assert_eq!(bounds(Area::Box(rect(1, 1, 0, 5))), None);
        assert_eq!(bounds(Area::Lasso(SQUARE.to_vec())), Some(rect(2, 2, 6, 4)));
        assert_eq!(
            bounds(Area::Lasso(vec![(-5.0, -5.0), (1e9, 3.5)])),
            Some(rect(0, 0, 10, 4))
        );
        assert_eq!(bounds(Area::Lasso(vec![(f32::NAN, 1.0), (3.0, 3.0)])), None);
        assert_eq!(bounds(Area::Lasso(vec![])), None);
    }

    #[test]
    fn lasso_contains_its_inside_and_margin() {
        let lasso = Area::Lasso(SQUARE.to_vec());
        assert!(lasso.contains(5.0, 5.0, 0.0));
        assert!(!lasso.contains(9.0, 5.0, 0.5));
        assert!(lasso.contains(9.0, 5.0, 1.5));
    }
}
