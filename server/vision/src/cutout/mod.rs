//! Cut-outs: an alpha matte at full resolution from a coarse mask, and foreground colours without a halo.

mod alpha;
mod foreground;
mod stages;

pub use alpha::refine_alpha;
pub use foreground::estimate_foreground;

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use stages::Stages;

/// An object without its background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOut {
    /// Colours of the object, not premultiplied. They don't contain the old background.
    pub foreground: RgbImage,
    /// Opacity of the object.
    pub alpha: Coverage,
}

/// Cuts the object of a coarse mask out of an image: [`refine_alpha`], then [`estimate_foreground`].
///
/// # Errors
/// [`ForwardError::Stopped`] if the monitor stops the run.
pub fn cut_out(
    threads: usize,
    image: &RgbImage,
    coarse: &Coverage,
    monitor: &dyn Monitor,
) -> Result<CutOut, ForwardError> {
    let mut stages = Stages::new(monitor, 1 + foreground::levels(image));
    let alpha = refine_alpha(threads, image, coarse);
    stages.finish_one()?;
    let foreground = foreground::run(threads, image, &alpha, &mut stages)?;
    Ok(CutOut { foreground, alpha })
}

#[cfg(test)]
mod tests {
    use super::*;
    use iopaint_imaging::GrayImage;
    use iopaint_inpaint::Unmonitored;

    #[test]
    fn cut_out_has_the_size_of_the_image() {
        let image = RgbImage::from_fn(90, 60, |x, _| {
            if x < 45 { [20, 40, 200] } else { [220, 190, 30] }.into()
        });
        let coarse = Coverage::new(GrayImage::from_fn(9, 6, |x, _| {
            [if x < 5 { 0 } else { 255 }].into()
        }));
        let CutOut { foreground, alpha } = cut_out(2, &image, &coarse, &Unmonitored).unwrap();
        assert_eq!(
            (foreground.dimensions(), alpha.dimensions()),
            ((90, 60), (90, 60))
        );
        assert_eq!((alpha.get(2, 30), alpha.get(87, 30)), (0, 255));
        assert_eq!(foreground.get_pixel(87, 30).0, [220, 190, 30]);
    }
}
