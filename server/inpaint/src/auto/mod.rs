//! The strategy `Auto`, which selects regions and their sizes by the depth of the hole.
//!
//! Networks fill holes of a few hundred pixels well, with as much context around them, since they were
//! trained on such crops; patch-based filling, too, finds fewer matches the larger the hole is. `Auto`
//! therefore runs every component of the hole at a size at which it is no deeper than
//! [`Inpainter::max_hole_depth_px`], thin components first; pixels that one step filled are known to the
//! next. Components that ran scaled down get their detail back from the surrounding image (see [`Detail`]).

mod merge;
mod plan;

use std::borrow::Cow;
use std::ops::ControlFlow;

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold};

pub use self::plan::{CONTEXT, MAX_SINGLE_REGION_SIDE};
use self::plan::{ModelLimits, PlannedForward, plan};
use crate::{
    Context, Detail, ForwardError, InpaintError, Inpainter, Rect,
    bicubic_u8::resize_rgb,
    compose::paste_core,
    downsampling::{downsampled_hole, downsampled_rgb},
    feather::feather,
    filled_area::{FilledArea, WorkingArea},
    forward::forward,
    pad::{padded_mask, padded_rgb},
    seam_blending::{blend_seam, with_ring},
};

/// Fills the hole of `image`, which isn't empty and has the size of `mask`. Pixels outside the hole keep
/// their values. Returns `None` without a hole.
///
/// # Errors
/// [`InpaintError::Stopped`] and [`InpaintError::Forward`].
pub(crate) fn inpaint(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    mask: &Coverage,
    context: &Context<'_>,
) -> Result<Option<FilledArea>, InpaintError> {
    let max_pixels = model.max_forward_pixels().unwrap_or(u64::MAX);
    let limits = ModelLimits {
        padding: model.padding(),
        max_hole_depth_px: model.max_hole_depth_px(),
        max_forward_pixels: max_pixels.min(context.options.max_forward_pixels),
    };
    let steps = plan(mask, limits);
    let Some(area) = WorkingArea::new(image, mask, steps.iter().map(|step| step.region)) else {
        return Ok(None);
    };
    let image = &*area.image;
    // The part of the hole that no step has filled yet.
    let mut missing = area.mask.clone().into_owned();
    // Borrows the image until the first step is pasted, so that peak memory has one copy during that forward
    // pass.
    let mut filled = Cow::Borrowed(image);
    let (mut scaled, mut crops) = (false, 0);
    for (done, step) in steps.iter().enumerate() {
        if let ControlFlow::Break(stop) = context.monitor.crop(done, steps.len()) {
            return Err(InpaintError::Stopped(stop));
        }
        let step = PlannedForward {
            core: area.within(step.core),
            region: area.within(step.region),
            ..*step
        };
        if !has_hole_in(&missing, step.core) {
            continue;
        }
        let mut run = |step| fill_region(model, detail, &filled, &missing, step, context);
        let filling = match run(step) {
            // One retry with a quarter of the pixels.
            Err(InpaintError::Forward(ForwardError::OutOfMemory(_))) => {
                scaled = true;
                run(PlannedForward {
                    halvings: step.halvings + 1,
                    ..step
                })?
            }
            result => result?,
        };
        paste_core(&filling, image, &missing, step.region, step.core, filled.to_mut());
        missing.clear(step.core);
        scaled |= step.limited;
        crops += 1;
    }
    let mut filled = filled.into_owned();
    feather(&mut filled, image, &area.mask, context.options.feather_px);
    Ok(Some(area.filled(filled, scaled, crops)))
}

/// Returns the step's region with the hole filled, in the upper left corner of the returned image.
fn fill_region(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    missing: &Coverage,
    PlannedForward { region, halvings, .. }: PlannedForward,
    context: &Context<'_>,
) -> Result<RgbImage, InpaintError> {
    let size = (region.width, region.height);
    let image = padded_rgb(image, region, size);
    let hole = padded_mask(missing, region, size);
    let ringed = context.options.blend.then(|| with_ring(&hole));
    let models_hole = ringed.as_ref().map_or(&hole, Mask::as_coverage);
    let mut filling = if halvings == 0 {
        forward(model, &image, models_hole, Rect::whole(size), context)?
    } else {
        let small_image = downsampled_rgb(image.clone(), halvings);
        let mut small_hole = downsampled_hole(hole.clone().binarized(Threshold::ANY), halvings);
        if context.options.blend {
            small_hole = with_ring(small_hole.as_coverage());
        }
        let (width, height) = small_image.dimensions();
        let small = Rect::whole((width, height));
        let filling = forward(model, &small_image, small_hole.as_coverage(), small, context)?;
        let filling = padded_rgb(&filling, small, (width, height));
        let detailed = match detail {
            Some(detail) => {
                let hole = models_hole.clone().binarized(Threshold::ANY);
                detail
                    .restore(&image, &hole, &filling, halvings, context.monitor)
                    .map_err(InpaintError::Stopped)?
            }
            None => None,
        };
        detailed.unwrap_or_else(|| resize_rgb(&filling, width << halvings, height << halvings))
    };
    if let Some(ringed) = &ringed {
        blend_seam(&mut filling, &image, &hole, ringed.as_coverage());
    }
    Ok(filling)
}

fn has_hole_in(mask: &Coverage, area: Rect) -> bool {
    let columns = area.x as usize..(area.x + area.width) as usize;
    let mut rows = mask.rows().skip(area.y as usize).take(area.height as usize);
    rows.any(|row| {
        row.get(columns.clone())
            .is_some_and(|row| row.iter().any(|value| *value > 0))
    })
}
