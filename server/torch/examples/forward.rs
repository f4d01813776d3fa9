//! Times alternating forward passes of a LaMa model, with its original graph and with the rewritten one.
//!
//! `cargo run --release -p iopaint-torch --example forward -- big-lama.pt 2` reads lines `WIDTH HEIGHT` from
//! standard input and writes a line of JSON for each: seconds of wall time (`wall`) and of processor time of
//! all threads (`processor`) for the original (`plain`) and the `rewritten` graph, and the largest pixel
//! `difference` of the two.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{Context, InpaintOptions, Inpainter, Padding, Unmonitored};
use iopaint_torch::{Device, LamaModel, Source, TorchSettings};

const PADDING: Padding = Padding {
    modulo: 8,
    min_size: 16,
    square: false,
};

fn load(file: &Path, threads: usize, optimize_graph: bool) -> Result<LamaModel, Box<dyn Error>> {
    iopaint_torch::init(TorchSettings {
        threads,
        optimize_graph,
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

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, threads] = arguments.as_slice() else {
        return Err("usage: forward MODEL.pt THREADS".into());
    };
    let file = Path::new(file);
    let threads = threads.parse()?;
    let mut plain = load(file, threads, false)?;
    let mut rewritten = load(file, threads, true)?;
    for line in stdin().lock().lines() {
        let line = line?;
        let (width, height) = line.split_once(' ').ok_or("a line is WIDTH HEIGHT")?;
        let (width, height) = (width.parse()?, height.parse()?);
        let image = RgbImage::from_fn(width, height, |x, y| {
            let value = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 16;
            [value as u8, (value >> 4) as u8, (x ^ y) as u8].into()
        });
        let mask = Mask::from_fn(width, height, |x, y| {
            x > width / 3 && x < width / 2 && y > height / 3 && y < height / 2
        });
        let run = |model: &mut LamaModel| -> Result<(RgbImage, String), Box<dyn Error>> {
            let (wall, processor) = (Instant::now(), processor_time());
            let context = Context {
                options: &InpaintOptions::default(),
                monitor: &Unmonitored,
            };
            let result = model.forward(&image, mask.as_coverage(), &context)?;
            let (wall, processor) = (wall.elapsed(), processor_time().saturating_sub(processor));
            let times = format!(
                r#"{{"wall": {}, "processor": {}}}"#,
                wall.as_secs_f64(),
                processor.as_secs_f64()
            );
            Ok((result, times))
        };
        let (expected, plain_times) = run(&mut plain)?;
        let (result, rewritten_times) = run(&mut rewritten)?;
        let difference = expected
            .as_raw()
            .iter()
            .zip(result.as_raw())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        println!(
            r#"{{"plain": {plain_times}, "rewritten": {rewritten_times}, "difference": {}}}"#,
            difference.unwrap_or(0)
        );
        stdout().flush()?;
    }
    Ok(())
}
