//! Conversion of result pixels to the samples of a file's components.

use crate::colour_inverse::{GrayConverter, InkConverter};
use crate::decode::jpeg::frame::Colour;

/// Conversion to the samples of a colour space.
pub(super) enum SampleConverter {
    Gray(Box<GrayConverter>),
    Rgb,
    YCbCr,
    /// CMYK, and YCCK if true.
    Inks(InkConverter, bool),
}

impl SampleConverter {
    /// `icc` is the file's colour profile. Returns `None` if it has no conversion from RGB.
    pub fn new(colour: Colour, icc: Option<&[u8]>) -> Option<Self> {
        Some(match colour {
            Colour::Gray => Self::Gray(Box::new(GrayConverter::new(icc))),
            Colour::Rgb => Self::Rgb,
            Colour::YCbCr => Self::YCbCr,
            Colour::Cmyk | Colour::Ycck => Self::Inks(InkConverter::new(icc)?, colour == Colour::Ycck),
        })
    }

    /// Returns the samples of a pixel, 0 to 255; as many as the colour space has components.
    pub fn samples(&self, pixel: [u8; 3]) -> [f32; 4] {
        match self {
            Self::Gray(converter) => [f32::from(converter.gray(pixel)), 0.0, 0.0, 0.0],
            Self::Rgb => {
                let [red, green, blue] = pixel.map(f32::from);
                [red, green, blue, 0.0]
            }
            Self::YCbCr => {
                let [y, cb, cr] = ycc(pixel);
                [y, cb, cr, 0.0]
            }
            Self::Inks(converter, ycck) => {
                // Stored inks are inverted, as Adobe's programs write them. In YCCK files the first three
                // channels are inks, converted by JFIF's matrix.
                let [cyan, magenta, yellow, black] = converter.inks(pixel);
                let black = f32::from(255 - black);
                if *ycck {
                    let [y, cb, cr] = ycc([cyan, magenta, yellow]);
                    [y, cb, cr, black]
                } else {
                    let [cyan, magenta, yellow] = [cyan, magenta, yellow].map(|ink| f32::from(255 - ink));
                    [cyan, magenta, yellow, black]
                }
            }
        }
    }
}

/// Converts by JFIF's matrix (ITU-T T.871, 7).
fn ycc(pixel: [u8; 3]) -> [f32; 3] {
    let [red, green, blue] = pixel.map(f32::from);
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    [luma, (blue - luma) / 1.772 + 128.0, (red - luma) / 1.402 + 128.0]
}
