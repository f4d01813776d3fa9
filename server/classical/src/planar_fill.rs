//! Holes in plain surroundings: paper, flat colours, computed gradients.
//!
//! A network reproduces a constant only approximately, and patches that begin with its guess may inherit the error: on
//! white paper a haze of 1 to 3 levels. Where the surroundings are a linear function of the position, so is the
//! filling; constants and gradients are fixed points of the least-squares fit, and no model has to run. Where they are a flat
//! background with other things on it, the model runs and its haze over the background is removed.

use iopaint_imaging::{GrayImage, RgbImage, for_each_component, majority, morphology::dilate};
use iopaint_inpaint::ForwardError;

/// The surroundings of a component that are examined, in pixels from it.
const REACH: u32 = 10;
/// Known pixels this near to a hole, in pixels, don't count: a tight mask leaves the anti-aliased rims of letters.
const RIM: u8 = 3;
/// The largest difference between a known pixel and the fit in plain surroundings, in levels of 255: rounding takes
/// half a level, compression of a flat page about one.
const TOLERANCE: f64 = 1.0;
/// The largest difference to a flat background, in levels of 255, that is haze: `lama-mini` is up to 7 levels off.
const HAZE: u8 = 8;
/// The largest share of the surroundings, as its inverse, that may be within twice [`HAZE`] of a flat background without
/// being equal to it. Gradients and noise have more; the edges of letters have less.
const NEAR_BACKGROUND: usize = 16;

/// The surroundings of a component of the hole.
enum Surroundings {
    /// A linear function of the position.
    Plain(Plane),
    /// One colour, with things of clearly other colours on it.
    Background([u8; 3]),
    Other,
}

/// A component of the hole, as indices of its pixels, and the colour of its flat background.
struct OnBackground {
    hole: Vec<usize>,
    colour: [u8; 3],
}

/// Fills the components of the hole whose surroundings are plain, and the others with `fill`, which gets the picture and the
/// hole without the plain components. It isn't called where none remains. Both images have one size.
///
/// # Errors
/// Those of `fill`.
pub(crate) fn fill_plain_first(
    image: &RgbImage,
    mask: &GrayImage,
    fill: impl FnOnce(&RgbImage, &GrayImage) -> Result<RgbImage, ForwardError>,
) -> Result<RgbImage, ForwardError> {
    let width = image.width() as usize;
    let known = image.as_raw().as_chunks::<3>().0;
    let rims = rims(mask);
    let (mut filled, mut rest) = (image.clone(), mask.clone());
    let (mut remains, mut on_background) = (false, Vec::new());
    for_each_component(mask, REACH, |hole, surroundings| {
        let samples = surroundings
            .iter()
            .map(|at| (position(*at, width), known[*at], rims.as_raw()[*at] > 0));
        match examine(samples) {
            Surroundings::Plain(plane) => {
                let pixels = filled.as_mut().as_chunks_mut::<3>().0;
                for at in hole {
                    pixels[*at] = plane.colour(position(*at, width));
                    rest.as_mut()[*at] = 0;
                }
            }
            Surroundings::Background(colour) => {
                remains = true;
                on_background.push(OnBackground {
                    hole: hole.to_vec(),
                    colour,
                });
            }
            Surroundings::Other => remains = true,
        }
    });
    if !remains {
        return Ok(filled);
    }
    let mut out = fill(&filled, &rest)?;
    let pixels = out.as_mut().as_chunks_mut::<3>().0;
    let places = mask.as_raw().iter().zip(rest.as_raw()).zip(pixels.iter_mut());
    for (((before, after), pixel), filled) in places.zip(filled.as_raw().as_chunks::<3>().0) {
        if before != after {
            *pixel = *filled;
        }
    }
    for OnBackground { hole, colour } in &on_background {
        for at in hole {
            if distance(pixels[*at], *colour) <= HAZE {
                pixels[*at] = *colour;
            }
        }
    }
    Ok(out)
}

/// Classifies the surroundings by samples: position, colour and membership in a rim.
fn examine(samples: impl Iterator<Item = ([f64; 2], [u8; 3], bool)> + Clone) -> Surroundings {
    let beyond = samples.clone().filter(|(.., rim)| !rim);
    if let Some(plane) = Plane::fitted(beyond.clone().map(|(position, colour, _)| (position, colour))) {
        // A rim of one other colour is not what is left of a letter but the inside of a box or dot.
        let rim = samples.filter(|(.., rim)| *rim).map(|(_, colour, _)| colour);
        return match majority(rim) {
            Some(colour) if !plane.contains(colour) => Surroundings::Other,
            _ => Surroundings::Plain(plane),
        };
    }
    let colours = beyond.map(|(_, colour, _)| colour);
    let Some(background) = majority(colours.clone()) else {
        return Surroundings::Other;
    };
    let near = |colour: &[u8; 3]| *colour != background && distance(*colour, background) <= 2 * HAZE;
    if colours.clone().filter(near).count() * NEAR_BACKGROUND > colours.count() {
        return Surroundings::Other;
    }
    Surroundings::Background(background)
}

