//! From an image and its mask to the filled image.

use std::borrow::Cow;
use std::ops::ControlFlow;

use iopaint_imaging::{GrayImage, RgbImage};

use crate::{
    Context, Detail, ForwardError, HdStrategy, InpaintError, InpaintOutput, Inpainter, Monitor, Options,
    Rect, Window, auto, changed_box,
    compose::{blended, paste, paste_blended, paste_hole},
    crop::crop_boxes,
    cubic::paste_scaled,
    forward::forward,
    pad::{padded_gray, padded_rgb},
    resample::{cubic_gray, cubic_rgb},
    scaling::{fitting_side, scaled_size},
    seam::{meet, widened},
};

/// After a scaled run, mask pixels of at least this take the result's colour.
const TAKEN_FROM_SCALED: u8 = 127;

/// Fills the hole of `image`: the pixels that are 255 in `mask` (0 is kept, values between are blended).
///
/// The strategy picks the regions that run: the whole image, the whole image scaled down, a rectangle around every
/// outer part of the hole, or regions at sizes that suit the hole; a model with a [`Window`] picks them itself. Each is
/// padded to the sides that the model takes by mirroring, filled, blended with the original and pasted; regions are cut
/// from the original image and pasted in order. Where a padded region has more pixels than a forward may have, it runs
/// scaled down; where memory runs out, once more with a quarter of the pixels. Nothing runs where nothing could change. `detail` is what [`HdStrategy::Auto`] gives back with to what
/// ran scaled down; that stays soft without it.
///
/// The results of the other strategies are those of `IOPaint` 1.6.0, except that values that scaling takes out of 0..255 are clamped and that
/// a crop of a single pixel without a margin, which fails there, runs.
///
/// # Errors
/// [`InpaintError::SizeMismatch`] and [`InpaintError::Empty`] for inputs that don't fit,
/// [`InpaintError::Stopped`] where the monitor says so, [`InpaintError::Forward`] where the model fails.
pub fn inpaint(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    mask: &GrayImage,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<InpaintOutput, InpaintError> {
    if image.dimensions() != mask.dimensions() {
        return Err(InpaintError::SizeMismatch {
            image: image.dimensions(),
            mask: mask.dimensions(),
        });
    }
    let longer = image.width().max(image.height());
    if image.width().min(image.height()) == 0 {
        return Err(InpaintError::Empty);
    }
    let context = Context { options, monitor };
    if options.strategy == HdStrategy::Auto && options.keep_unmasked && model.window().is_none() {
        return auto::inpaint(model, detail, image, mask, &context);
    }
    let mut run = Run {
        model,
        image,
        mask,
        context,
        out: Cow::Borrowed(image),
        scaled: false,
    };
    let whole = Rect::whole(image.dimensions());
    let strategy = match options.strategy {
        HdStrategy::Auto => HdStrategy::default(),
        strategy => strategy,
    };
    let (regions, limit) = match (run.model.window(), strategy) {
        (Some(Window { side, .. }), _) if image.dimensions() == (side, side) => (vec![whole], None),
        (Some(Window { side, margin }), _) => (crop_boxes(mask, margin), Some(side.max(1))),
        (None, HdStrategy::Crop { trigger, margin }) if longer > trigger => (crop_boxes(mask, margin), None),
        (None, HdStrategy::Resize { limit }) if longer > limit.max(1) => (vec![whole], Some(limit.max(1))),
        (None, _) => (vec![whole], None),
    };
    let may_change = !options.keep_unmasked || changed_box(mask).is_some();
    let regions = if may_change { regions } else { Vec::new() };
    for (done, region) in regions.iter().enumerate() {
        if let ControlFlow::Break(stop) = monitor.crop(done, regions.len()) {
            return Err(InpaintError::Stopped(stop));
        }
        run.region(*region, limit)?;
    }
    Ok(InpaintOutput {
        image: run.out.into_owned(),
        scaled: run.scaled,
        crops: regions.len(),
    })
}

struct Run<'a> {
    model: &'a mut dyn Inpainter,
    image: &'a RgbImage,
    mask: &'a GrayImage,
    context: Context<'a>,
    /// The image itself until the first region is pasted, so that it isn't held twice while the model runs on that.
    out: Cow<'a, RgbImage>,
    scaled: bool,
}

