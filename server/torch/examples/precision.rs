//! Compares forward passes of a LaMa model with products in float32 and in bfloat16.
//!
//! `cargo run --release -p iopaint-torch --example precision -- big-lama.pt 1 512 IMAGE...` fills the middle
//! of each image, scaled to 512x512 pixels, alternately with both, and writes a line of JSON for each:
//! seconds of processor time of all threads (`f32`, `bf16`), and the mean and the largest difference of the
//! 8-bit pixels of the hole. The last line has the medians of the times, their ratio, and the mean and the
//! largest difference of the worst images.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use iopaint_imaging::bilinear::resize_rgb;
use iopaint_imaging::{DecodeLimits, Mask, RgbImage, decode};
use iopaint_inpaint::{Context, InpaintOptions, Inpainter, Padding, Unmonitored};
use iopaint_torch::{Device, LamaModel, Precision, Source, TorchSettings};

const PADDING: Padding = Padding {
    modulo: 8,
    min_size: 16,
    square: false,
};
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 27,
    max_side: 1 << 15,
};

fn load(file: &Path, threads: usize, precision: Precision) -> Result<LamaModel, Box<dyn Error>> {
    iopaint_torch::init(TorchSettings {
        threads,
        precision,
        ..TorchSettings::default()
    });
    Ok(LamaModel::load(Source::File(file), Device::Cpu, PADDING)?)
}

fn processor_time() -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes the struct it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Fills the hole, and returns the seconds of processor time too.
fn fill(model: &mut LamaModel, image: &RgbImage, mask: &Mask) -> Result<(RgbImage, f64), Box<dyn Error>> {
    let context = Context {
        options: &InpaintOptions::default(),
        monitor: &Unmonitored,
    };
    let start = processor_time();
    let result = model.forward(image, mask.as_coverage(), &context)?;
    Ok((result, processor_time().saturating_sub(start).as_secs_f64()))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, threads, side, images @ ..] = arguments.as_slice() else {
        return Err("usage: precision MODEL.pt THREADS SIDE IMAGE...".into());
    };
    let (threads, side): (usize, u32) = (threads.parse()?, side.parse()?);
    let mut exact = load(Path::new(model), threads, Precision::F32)?;
    let mut rounded = load(Path::new(model), threads, Precision::Bf16)?;
    let hole = side * 3 / 8..side * 5 / 8;
    let mask = Mask::from_fn(side, side, |x, y| hole.contains(&x) && hole.contains(&y));
    let (mut f32_times, mut bf16_times) = (Vec::new(), Vec::new());
    let (mut worst_mean, mut worst) = (0.0_f64, 0);
    for file in images {
        let image = resize_rgb(&decode(&std::fs::read(file)?, &LIMITS)?.rgb, side, side);
        let (expected, f32) = fill(&mut exact, &image, &mask)?;
        let (result, bf16) = fill(&mut rounded, &image, &mask)?;
        let (mut sum, mut largest, mut values) = (0_u64, 0, 0_u64);
        for (x, y, pixel) in expected.enumerate_pixels() {
            if hole.contains(&x) && hole.contains(&y) {
                for (a, b) in pixel.0.iter().zip(result.get_pixel(x, y).0) {
                    let difference = a.abs_diff(b);
                    sum += u64::from(difference);
                    largest = largest.max(difference);
                    values += 1;
                }
            }
        }
        let mean = sum as f64 / values as f64;
        println!(
            r#"{{"image": "{file}", "f32": {f32:.4}, "bf16": {bf16:.4}, "mean": {mean:.3}, "largest": {largest}}}"#
        );
        worst_mean = worst_mean.max(mean);
        worst = worst.max(largest);
        f32_times.push(f32);
        bf16_times.push(bf16);
    }
    let (f32, bf16) = (median(&mut f32_times), median(&mut bf16_times));
    println!(
        r#"{{"f32": {f32:.4}, "bf16": {bf16:.4}, "ratio": {:.3}, "mean": {worst_mean:.3}, "largest": {worst}}}"#,
        f32 / bf16
    );
    Ok(())
}
