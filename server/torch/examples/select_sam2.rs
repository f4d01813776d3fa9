//! Selects an object by a click with a state dict of SAM 2. Prints the seconds of the encoder and of the
//! decoder in each run, without loading, and writes the logits of the mask as little-endian float32.
//!
//! `cargo run --release -p iopaint-torch --example select -- WEIGHTS PICTURE LOGITS X Y [RUNS] [THREADS]`

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_torch::{Device, Sam2Network, TensorFile, TorchSettings, init};
use iopaint_vision::selection::{PromptNetwork, PromptPoint};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, picture, result, x, y, rest @ ..] = arguments.as_slice() else {
        return Err("arguments: WEIGHTS PICTURE LOGITS X Y [RUNS] [THREADS]".into());
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
    let file = File::open(weights)?;
    let mut network = Sam2Network::load(TensorFile::try_from(&file)?, Device::Cpu)?;
    let side = network.frame().side() as f32;
    let point = PromptPoint {
        x: x.parse::<f32>()? * side / image.width() as f32,
        y: y.parse::<f32>()? * side / image.height() as f32,
        positive: true,
    };
    for _ in 0..number(0)? {
        let start = Instant::now();
        let embedding = network.encode(&image, &Unmonitored)?;
        let encoded = Instant::now();
        let logits = network.decode(&embedding, &[point], None)?;
        let decoded = Instant::now();
        println!(
            "{:.4} {:.4}",
            (encoded - start).as_secs_f64(),
            (decoded - encoded).as_secs_f64()
        );
        let bytes: Vec<u8> = logits
            .values()
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        std::fs::write(result, bytes)?;
    }
    Ok(())
}
