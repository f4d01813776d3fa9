//! Holes in planar surroundings: paper, flat colours, linear gradients.
//!
//! A network reproduces a constant only approximately, and patches that start from its output may inherit the
//! error: on white paper a haze of 1 to 3 levels of 255. Where the surroundings of a hole are a linear
//! function of the position (a plane per channel), the hole is filled with their least-squares fit and no
//! model runs. Where they are a flat background with other objects on it, the model runs and its haze over
//! the background is removed.

use iopaint_imaging::{Mask, RgbImage, for_each_component, majority, morphology::dilate};
use iopaint_inpaint::ForwardError;

/// Width of the examined surroundings of a component of the hole, in pixels.
const SURROUNDINGS_PX: u32 = 10;
/// Width of the rim of the hole that is left out of the fit, in pixels: a tight mask leaves the anti-aliased
/// rims of letters there.
const RIM_PX: u8 = 3;
/// The largest difference between a known pixel and the fit in planar surroundings, in levels of 255:
/// rounding takes half a level, compression of a flat page about one.
const FIT_TOLERANCE: f64 = 1.0;
/// The largest difference between a filled pixel and a flat background that counts as haze, in levels of 255:
/// `lama-mini` differs by up to 7.
const MAX_HAZE: u8 = 8;
/// The inverse of the largest share of the surroundings that may differ from a flat background by 1 to 2 *
/// [`MAX_HAZE`] levels. Gradients and noise have more such pixels; the edges of letters have fewer.
const NEAR_BACKGROUND_DIVISOR: usize = 16;

/// The surroundings of a component of the hole.
enum Surroundings {
    /// A linear function of the position.
    Planar(PlaneFit),
    /// A flat colour with objects of clearly different colours on it.
    Background([u8; 3]),
    Other,
}

/// A component of the hole on a flat background.
struct ComponentOnBackground {
    /// Indices of the component's pixels.
    hole: Vec<usize>,
    /// The colour of the background.
    colour: [u8; 3],
}

/// Fills the components of the hole with planar surroundings, and the others with `fill`, which receives the
/// image with the planar components filled and a mask without them. `fill` isn't called if no component is
/// left. Image and mask have the same size.
///
/// # Errors
/// Returns the error of `fill`.
pub(crate) fn fill_planar_components(
    image: &RgbImage,
    mask: &Mask,
    fill: impl FnOnce(&RgbImage, &Mask) -> Result<RgbImage, ForwardError>,
) -> Result<RgbImage, ForwardError> {
    let width = image.width() as usize;
    let known = image.as_raw().as_chunks::<3>().0;
    let hole_and_rims = dilate(mask, RIM_PX);
    let (mut filled, mut remaining) = (image.clone(), mask.flags().collect::<Vec<_>>());
    let (mut any_left, mut on_background) = (false, Vec::new());
    for_each_component(mask, SURROUNDINGS_PX, |hole, surroundings| {
        let samples = surroundings
            .iter()
            .map(|at| (position(*at, width), known[*at], hole_and_rims.values()[*at] > 0));
        match classify(samples) {
            Surroundings::Planar(plane) => {
                let pixels = filled.as_mut().as_chunks_mut::<3>().0;
                for at in hole {
                    pixels[*at] = plane.colour(position(*at, width));
                    remaining[*at] = false;
                }
            }
            Surroundings::Background(colour) => {
                any_left = true;
                on_background.push(ComponentOnBackground {
                    hole: hole.to_vec(),
                    colour,
                });
            }
            Surroundings::Other => any_left = true,
        }
    });
    let remaining = Mask::from_flags(mask.width(), mask.height(), remaining);
    let Some(remaining) = remaining.filter(|_| any_left) else {
        return Ok(filled);
    };
    let mut out = fill(&filled, &remaining)?;
    let pixels = out.as_mut().as_chunks_mut::<3>().0;
    let masks = mask.flags().zip(remaining.flags());
    for (((before, after), pixel), filled) in masks
        .zip(pixels.iter_mut())
        .zip(filled.as_raw().as_chunks::<3>().0)
    {
        if before != after {
            *pixel = *filled;
        }
    }
    for ComponentOnBackground { hole, colour } in &on_background {
        for at in hole {
            if max_difference(pixels[*at], *colour) <= MAX_HAZE {
                pixels[*at] = *colour;
            }
        }
    }
    Ok(out)
}

