//! Options of a run.

/// The treatment of images that are larger than a model's training images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HdStrategy {
    /// Runs each component of the hole at the size that the model can bridge (see
    /// [`crate::Inpainter::max_hole_depth_px`]) and restores detail from the surrounding image. Falls back to
    /// the default strategy if pixels outside the hole aren't kept.
    Auto,
    /// Runs the whole image at full size.
    Original,
    /// Scales the whole image down until its longer side is at most `limit` pixels; only the hole is taken
    /// from the result.
    Resize {
        /// The longest side in pixels that runs unscaled; 0 counts as 1.
        limit: u32,
    },
    /// Runs a rectangle around each component of the hole if the longer side exceeds `trigger` pixels, else
    /// the whole image.
    Crop {
        /// The longest side in pixels that runs whole.
        trigger: u32,
        /// Pixels of context on every side of a component of the hole.
        margin: u32,
    },
}

impl Default for HdStrategy {
    /// Returns `Crop` with a trigger of 800 pixels and a margin of 128 pixels, `IOPaint`'s defaults.
    fn default() -> Self {
        Self::Crop {
            trigger: 800,
            margin: 128,
        }
    }
}

/// The options of a run over one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InpaintOptions {
    /// The treatment of large images.
    pub strategy: HdStrategy,
    /// If true, pixels outside the hole are those of the input; if false, those that the model returned.
    pub keep_unmasked: bool,
    /// If true, the model fills a ring around the hole too, and the filling's colours are adjusted so that no
    /// seam shows at the hole's border. No effect without `keep_unmasked`.
    pub blend: bool,
    /// Width in pixels of the band inside the hole in which the original changes gradually into the filling;
    /// 0: none. No effect without `keep_unmasked`.
    pub feather_px: u32,
    /// The largest forward pass in pixels (width x height after padding); larger regions run scaled down.
    pub max_forward_pixels: u64,
    /// Options of the model `cv2`.
    pub cv2: Cv2Options,
    /// Options of the model `ldm`.
    pub ldm: LdmOptions,
    /// Options of the model `zits`.
    pub zits: ZitsOptions,
}

/// Options of the model `cv2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cv2Options {
    /// The algorithm.
    pub algorithm: Cv2Algorithm,
    /// The radius in pixels of the neighbourhood from which each pixel is filled.
    pub radius: u32,
}

/// The algorithms of `OpenCV`'s `inpaint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cv2Algorithm {
    /// `INPAINT_NS`: propagation along isophotes (Bertalmio, Bertozzi and Sapiro 2001).
    #[default]
    NavierStokes,
    /// `INPAINT_TELEA`: the fast marching method (Telea 2004).
    Telea,
}

/// Options of the model `ldm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LdmOptions {
    /// The approximate number of steps, 1 to 1000.
    pub steps: u32,
    /// The sampler.
    pub sampler: LdmSampler,
}

/// Samplers of diffusion models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LdmSampler {
    /// Denoising diffusion implicit models (Song et al. 2020), without added noise.
    Ddim,
    /// Pseudo linear multistep (Liu et al. 2022).
    #[default]
    Plms,
}

impl Default for LdmOptions {
    /// Returns 20 steps of PLMS, `IOPaint`'s defaults.
    fn default() -> Self {
        Self {
            steps: 20,
            sampler: LdmSampler::default(),
        }
    }
}

/// Options of the model `zits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZitsOptions {
    /// If true, edges and lines are predicted for the hole first, and the fill follows them.
    pub wireframe: bool,
}

impl Default for ZitsOptions {
    /// Returns options with `wireframe`, `IOPaint`'s default.
    fn default() -> Self {
        Self { wireframe: true }
    }
}

impl Default for Cv2Options {
    /// Returns Navier-Stokes with a radius of 4 pixels, `IOPaint`'s defaults.
    fn default() -> Self {
        Self {
            algorithm: Cv2Algorithm::default(),
            radius: 4,
        }
    }
}

impl Default for InpaintOptions {
    /// Returns the default strategy, `keep_unmasked`, no seam blending, no feathering and no limit on the
    /// size of a forward pass.
    fn default() -> Self {
        Self {
            strategy: HdStrategy::default(),
            keep_unmasked: true,
            blend: false,
            feather_px: 0,
            max_forward_pixels: u64::MAX,
            cv2: Cv2Options::default(),
            ldm: LdmOptions::default(),
            zits: ZitsOptions::default(),
        }
    }
}