impl Run<'_> {
    /// Fills one region, scaled down so that its longer side is at most `limit` if there is one, and less if it is
    /// too large or if memory runs out.
    fn region(&mut self, region: Rect, limit: Option<u32>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let limit = limit.map(|limit| limit.min(region.width.max(region.height)));
        let max_pixels = self.model.max_forward_pixels().unwrap_or(u64::MAX);
        let max_pixels = max_pixels.min(self.context.options.max_forward_pixels);
        let asked = limit.map_or(size, |limit| scaled_size(size, limit));
        let fitting = fitting_side(self.model.padding(), asked, max_pixels);
        self.scaled |= fitting.is_some();
        let first = self.region_at(region, fitting.or(limit));
        let Err(InpaintError::Forward(ForwardError::OutOfMemory(_))) = first else {
            return first;
        };
        // Once more with a quarter of the pixels. What doesn't fit then, doesn't fit.
        let tried = fitting.or(limit).map_or(size, |longer| scaled_size(size, longer));
        let (width, height) = self.model.padding().size(tried.0, tried.1);
        let quarter = width.saturating_mul(height) / 4;
        let Some(smaller) = fitting_side(self.model.padding(), tried, quarter) else {
            return first;
        };
        self.scaled = true;
        self.region_at(region, Some(smaller))
    }

    /// Fills one region, scaled so that its longer side is `longer`.
    fn region_at(&mut self, region: Rect, longer: Option<u32>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        match longer {
            Some(longer) if self.blends() => self.blended_region(region, Some(scaled_size(size, longer))),
            None if self.blends() => self.blended_region(region, None),
            Some(longer) => self.scaled_region(region, scaled_size(size, longer)),
            None => self.whole_region(region),
        }
    }

    fn blends(&self) -> bool {
        self.context.options.blend && self.context.options.keep_unmasked
    }

    /// Fills one region, at another size if there is one, and makes the filling meet the picture.
    fn blended_region(&mut self, region: Rect, scaled: Option<(u32, u32)>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let image = padded_rgb(self.image, region, size);
        let mask = padded_gray(self.mask, region, size);
        let (mut filling, wide) = if let Some((width, height)) = scaled {
            let wide = widened(&cubic_gray(&mask, width, height));
            let small = Rect::whole((width, height));
            let image = cubic_rgb(&image, width, height);
            let filling = forward(self.model, &image, &wide, small, &self.context)?;
            let filling = padded_rgb(&filling, small, (width, height));
            let (width, height) = size;
            (
                cubic_rgb(&filling, width, height),
                cubic_gray(&wide, width, height),
            )
        } else {
            let wide = widened(&mask);
            (
                forward(self.model, &image, &wide, Rect::whole(size), &self.context)?,
                wide,
            )
        };
        meet(&mut filling, &image, &mask, &wide);
        paste_blended(&filling, self.image, self.mask, region, self.out.to_mut());
        Ok(())
    }

    fn whole_region(&mut self, region: Rect) -> Result<(), InpaintError> {
        let result = forward(self.model, self.image, self.mask, region, &self.context)?;
        if self.context.options.keep_unmasked {
            paste_blended(&result, self.image, self.mask, region, self.out.to_mut());
        } else {
            paste(&result, region, self.out.to_mut());
        }
        Ok(())
    }

    fn scaled_region(&mut self, region: Rect, (width, height): (u32, u32)) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let image = cubic_rgb(&padded_rgb(self.image, region, size), width, height);
        let mask = cubic_gray(&padded_gray(self.mask, region, size), width, height);
        let small = Rect::whole((width, height));
        let result = forward(self.model, &image, &mask, small, &self.context)?;
        // The region's rectangle is pasted whole: first what it shows outside the hole, the original.
        paste(&padded_rgb(self.image, region, size), region, self.out.to_mut());
        if self.context.options.keep_unmasked {
            let values = blended(&result, &image, &mask);
            paste_scaled(&values, self.out.to_mut(), self.mask, region, TAKEN_FROM_SCALED);
        } else {
            let result = padded_rgb(&result, small, (width, height));
            let result = cubic_rgb(&result, region.width, region.height);
            paste_hole(&result, self.mask, region, TAKEN_FROM_SCALED, self.out.to_mut());
        }
        Ok(())
    }
}
