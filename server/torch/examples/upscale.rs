//! Enlarges a picture by a state dict of Real-ESRGAN and prints the seconds of each run, without loading.
//!
//! `cargo run --release -p iopaint-torch --example upscale -- WEIGHTS PICTURE RESULT.png SCALE [RUNS]
//! [THREADS]`

use std::error::Error;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_torch::{Device, TorchSettings, Upscaler, init};
use iopaint_vision::{UpscaleOptions, upscale};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, picture, result, scale, rest @ ..] = arguments.as_slice() else {
        return Err("arguments: WEIGHTS PICTURE RESULT.png SCALE [RUNS] [THREADS]".into());
    };
    let number = |index: usize| rest.get(index).map_or(Ok(1), |text| text.parse::<usize>());
    init(TorchSettings {
        threads: number(1)?,
        ..TorchSettings::default()
    });
    let limits = DecodeLimits {
        max_pixels: 1 << 27,
        max_side: 1 << 15,
    };
    let image = decode(&std::fs::read(picture)?, &limits)?.rgb;
    let mut network = Upscaler::load(&std::fs::read(weights)?, Device::Cpu)?;
    let network_scale = network.scale();
    for _ in 0..number(0)? {
        let start = Instant::now();
        let options = UpscaleOptions::default();
        let enlarged = upscale(
            &mut network,
            network_scale,
            &image,
            scale.parse()?,
            options,
            &Unmonitored,
        )?;
        println!("{:.4}", start.elapsed().as_secs_f64());
        enlarged.save(result)?;
    }
    Ok(())
}