/// Classifies surroundings by samples: position, colour, and true for pixels of a rim.
fn classify(samples: impl Iterator<Item = ([f64; 2], [u8; 3], bool)> + Clone) -> Surroundings {
    let beyond_rims = samples.clone().filter(|(.., rim)| !rim);
    let points = beyond_rims
        .clone()
        .map(|(position, colour, _)| (position, colour));
    if let Some(plane) = PlaneFit::new(points) {
        // A rim of mostly one different colour is the inside of a box or dot, not the remains of a letter.
        let rim = samples.filter(|(.., rim)| *rim).map(|(_, colour, _)| colour);
        return match majority(rim) {
            Some(colour) if !plane.contains(colour) => Surroundings::Other,
            _ => Surroundings::Planar(plane),
        };
    }
    let colours = beyond_rims.map(|(_, colour, _)| colour);
    let Some(background) = majority(colours.clone()) else {
        return Surroundings::Other;
    };
    let near =
        |colour: &[u8; 3]| *colour != background && max_difference(*colour, background) <= 2 * MAX_HAZE;
    if colours.clone().filter(near).count() * NEAR_BACKGROUND_DIVISOR > colours.count() {
        return Surroundings::Other;
    }
    Surroundings::Background(background)
}

/// Returns the largest absolute difference over the channels.
fn max_difference(a: [u8; 3], b: [u8; 3]) -> u8 {
    a.iter().zip(b).fold(0, |most, (a, b)| most.max(a.abs_diff(b)))
}

fn position(at: usize, width: usize) -> [f64; 2] {
    [(at % width) as f64, (at / width) as f64]
}

/// A colour as a linear function of the position, clamped to the range of the colours that it was fitted to.
struct PlaneFit {
    /// Mean position and colour of the samples.
    centre: [f64; 2],
    mean: [f64; 3],
    /// Levels per pixel along x and y, per channel.
    slopes: [[f64; 2]; 3],
    /// The smallest and largest sample, per channel.
    low: [f64; 3],
    high: [f64; 3],
}

