//! The strategy that picks the size itself.
//!
//! A network fills well what it was trained for: holes of a couple of hundred pixels with as much picture around them.
//! Patches of the surroundings, too, find less that fits the larger the hole is. So every part of the hole runs at a size
//! at which it is no deeper than the model can take (see [`Inpainter::max_hole_depth_px`]), the thin ones first; what was filled is
//! picture to the next. What ran scaled down gets its detail back from the picture around it (see [`Detail`]).

mod parts;
mod plan;

use std::borrow::Cow;
use std::ops::ControlFlow;

use iopaint_imaging::{GrayImage, RgbImage};

use self::plan::{Sizes, Step, plan};
use crate::{
    Context, Detail, ForwardError, InpaintError, InpaintOutput, Inpainter, Rect,
    compose::paste_part,
    forward::forward,
    halving::{halved_hole, halved_rgb},
    pad::{padded_gray, padded_rgb},
    resample::cubic_rgb,
    seam::{meet, widened},
};

/// Fills the hole of `image`, which isn't empty and has the size of `mask`; pixels outside it stay.
///
/// # Errors
/// [`InpaintError::Stopped`] and [`InpaintError::Forward`].
pub(crate) fn inpaint(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    mask: &GrayImage,
    context: &Context<'_>,
) -> Result<InpaintOutput, InpaintError> {
    let max_pixels = model.max_forward_pixels().unwrap_or(u64::MAX);
    let sizes = Sizes {
        padding: model.padding(),
        deepest: model.max_hole_depth_px(),
        max_forward_pixels: max_pixels.min(context.options.max_forward_pixels),
    };
    let steps = plan(mask, sizes);
    let mut missing = mask.clone();
    // The image itself until the first part is pasted, so that it isn't held twice while the model runs on that.
    let mut filled = Cow::Borrowed(image);
    let (mut scaled, mut crops) = (false, 0);
    for (done, step) in steps.iter().enumerate() {
        if let ControlFlow::Break(stop) = context.monitor.crop(done, steps.len()) {
            return Err(InpaintError::Stopped(stop));
        }
        if !any_in(&missing, step.core) {
            continue;
        }
        let mut run = |step| filling(model, detail, &filled, &missing, step, context);
        let filling = match run(*step) {
            // Once more with a quarter of the pixels. What doesn't fit then, doesn't fit.
            Err(InpaintError::Forward(ForwardError::OutOfMemory(_))) => {
                scaled = true;
                run(Step {
                    halvings: step.halvings + 1,
                    ..*step
                })?
            }
            result => result?,
        };
        paste_part(&filling, image, &missing, step.region, step.core, filled.to_mut());
        clear(&mut missing, step.core);
        scaled |= step.limited;
        crops += 1;
    }
    Ok(InpaintOutput {
        image: filled.into_owned(),
        scaled,
        crops,
    })
}

/// What the hole in a step's region is filled with; in the upper left corner.
fn filling(
    model: &mut dyn Inpainter,
    detail: Option<&dyn Detail>,
    image: &RgbImage,
    missing: &GrayImage,
    Step { region, halvings, .. }: Step,
    context: &Context<'_>,
) -> Result<RgbImage, InpaintError> {
    let size = (region.width, region.height);
    let image = padded_rgb(image, region, size);
    let hole = padded_gray(missing, region, size);
    let widen = |mask: GrayImage| {
        if context.options.blend {
            widened(&mask)
        } else {
            mask
        }
    };
    let wide = widen(hole.clone());
    let mut filling = if halvings == 0 {
        forward(model, &image, &wide, Rect::whole(size), context)?
    } else {
        let small_image = halved_rgb(image.clone(), halvings);
        let small_hole = widen(halved_hole(hole.clone(), halvings));
        let (width, height) = small_image.dimensions();
        let small = Rect::whole((width, height));
        let filling = forward(model, &small_image, &small_hole, small, context)?;
        let filling = padded_rgb(&filling, small, (width, height));
        let sharp = match detail {
            Some(detail) => detail
                .restore(&image, &wide, &filling, halvings, context.monitor)
                .map_err(InpaintError::Stopped)?,
            None => None,
        };
        sharp.unwrap_or_else(|| cubic_rgb(&filling, width << halvings, height << halvings))
    };
    if context.options.blend {
        meet(&mut filling, &image, &hole, &wide);
    }
    Ok(filling)
}

fn any_in(mask: &GrayImage, area: Rect) -> bool {
    let columns = area.x as usize..(area.x + area.width) as usize;
    let rows = mask.as_raw().chunks_exact(mask.width().max(1) as usize);
    let mut rows = rows.skip(area.y as usize).take(area.height as usize);
    rows.any(|row| {
        row.get(columns.clone())
            .is_some_and(|row| row.iter().any(|value| *value > 0))
    })
}

fn clear(mask: &mut GrayImage, area: Rect) {
    let columns = area.x as usize..(area.x + area.width) as usize;
    let stride = mask.width().max(1) as usize;
    let rows = mask.as_mut().chunks_exact_mut(stride).skip(area.y as usize);
    for row in rows.take(area.height as usize) {
        if let Some(row) = row.get_mut(columns.clone()) {
            row.fill(0);
        }
    }
}
