//! Times forward passes of a LaMa model on a device, as the server runs them: from images in memory to images
//! in memory.
//!
//! `device_forward MODEL.pt DEVICE [--no-tf32]` reads lines `SIDE BATCH ROUNDS` from standard input and
//! writes a line of JSON for each: the seconds of each pass, after two that aren't counted, or the error.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{Context, InpaintOptions, Inpainter, Padding, Unmonitored};
use iopaint_torch::{Device, LamaModel, Source, TorchSettings, cuda_device_count};

const PADDING: Padding = Padding {
    modulo: 8,
    min_size: 16,
    square: false,
};

/// Passes before those that are counted.
const WARM_UP: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, device, flags @ ..] = arguments.as_slice() else {
        return Err("usage: device_forward MODEL.pt DEVICE [--no-tf32]".into());
    };
    iopaint_torch::init(TorchSettings {
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        tf32: flags.is_empty(),
        ..TorchSettings::default()
    });
    let device: Device = device.parse()?;
    if let Device::Cuda(index) = device
        && index >= cuda_device_count()
    {
        return Err(format!(
            "{device} does not exist; CUDA devices found: {}",
            cuda_device_count()
        )
        .into());
    }
    let mut model = LamaModel::load(Source::File(Path::new(file)), device, PADDING)?;
    for line in stdin().lines() {
        let line = line?;
        let numbers = line
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<u32>, _>>()?;
        let [side, batch, rounds] = numbers.as_slice() else {
            return Err("a line is SIDE BATCH ROUNDS".into());
        };
        let (side, batch) = (*side, *batch);
        let result = match times(&mut model, side, batch, *rounds as usize) {
            Ok(seconds) => format!("\"seconds\": {seconds:?}"),
            Err(error) => format!("\"error\": {:?}", error.to_string()),
        };
        println!("{{\"side\": {side}, \"batch\": {batch}, {result}}}");
        stdout().flush()?;
    }
    Ok(())
}

/// Returns the seconds of `rounds` passes on batches of `batch` images.
fn times(model: &mut LamaModel, side: u32, batch: u32, rounds: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let images: Vec<_> = (0..batch)
        .map(|number| {
            RgbImage::from_fn(side, side, |x, y| {
                let value = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 16;
                [value as u8, (value >> 4) as u8, (x ^ y ^ number) as u8].into()
            })
        })
        .collect();
    let hole = |x: u32, y: u32| (side / 3..side / 2).contains(&x) && (side / 3..side / 2).contains(&y);
    let mask = Mask::from_fn(side, side, hole).into_coverage();
    let inputs: Vec<_> = images.iter().map(|image| (image, &mask)).collect();
    let options = InpaintOptions::default();
    let context = Context {
        options: &options,
        monitor: &Unmonitored,
    };
    let mut seconds = Vec::new();
    for round in 0..WARM_UP + rounds {
        let start = Instant::now();
        let results = model.forward_batch(&inputs, &context)?;
        if round >= WARM_UP {
            seconds.push(start.elapsed().as_secs_f64());
        }
        if results.len() != inputs.len() {
            return Err("a batch returned another number of images".into());
        }
    }
    Ok(seconds)
}
