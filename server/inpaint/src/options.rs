//! What a caller chooses for one picture.

/// How an image that is larger than a model likes is brought down to size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HdStrategy {
    /// Every part of the hole at a size at which a model can see across it, with detail from the picture around it.
    /// As the default where pixels outside the hole aren't kept.
    Auto,
    /// The whole image at its own size.
    Original,
    /// The whole image scaled so that its longer side is `limit` pixels, if it is longer; only the hole is taken
    /// from the result.
    Resize {
        /// The longest side in pixels that runs unscaled; 0 is taken as 1.
        limit: u32,
    },
    /// Where the longer side is over `trigger` pixels: a rectangle around every part of the hole.
    Crop {
        /// The longest side in pixels that runs whole.
        trigger: u32,
        /// Pixels of context on every side of a part of the hole.
        margin: u32,
    },
}

impl Default for HdStrategy {
    /// Crop above 800 pixels with a margin of 128 pixels.
    fn default() -> Self {
        Self::Crop {
            trigger: 800,
            margin: 128,
        }
    }
}

/// The choices for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How large images are handled.
    pub strategy: HdStrategy,
    /// Whether pixels outside the hole are put back from the original; the model's own otherwise.
    pub keep_unmasked: bool,
    /// Whether the filling is made to meet the picture at the hole's border: the model fills a little more than the
    /// hole, and its colours there are matched to the picture's. No effect without `keep_unmasked`.
    pub blend: bool,
    /// The largest forward in pixels (width x height after padding); above it a region runs scaled down.
    pub max_forward_pixels: u64,
    /// How the model `cv2` fills.
    pub cv2: Cv2Options,
}

/// What the model `cv2` can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cv2Options {
    /// The algorithm.
    pub algorithm: Cv2Algorithm,
    /// How far the pixels that a pixel is filled from may be away, in pixels.
    pub radius: u32,
}

/// The algorithms of `OpenCV`'s `inpaint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cv2Algorithm {
    /// `INPAINT_NS`: along lines of equal brightness.
    #[default]
    NavierStokes,
    /// `INPAINT_TELEA`: along the front that closes the hole.
    Telea,
}

impl Default for Cv2Options {
    /// Navier-Stokes with a radius of 4 pixels.
    fn default() -> Self {
        Self {
            algorithm: Cv2Algorithm::default(),
            radius: 4,
        }
    }
}

impl Default for Options {
    /// The default strategy, pixels outside the hole kept, no blending, no limit on the size of a forward.
    fn default() -> Self {
        Self {
            strategy: HdStrategy::default(),
            keep_unmasked: true,
            blend: false,
            max_forward_pixels: u64::MAX,
            cv2: Cv2Options::default(),
        }
    }
}
