//! Measures the effect of blending at the border of holes.
//!
//!     cargo run --release -p iopaint-torch --example seams -- MODEL.pt FOLDER IMAGE MASK [IMAGE MASK]...
//!
//! The masks cover intact parts of the images, so each image is the ground truth: `hole` is the mean absolute
//! difference from it in the hole, `ring` the same in the hole's outermost 16 pixels, `seam` the mean
//! absolute difference of the gradients across the hole's border; all in levels of 255. Results are saved to
//! FOLDER as PNG.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, Mask, RgbImage, Threshold, decode, decode_mask};
use iopaint_inpaint::{InpaintOptions, Padding, Unmonitored, inpaint};
use iopaint_torch::{Device, LamaModel, Source};

const PADDING: Padding = Padding {
    modulo: 8,
    min_size: 64,
    square: false,
};
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 27,
    max_side: 1 << 15,
};
const RING: u32 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, folder, pictures @ ..] = &arguments[..] else {
        return Err("seams MODEL.pt FOLDER IMAGE MASK [IMAGE MASK]...".into());
    };
    iopaint_torch::init(iopaint_torch::TorchSettings {
        threads: std::thread::available_parallelism()?.get(),
        ..iopaint_torch::TorchSettings::default()
    });
    let mut model = LamaModel::load(Source::File(model.as_ref()), Device::Cpu, PADDING)?;
    println!(
        "{:24} {:6} {:>7} {:>6} {:>6} {:>6}",
        "image", "mode", "s", "hole", "ring", "seam"
    );
    for pair in pictures.chunks_exact(2) {
        let [image, mask] = pair else { continue };
        let name = Path::new(image).file_stem().unwrap_or_default().to_string_lossy();
        let image = decode(&std::fs::read(image)?, &LIMITS)?.rgb;
        let mask = decode_mask(&std::fs::read(mask)?, &LIMITS)?.binarized(Threshold::INPAINT_REQUEST);
        for (mode, blend) in [("plain", false), ("blend", true)] {
            let options = InpaintOptions {
                blend,
                ..InpaintOptions::default()
            };
            let start = Instant::now();
            let result = inpaint(
                &mut model,
                None,
                &image,
                mask.as_coverage(),
                &options,
                &Unmonitored,
            )?
            .image;
            let seconds = start.elapsed().as_secs_f64();
            let [hole, ring] = [u32::MAX, RING].map(|reach| error(&image, &result, &mask, reach));
            let seam = seam(&image, &result, &mask);
            println!("{name:24} {mode:6} {seconds:7.2} {hole:6.2} {ring:6.2} {seam:6.2}");
            result.save(Path::new(folder).join(format!("{name}.{mode}.png")))?;
        }
    }
    Ok(())
}

/// Returns the mean absolute difference of two images over the hole's pixels within `reach` columns or rows
/// of the border.
fn error(truth: &RgbImage, result: &RgbImage, mask: &Mask, reach: u32) -> f64 {
    let outside = |x: u32, y: u32| x < mask.width() && y < mask.height() && !mask.is_hole(x, y);
    let near = |x: u32, y: u32| {
        (1..=reach).any(|step| {
            outside(x + step, y)
                || outside(x.wrapping_sub(step), y)
                || outside(x, y + step)
                || outside(x, y.wrapping_sub(step))
        })
    };
    let hole = truth
        .enumerate_pixels()
        .filter(|(x, y, _)| mask.is_hole(*x, *y) && (reach == u32::MAX || near(*x, *y)));
    mean(hole.map(|(x, y, truth)| {
        let pair = truth.0.into_iter().zip(result.get_pixel(x, y).0);
        pair.map(|(a, b)| f64::from(a.abs_diff(b))).sum::<f64>() / 3.0
    }))
}

/// Returns the mean absolute difference of two images' gradients across the hole's border.
fn seam(truth: &RgbImage, result: &RgbImage, mask: &Mask) -> f64 {
    let neighbours = truth
        .enumerate_pixels()
        .flat_map(|(x, y, _)| [(x, y, x + 1, y), (x, y, x, y + 1)]);
    let border = neighbours.filter(|&(x, y, u, v)| {
        u < mask.width() && v < mask.height() && mask.is_hole(u, v) != mask.is_hole(x, y)
    });
    mean(border.map(|(x, y, u, v)| {
        let step = |image: &RgbImage, channel: usize| {
            f64::from(image.get_pixel(u, v).0[channel]) - f64::from(image.get_pixel(x, y).0[channel])
        };
        (0..3)
            .map(|channel| (step(truth, channel) - step(result, channel)).abs())
            .sum::<f64>()
            / 3.0
    }))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count.max(1))
}
