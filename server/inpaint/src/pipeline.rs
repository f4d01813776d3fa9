//! The inpainting pipeline.

use std::borrow::Cow;
use std::ops::ControlFlow;

use iopaint_imaging::{Coverage, RgbImage, Threshold};

use crate::{
    Context, Detail, ForwardError, HdStrategy, InpaintError, InpaintOptions, InpaintOutput, InpaintRun,
    Inpainter, Monitor, Rect, Window, auto,
    bicubic_f64::paste_resized,
    bicubic_u8::{resize_mask, resize_rgb},
    compose::{blended, paste, paste_blended, paste_hole},
    crop::crop_boxes,
    feather::feather,
    filled_area::{FilledArea, WorkingArea},
    forward::forward,
    pad::{padded_mask, padded_rgb},
    scaling::{fitting_side, scaled_size},
    seam_blending::{blend_seam, with_ring},
};

/// Returns `image` with its hole filled, see [`inpaint_in_place`].
///
/// # Errors
/// Those of [`inpaint_in_place`].
pub fn inpaint(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    mask: &Coverage,
    options: &InpaintOptions,
    monitor: &dyn Monitor,
) -> Result<InpaintOutput, InpaintError> {
    let mut image = image.clone();
    let run = inpaint_in_place(model, detail, &mut image, mask, options, monitor)?;
    Ok(InpaintOutput::new(image, run))
}

/// Fills the hole of `image`. Pixels with partial coverage are blended. Besides the image, memory is needed
/// only for the area of the regions that run. After an error, the image is unchanged.
///
/// The strategy or the model's [`Window`] selects the regions to run: the whole image, at full size or scaled
/// down, or rectangles around the components of the hole. Each region is padded by reflection to a size that
/// the model accepts, filled, and composed with the original by the mask. Regions are cut from the original
/// image and pasted in order.
///
/// - A region whose padded size exceeds the limit on a forward pass runs scaled down. A region that runs out
///   of memory runs a second time with a quarter of the pixels.
/// - `detail` restores fine detail in regions that [`HdStrategy::Auto`] ran at reduced size; without it they
///   stay soft.
/// - An empty mask needs no forward pass, unless the pixels outside the hole are the model's.
///
/// Results of the other strategies equal those of `IOPaint` 1.6.0, with two exceptions: values that leave
/// 0..255 in scaling are clamped, and a crop of a single pixel without a margin runs, for which `IOPaint`
/// fails.
///
/// # Errors
/// [`InpaintError::SizeMismatch`] and [`InpaintError::Empty`] for invalid inputs, [`InpaintError::Stopped`]
/// if the monitor stops the run, [`InpaintError::Forward`] if the model fails.
pub fn inpaint_in_place(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &mut RgbImage,
    mask: &Coverage,
    options: &InpaintOptions,
    monitor: &dyn Monitor,
) -> Result<InpaintRun, InpaintError> {
    if image.dimensions() != mask.dimensions() {
        return Err(InpaintError::SizeMismatch {
            image: image.dimensions(),
            mask: mask.dimensions(),
        });
    }
    if image.width().min(image.height()) == 0 {
        return Err(InpaintError::Empty);
    }
    let context = Context { options, monitor };
    let by_depth = options.strategy == HdStrategy::Auto && options.keep_unmasked && model.window().is_none();
    let filled = if by_depth {
        auto::inpaint(model, detail, image, mask, &context)?
    } else {
        fill_regions(model, image, mask, context)?
    };
    let Some(filled) = filled else {
        return Ok(InpaintRun::default());
    };
    let run = InpaintRun {
        scaled: filled.scaled,
        crops: filled.crops,
    };
    filled.paste_into(image);
    Ok(run)
}

/// Fills the hole by the strategies of `IOPaint` or the model's window. Returns `None` if no region has to
/// run.
fn fill_regions(
    model: &mut dyn Inpainter,
    image: &RgbImage,
    mask: &Coverage,
    context: Context<'_>,
) -> Result<Option<FilledArea>, InpaintError> {
    let Context { options, monitor } = context;
    let longer = image.width().max(image.height());
    let whole = Rect::whole(image.dimensions());
    let strategy = match options.strategy {
        HdStrategy::Auto => HdStrategy::default(),
        strategy => strategy,
    };
    let (regions, limit) = match (model.window(), strategy) {
        (Some(Window { side, .. }), _) if image.dimensions() == (side, side) => (vec![whole], None),
        (Some(Window { side, margin }), _) => (crop_boxes(mask, margin), Some(side.max(1))),
        (None, HdStrategy::Crop { trigger, margin }) if longer > trigger => (crop_boxes(mask, margin), None),
        (None, HdStrategy::Resize { limit }) if longer > limit.max(1) => (vec![whole], Some(limit.max(1))),
        (None, _) => (vec![whole], None),
    };
    let may_change = !options.keep_unmasked || mask.bounding_box().is_some();
    let regions = if may_change { regions } else { Vec::new() };
    let Some(area) = WorkingArea::new(image, mask, regions.iter().copied()) else {
        return Ok(None);
    };
    let mut run = PipelineRun {
        model,
        image: &area.image,
        mask: &area.mask,
        context,
        out: Cow::Borrowed(&area.image),
        scaled: false,
    };
    for (done, region) in regions.iter().enumerate() {
        if let ControlFlow::Break(stop) = monitor.crop(done, regions.len()) {
            return Err(InpaintError::Stopped(stop));
        }
        run.fill_region(area.within(*region), limit)?;
    }
    let (mut out, scaled) = (run.out.into_owned(), run.scaled);
    if options.keep_unmasked {
        feather(&mut out, &area.image, &area.mask, options.feather_px);
    }
    Ok(Some(area.filled(out, scaled, regions.len())))
}