/// The largest difference of a channel.
fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    a.iter().zip(b).fold(0, |most, (a, b)| most.max(a.abs_diff(b)))
}

/// 255 in the hole and within [`RIM`] pixels of it.
fn rims(mask: &GrayImage) -> GrayImage {
    let mut binary = mask.clone();
    for value in binary.iter_mut().filter(|value| **value > 0) {
        *value = 255;
    }
    dilate(&binary, RIM)
}

fn position(at: usize, width: usize) -> [f64; 2] {
    [(at % width) as f64, (at / width) as f64]
}

/// A colour that is a linear function of the position, within the range of the colours that it was fitted to.
struct Plane {
    centre: [f64; 2],
    mean: [f64; 3],
    /// Levels per pixel along x and y.
    slopes: [[f64; 2]; 3],
    low: [f64; 3],
    high: [f64; 3],
}

impl Plane {
    /// The least-squares fit; `None` where there are no samples or one is more than [`TOLERANCE`] off.
    fn fitted(samples: impl Iterator<Item = ([f64; 2], [u8; 3])> + Clone) -> Option<Self> {
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
        let mut along = [[0.0; 2]; 3];
        for (position, colour) in samples.clone() {
            let [x, y] = [position[0] - centre[0], position[1] - centre[1]];
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
            along = std::array::from_fn(|channel| {
                let difference = colour[channel] - mean[channel];
                [
                    along[channel][0] + x * difference,
                    along[channel][1] + y * difference,
                ]
            });
        }
        let determinant = xx * yy - xy * xy;
        // Samples on one line determine no plane.
        let slopes = if determinant > 0.0 {
            along.map(|[x, y]| [(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant])
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
            let fit = plane.at(position);
            colour
                .iter()
                .zip(fit)
                .all(|(value, fit)| (value - fit).abs() <= TOLERANCE)
        };
        samples.clone().all(fits).then_some(plane)
    }

    /// Returns true for a colour within [`TOLERANCE`] of the range of the samples.
    fn contains(&self, colour: [u8; 3]) -> bool {
        let ranges = self.low.iter().zip(self.high);
        colour
            .iter()
            .zip(ranges)
            .all(|(value, (low, high))| (low - TOLERANCE..=high + TOLERANCE).contains(&f64::from(*value)))
    }

    fn at(&self, position: [f64; 2]) -> [f64; 3] {
        let [x, y] = [position[0] - self.centre[0], position[1] - self.centre[1]];
        std::array::from_fn(|channel| {
            let [across, down] = self.slopes[channel];
            self.mean[channel] + across * x + down * y
        })
    }

    fn colour(&self, position: [f64; 2]) -> [u8; 3] {
        let value = self.at(position);
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
    /// The paper with the haze of a network.
    const HAZY: [u8; 3] = [233, 228, 204];

    fn image(colour: impl Fn(u32, u32) -> [u8; 3]) -> RgbImage {
        RgbImage::from_fn(120, 90, |x, y| colour(x, y).into())
    }

    fn mask(hole: impl Fn(u32, u32) -> bool) -> GrayImage {
        GrayImage::from_fn(120, 90, |x, y| [if hole(x, y) { 255 } else { 0 }].into())
    }

    /// A stroke 6 pixels wide and 40 long.
    fn stroke(x: u32, y: u32) -> bool {
        (40..80).contains(&x) && (40..46).contains(&y)
    }

    fn unreached(_: &RgbImage, _: &GrayImage) -> Result<RgbImage, ForwardError> {
        Err(ForwardError::Failed("a model ran".to_owned()))
    }

    /// Fills the hole with one colour.
    fn paint(colour: [u8; 3]) -> impl Fn(&RgbImage, &GrayImage) -> Result<RgbImage, ForwardError> {
        move |image, mask| {
            let mut out = image.clone();
            for (pixel, _) in out
                .pixels_mut()
                .zip(mask.pixels())
                .filter(|(_, mask)| mask.0[0] > 0)
            {
                *pixel = colour.into();
            }
            Ok(out)
        }
    }

    #[test]
    fn constant_surroundings_are_continued_without_a_model() {
        let page = image(|_, _| PAPER);
        let written = image(|x, y| if stroke(x, y) { INK } else { PAPER });
        assert_eq!(
            fill_plain_first(&written, &mask(stroke), unreached).unwrap(),
            page
        );
        let all_but_a_corner = mask(|x, y| x > 9 || y > 9);
        assert_eq!(
            fill_plain_first(&written, &all_but_a_corner, unreached).unwrap(),
            page
        );
    }

    #[test]
    fn each_component_gets_the_colour_around_it() {
        let page = image(|x, _| if x < 60 { PAPER } else { INK });
        let written = image(|x, y| {
            if x % 30 == 15 && y > 20 {
                [0; 3]
            } else {
                page.get_pixel(x, y).0
            }
        });
        let letters = mask(|x, y| x % 30 == 15 && y > 20);
        assert_eq!(fill_plain_first(&written, &letters, unreached).unwrap(), page);
    }

    #[test]
    fn linear_gradients_are_continued() {
        let gradient = |x: u32, y: u32| {
            [0.7, 0.31, -0.5].map(|slope| (120.0 + slope * (f64::from(x) - f64::from(y))) as u8)
        };
        let out = fill_plain_first(&image(gradient), &mask(stroke), unreached).unwrap();
        let pixels = out.enumerate_pixels();
        assert!(
            pixels
                .into_iter()
                .all(|(x, y, pixel)| distance(pixel.0, gradient(x, y)) <= 1)
        );
    }

    #[test]
    fn faint_compression_noise_counts_as_plain() {
        let noisy = image(|x, y| PAPER.map(|value| value + u8::from((x / 8 + y / 8) % 3 == 0)));
        let out = fill_plain_first(&noisy, &mask(stroke), unreached).unwrap();
        assert!(out.pixels().all(|pixel| distance(pixel.0, PAPER) <= 1));
    }

    #[test]
    fn antialiased_rims_outside_the_mask_do_not_count() {
        let gray = |x: u32, y: u32| 180 + ((x * 7 + y * 13) % 40) as u8;
        let near = |x: u32, y: u32| (38..82).contains(&x) && (38..48).contains(&y);
        let written = image(|x, y| if near(x, y) { [gray(x, y); 3] } else { PAPER });
        let out = fill_plain_first(&written, &mask(stroke), unreached).unwrap();
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
    fn the_inside_of_a_box_with_a_narrow_margin_is_left_to_the_model() {
        let boxed = image(|x, y| {
            if (38..82).contains(&x) && (38..48).contains(&y) {
                INK
            } else {
                PAPER
            }
        });
        assert!(fill_plain_first(&boxed, &mask(stroke), unreached).is_err());
    }

    #[test]
    fn haze_over_a_background_is_removed_and_other_colours_stay() {
        // A letter that stands too near for plain surroundings.
        let written = image(|x, y| if x.abs_diff(86) < 2 && y < 50 { INK } else { PAPER });
        let out = fill_plain_first(&written, &mask(stroke), paint(HAZY)).unwrap();
        assert!((40..80).all(|x| out.get_pixel(x, 42).0 == PAPER));
        let out = fill_plain_first(&written, &mask(stroke), paint(INK)).unwrap();
        assert!((40..80).all(|x| out.get_pixel(x, 42).0 == INK));
    }

    #[test]
    fn textures_and_steep_edges_are_left_to_the_model() {
        let grain = |x: u32, y: u32| [100 + ((x * x * 7 + y * y * 13 + x * y) % 9) as u8; 3];
        for picture in [image(grain), image(|_, y| if y < 43 { PAPER } else { INK })] {
            let out = fill_plain_first(&picture, &mask(stroke), paint(HAZY)).unwrap();
            assert!((40..80).all(|x| out.get_pixel(x, 42).0 == HAZY));
        }
    }

    #[test]
    fn a_model_that_changes_known_pixels_leaves_plain_components_alone() {
        let speck = |x: u32, y: u32| (10..14).contains(&x) && (10..14).contains(&y);
        let written = image(|x, y| if x > 90 && (x + y) % 3 == 0 { INK } else { PAPER });
        let holes = mask(|x, y| speck(x, y) || (x.abs_diff(100) < 4 && y > 20));
        let out = fill_plain_first(&written, &holes, |image, _| {
            Ok(RgbImage::new(image.width(), image.height()))
        });
        let out = out.unwrap();
        assert_eq!(
            (out.get_pixel(12, 12).0, out.get_pixel(100, 50).0),
            (PAPER, [0; 3])
        );
    }

    #[test]
    fn a_picture_without_known_pixels_is_left_to_the_model() {
        let out = fill_plain_first(&image(|_, _| INK), &mask(|_, _| true), paint(HAZY)).unwrap();
        assert!(out.pixels().all(|pixel| pixel.0 == HAZY));
    }
}
