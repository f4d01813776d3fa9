//! Body of the plugin routes.

use iopaint_imaging::Rect;
use iopaint_vision::selection::{Area, Click, Prompt};
use serde::Deserialize;
use utoipa::ToSchema;

use super::coerce;
use crate::error::ApiError;

/// A plugin and its input. `box` and `min_score` are this server's extensions of IOPaint's request.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RunPlugin {
    /// Name of the plugin.
    pub name: String,
    /// Image in base64.
    pub image: String,
    /// Clicks on the image: x and y in pixels, and 1 for the object or 0 for the background. Further numbers
    /// are ignored.
    #[serde(default)]
    pub clicks: Vec<Vec<f64>>,
    /// Scale factor of the result of `RealESRGAN`, above 0 and at most 4.
    #[serde(default = "default_scale", deserialize_with = "coerce::float")]
    #[schema(default = 2.0)]
    pub scale: f64,
    /// Area of the object or text: x and y of two opposite corners in pixels.
    #[serde(default, rename = "box")]
    pub area: Option<[f64; 4]>,
    /// Outline around the object: x and y of each point in pixels, at least 3 points.
    #[serde(default)]
    pub lasso: Vec<[f64; 2]>,
    /// Minimum score of text, 0 to 1.
    #[serde(default = "default_min_score", deserialize_with = "coerce::float")]
    #[schema(default = 0.5)]
    pub min_score: f64,
}

/// A plugin and its model.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SwitchPluginModel {
    /// Name of the plugin.
    pub plugin_name: String,
    /// Name of the model.
    pub model_name: String,
}

/// An image whose text is searched.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct DetectText {
    /// Image in base64.
    pub image: String,
    /// Minimum score of a region, 0 to 1.
    #[serde(default = "default_min_score", deserialize_with = "coerce::float")]
    #[schema(default = 0.5)]
    pub min_score: f64,
    /// Area to search: x and y of two opposite corners in pixels. Default: the whole image.
    #[serde(default)]
    pub region: Option<[f64; 4]>,
}

/// An image to enlarge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Upscale {
    /// Image in base64.
    pub image: String,
    /// Factor of both sides, above 0 and at most 4.
    #[serde(default = "default_scale", deserialize_with = "coerce::float")]
    #[schema(default = 2.0)]
    pub scale: f64,
}

/// Returns the factor of an upscale without one.
#[must_use]
pub fn default_scale() -> f64 {
    2.0
}

fn default_min_score() -> f64 {
    0.5
}

/// Largest factor of an upscale: that of the networks.
const MAX_SCALE: f64 = 4.0;

/// Checks a scale factor.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField).
pub fn check_scale(scale: f64) -> Result<f64, ApiError> {
    if scale > 0.0 && scale <= MAX_SCALE {
        Ok(scale)
    } else {
        Err(ApiError::field("scale", "must be above 0 and at most 4"))
    }
}

/// Checks a minimum score.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField).
pub fn check_min_score(score: f64) -> Result<f32, ApiError> {
    if (0.0..=1.0).contains(&score) {
        Ok(score as f32)
    } else {
        Err(ApiError::field("min_score", "must be from 0 to 1"))
    }
}

/// Checks the number of points in the field `name`.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField).
pub fn check_points(name: &str, points: usize, max: usize) -> Result<(), ApiError> {
    if points > max {
        let reason = format!("must have at most {max} points; the limit is --max-clicks");
        return Err(ApiError::field(name, reason));
    }
    Ok(())
}

/// Converts clicks (x and y in pixels, and 1 for the object or 0 for the background), an outline and a
/// rectangle to a prompt. The outline takes precedence over the rectangle.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) for clicks of less than three numbers,
/// and outlines of one or two points.
pub fn prompt(clicks: &[Vec<f64>], lasso: &[[f64; 2]], area: Option<Rect>) -> Result<Prompt, ApiError> {
    let click = |click: &Vec<f64>| match click[..] {
        // IOPaint's page adds the click's index.
        [x, y, label, ..] => Ok(Click {
            // Saturates: clicks outside of the image count as on its edge.
            x: x as u32,
            y: y as u32,
            positive: label > 0.0,
        }),
        _ => Err(ApiError::field("clicks", "must be a list of [x, y, label]")),
    };
    let lasso = match lasso.len() {
        0 => None,
        1 | 2 => return Err(ApiError::field("lasso", "must have at least 3 points")),
        _ => Some(lasso.iter().map(|[x, y]| (*x as f32, *y as f32)).collect()),
    };
    Ok(Prompt {
        clicks: clicks.iter().map(click).collect::<Result<_, _>>()?,
        area: lasso.map(Area::Lasso).or(area.map(Area::Box)),
    })
}

/// Converts two opposite corners, in any order, to a rectangle within an image of `size` (width, height in
/// pixels); the corner pixels belong to it.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) if the area lies outside of the image.
pub fn rect(field: &str, [x0, y0, x1, y1]: [f64; 4], size: (u32, u32)) -> Result<Rect, ApiError> {
    let span = |from: f64, to: f64, side: u32| -> Option<(u32, u32)> {
        let (low, high) = (
            from.min(to).floor().max(0.0),
            from.max(to).ceil().min(f64::from(side)),
        );
        (low < high).then_some((low as u32, (high - low) as u32))
    };
    match (span(x0, x1, size.0), span(y0, y1, size.1)) {
        (Some((x, width)), Some((y, height))) => Ok(Rect { x, y, width, height }),
        _ => Err(ApiError::field(field, "lies outside of the image or is empty")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case([10.0, 20.0, 30.0, 60.0], (10, 20, 20, 40))]
    #[case([30.0, 60.0, 10.0, 20.0], (10, 20, 20, 40))]
    #[case([-5.0, -5.0, 1e9, 1e9], (0, 0, 100, 80))]
    #[case([9.5, 0.0, 10.5, 1.0], (9, 0, 2, 1))]
    fn area_is_clipped_to_image(
        #[case] corners: [f64; 4],
        #[case] (x, y, width, height): (u32, u32, u32, u32),
    ) {
        let rect = rect("box", corners, (100, 80)).unwrap();
        assert_eq!((rect.x, rect.y, rect.width, rect.height), (x, y, width, height));
    }

    #[rstest]
    #[case([100.0, 0.0, 120.0, 10.0])]
    #[case([5.0, 5.0, 5.0, 50.0])]
    #[case([-9.0, 0.0, 0.0, 10.0])]
    fn area_outside_is_rejected(#[case] corners: [f64; 4]) {
        assert!(rect("box", corners, (100, 80)).is_err());
    }

    #[test]
    fn scale_and_score_have_ranges() {
        assert!([0.5, 2.0, 4.0].iter().all(|scale| check_scale(*scale).is_ok()));
        assert!(
            [0.0, -1.0, 4.1, f64::NAN]
                .iter()
                .all(|scale| check_scale(*scale).is_err())
        );
        assert!([0.0, 1.0].iter().all(|score| check_min_score(*score).is_ok()));
        assert!(
            [-0.1, 1.1, f64::NAN]
                .iter()
                .all(|score| check_min_score(*score).is_err())
        );
    }
}