/// The state of a run over one image.
struct PipelineRun<'a> {
    model: &'a mut dyn Inpainter,
    image: &'a RgbImage,
    mask: &'a Coverage,
    context: Context<'a>,
    /// The result. Borrows `image` until the first region is pasted, so that peak memory has one copy during
    /// that forward pass.
    out: Cow<'a, RgbImage>,
    scaled: bool,
}

impl PipelineRun<'_> {
    /// Fills one region. It runs scaled down if its longer side exceeds `limit`, if it exceeds the limit on a
    /// forward pass, or if memory runs out.
    fn fill_region(&mut self, region: Rect, limit: Option<u32>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let limit = limit.map(|limit| limit.min(region.width.max(region.height)));
        let max_pixels = self.model.max_forward_pixels().unwrap_or(u64::MAX);
        let max_pixels = max_pixels.min(self.context.options.max_forward_pixels);
        let requested = limit.map_or(size, |limit| scaled_size(size, limit));
        let fitting = fitting_side(self.model.padding(), requested, max_pixels);
        self.scaled |= fitting.is_some();
        let result = self.fill_region_at(region, fitting.or(limit));
        let Err(InpaintError::Forward(ForwardError::OutOfMemory(_))) = result else {
            return result;
        };
        // One retry with a quarter of the pixels.
        let tried = fitting.or(limit).map_or(size, |longer| scaled_size(size, longer));
        let (width, height) = self.model.padding().size(tried.0, tried.1);
        let quarter = width.saturating_mul(height) / 4;
        let Some(smaller) = fitting_side(self.model.padding(), tried, quarter) else {
            return result;
        };
        self.scaled = true;
        self.fill_region_at(region, Some(smaller))
    }

    /// Fills one region, scaled so that its longer side has `longer` pixels, or at full size.
    fn fill_region_at(&mut self, region: Rect, longer: Option<u32>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        match longer {
            Some(longer) if self.blends() => self.fill_blended(region, Some(scaled_size(size, longer))),
            None if self.blends() => self.fill_blended(region, None),
            Some(longer) => self.fill_scaled(region, scaled_size(size, longer)),
            None => self.fill_full_size(region),
        }
    }

    fn blends(&self) -> bool {
        self.context.options.blend && self.context.options.keep_unmasked
    }

    /// Fills one region, resized to `scaled` if given, and blends the seam.
    fn fill_blended(&mut self, region: Rect, scaled: Option<(u32, u32)>) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let image = padded_rgb(self.image, region, size);
        let mask = padded_mask(self.mask, region, size);
        let (mut filling, ringed) = if let Some((width, height)) = scaled {
            let ringed = with_ring(&resize_mask(&mask, width, height));
            let small = Rect::whole((width, height));
            let image = resize_rgb(&image, width, height);
            let filling = forward(self.model, &image, ringed.as_coverage(), small, &self.context)?;
            let filling = padded_rgb(&filling, small, (width, height));
            let (width, height) = size;
            (
                resize_rgb(&filling, width, height),
                resize_mask(ringed.as_coverage(), width, height),
            )
        } else {
            let ringed = with_ring(&mask).into_coverage();
            let filling = forward(self.model, &image, &ringed, Rect::whole(size), &self.context)?;
            (filling, ringed)
        };
        blend_seam(&mut filling, &image, &mask, &ringed);
        paste_blended(&filling, self.image, self.mask, region, self.out.to_mut());
        Ok(())
    }

    fn fill_full_size(&mut self, region: Rect) -> Result<(), InpaintError> {
        let result = forward(self.model, self.image, self.mask, region, &self.context)?;
        if self.context.options.keep_unmasked {
            paste_blended(&result, self.image, self.mask, region, self.out.to_mut());
        } else {
            paste(&result, region, self.out.to_mut());
        }
        Ok(())
    }

    fn fill_scaled(&mut self, region: Rect, (width, height): (u32, u32)) -> Result<(), InpaintError> {
        let size = (region.width, region.height);
        let image = resize_rgb(&padded_rgb(self.image, region, size), width, height);
        let mask = resize_mask(&padded_mask(self.mask, region, size), width, height);
        let small = Rect::whole((width, height));
        let result = forward(self.model, &image, &mask, small, &self.context)?;
        // Restores the original in the whole rectangle, over which an earlier region may have been pasted.
        paste(&padded_rgb(self.image, region, size), region, self.out.to_mut());
        if self.context.options.keep_unmasked {
            let values = blended(&result, &image, &mask);
            paste_resized(
                &values,
                self.out.to_mut(),
                self.mask,
                region,
                Threshold::SCALED_RESULT,
            );
        } else {
            let result = padded_rgb(&result, small, (width, height));
            let result = resize_rgb(&result, region.width, region.height);
            paste_hole(
                &result,
                self.mask,
                region,
                Threshold::SCALED_RESULT,
                self.out.to_mut(),
            );
        }
        Ok(())
    }
}