impl PlaneFit {
    /// Fits positions and colours by least squares; `None` if there are no samples or one of them differs
    /// from the fit by more than [`FIT_TOLERANCE`].
    fn new(samples: impl Iterator<Item = ([f64; 2], [u8; 3])> + Clone) -> Option<Self> {
        let samples = samples.map(|(position, colour)| (position, colour.map(f64::from)));
        let (mut count, mut centre, mut mean) = (0.0, [0.0; 2], [0.0; 3]);
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for (position, colour) in samples.clone() {
            count += 1.0;
            centre = std::array::from_fn(|axis| centre[axis] + position[axis]);
            mean = std::array::from_fn(|channel| mean[channel] + colour[channel]);
            low = std::array::from_fn(|channel| low[channel].min(colour[channel]));
            high = std::array::from_fn(|channel| high[channel].max(colour[channel]));
        }
        if count == 0.0 {
            return None;
        }
        let (centre, mean) = (centre.map(|sum| sum / count), mean.map(|sum| sum / count));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        let mut moments = [[0.0; 2]; 3];
        for (position, colour) in samples.clone() {
            let [x, y] = [position[0] - centre[0], position[1] - centre[1]];
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
            moments = std::array::from_fn(|channel| {
                let difference = colour[channel] - mean[channel];
                [
                    moments[channel][0] + x * difference,
                    moments[channel][1] + y * difference,
                ]
            });
        }
        let determinant = xx * yy - xy * xy;
        // Samples on one line don't determine a plane.
        let slopes = if determinant > 0.0 {
            moments.map(|[x, y]| [(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant])
        } else {
            [[0.0; 2]; 3]
        };
        let plane = Self {
            centre,
            mean,
            slopes,
            low,
            high,
        };
        let fits = |(position, colour): ([f64; 2], [f64; 3])| {
            let fit = plane.unclamped(position);
            colour
                .iter()
                .zip(fit)
                .all(|(value, fit)| (value - fit).abs() <= FIT_TOLERANCE)
        };
        samples.clone().all(fits).then_some(plane)
    }

    /// Returns true for a colour within [`FIT_TOLERANCE`] of the range of the samples.
    fn contains(&self, colour: [u8; 3]) -> bool {
        let ranges = self.low.iter().zip(self.high);
        colour.iter().zip(ranges).all(|(value, (low, high))| {
            (low - FIT_TOLERANCE..=high + FIT_TOLERANCE).contains(&f64::from(*value))
        })
    }

    fn unclamped(&self, position: [f64; 2]) -> [f64; 3] {
        let [x, y] = [position[0] - self.centre[0], position[1] - self.centre[1]];
        std::array::from_fn(|channel| {
            let [slope_x, slope_y] = self.slopes[channel];
            self.mean[channel] + slope_x * x + slope_y * y
        })
    }

    fn colour(&self, position: [f64; 2]) -> [u8; 3] {
        let value = self.unclamped(position);
        std::array::from_fn(|channel| {
            value[channel]
                .clamp(self.low[channel], self.high[channel])
                .round() as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: [u8; 3] = [236, 229, 201];
    const INK: [u8; 3] = [20, 30, 90];
    /// [`PAPER`] with a network's haze.
    const HAZY: [u8; 3] = [233, 228, 204];

    fn image(colour: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
        RgbImage::from_fn(120, 90, |x, y| colour(x, y).into())
    }

    fn mask(hole: impl Fn(u32, u32) -> bool) -> Mask {
        Mask::from_fn(120, 90, hole)
    }

    /// A stroke 6 pixels wide and 40 long.
    fn stroke(x: u32, y: u32) -> bool {
        (40..80).contains(&x) && (40..46).contains(&y)
    }

    fn unreachable_model(_: &RgbImage, _: &Mask) -> Result<RgbImage, ForwardError> {
        Err(ForwardError::Failed("a model ran".to_owned()))
    }

    /// Fills the hole with one colour.
    fn paint(colour: [u8; 3]) -> impl Fn(&RgbImage, &Mask) -> Result<RgbImage, ForwardError> {
        move |image, mask| {
            let mut out = image.clone();
            for (pixel, _) in out.pixels_mut().zip(mask.flags()).filter(|(_, hole)| *hole) {
                *pixel = colour.into();
            }
            Ok(out)
        }
    }

    #[test]
    fn constants_are_filled_without_a_model() {
        let page = image(|_, _| PAPER);
        let written = image(|x, y| if stroke(x, y) { INK } else { PAPER });
        assert_eq!(
            fill_planar_components(&written, &mask(stroke), unreachable_model).unwrap(),
            page
        );
        let all_but_a_corner = mask(|x, y| x > 9 || y > 9);
        assert_eq!(
            fill_planar_components(&written, &all_but_a_corner, unreachable_model).unwrap(),
            page
        );
    }

    #[test]
    fn components_are_fitted_separately() {
        let page = image(|x, _| if x < 60 { PAPER } else { INK });
        let written = image(|x, y| {
            if x % 30 == 15 && y > 20 {
                [0; 3]
            } else {
                page.get_pixel(x, y).0
            }
        });
        let letters = mask(|x, y| x % 30 == 15 && y > 20);
        assert_eq!(
            fill_planar_components(&written, &letters, unreachable_model).unwrap(),
            page
        );
    }

    #[test]
    fn linear_gradients_are_filled() {
        let gradient = |x: u32, y: u32| {
            [0.7, 0.31, -0.5].map(|slope| (120.0 + slope * (f64::from(x) - f64::from(y))) as u8)
        };
        let out = fill_planar_components(&image(gradient), &mask(stroke), unreachable_model).unwrap();
        let pixels = out.enumerate_pixels();
        assert!(
            pixels
                .into_iter()
                .all(|(x, y, pixel)| max_difference(pixel.0, gradient(x, y)) <= 1)
        );
    }

    #[test]
    fn compression_noise_is_within_tolerance() {
        let noisy = image(|x, y| PAPER.map(|value| value + u8::from((x / 8 + y / 8) % 3 == 0)));
        let out = fill_planar_components(&noisy, &mask(stroke), unreachable_model).unwrap();
        assert!(out.pixels().all(|pixel| max_difference(pixel.0, PAPER) <= 1));
    }

    #[test]
    fn antialiased_rims_are_ignored() {
        let gray = |x: u32, y: u32| 180 + ((x * 7 + y * 13) % 40) as u8;
        let near = |x: u32, y: u32| (38..82).contains(&x) && (38..48).contains(&y);
        let written = image(|x, y| if near(x, y) { [gray(x, y); 3] } else { PAPER });
        let out = fill_planar_components(&written, &mask(stroke), unreachable_model).unwrap();
        for (x, y, pixel) in out.enumerate_pixels() {
            let expected = if stroke(x, y) {
                PAPER
            } else {
                written.get_pixel(x, y).0
            };
            assert_eq!(pixel.0, expected);
        }
    }

    #[test]
    fn boxes_are_left_to_the_model() {
        let boxed = image(|x, y| {
            if (38..82).contains(&x) && (38..48).contains(&y) {
                INK
            } else {
                PAPER
            }
        });
        assert!(fill_planar_components(&boxed, &mask(stroke), unreachable_model).is_err());
    }

    #[test]
    fn haze_over_a_background_is_removed() {
        // A letter within the surroundings: no plane fits.
        let written = image(|x, y| if x.abs_diff(86) < 2 && y < 50 { INK } else { PAPER });
        let out = fill_planar_components(&written, &mask(stroke), paint(HAZY)).unwrap();
        assert!((40..80).all(|x| out.get_pixel(x, 42).0 == PAPER));
        let out = fill_planar_components(&written, &mask(stroke), paint(INK)).unwrap();
        assert!((40..80).all(|x| out.get_pixel(x, 42).0 == INK));
    }

    #[test]
    fn textures_and_edges_are_left_to_the_model() {
        let grain = |x: u32, y: u32| [100 + ((x * x * 7 + y * y * 13 + x * y) % 9) as u8; 3];
        for picture in [image(grain), image(|_, y| if y < 43 { PAPER } else { INK })] {
            let out = fill_planar_components(&picture, &mask(stroke), paint(HAZY)).unwrap();
            assert!((40..80).all(|x| out.get_pixel(x, 42).0 == HAZY));
        }
    }

    #[test]
    fn models_cannot_change_planar_components() {
        let speck = |x: u32, y: u32| (10..14).contains(&x) && (10..14).contains(&y);
        let written = image(|x, y| if x > 90 && (x + y) % 3 == 0 { INK } else { PAPER });
        let holes = mask(|x, y| speck(x, y) || (x.abs_diff(100) < 4 && y > 20));
        let out = fill_planar_components(&written, &holes, |image, _| {
            Ok(RgbImage::new(image.width(), image.height()))
        });
        let out = out.unwrap();
        assert_eq!(
            (out.get_pixel(12, 12).0, out.get_pixel(100, 50).0),
            (PAPER, [0; 3])
        );
    }

    #[test]
    fn images_without_known_pixels() {
        let out = fill_planar_components(&image(|_, _| INK), &mask(|_, _| true), paint(HAZY)).unwrap();
        assert!(out.pixels().all(|pixel| pixel.0 == HAZY));
    }
}
