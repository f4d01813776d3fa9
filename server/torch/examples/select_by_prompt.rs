//! Selects an object by a click with a state dict of SAM, MobileSAM, HQ-SAM or SAM 2. Prints the seconds of
//! loading, of each first click, which runs the encoder, and of each further click, and on Linux the
//! process's largest memory after loading.
//!
//! `cargo run --release -p iopaint-torch --example select_by_prompt -- WEIGHTS PICTURE X Y RESULT.png
//! [RUNS] [THREADS]`

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_torch::{Device, NetworkLoadError, Sam2Network, SamNetwork, TensorFile, TorchSettings, init};
use iopaint_vision::selection::{Click, ImageEmbedding, Prompt, PromptNetwork, select_by_prompt};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, picture, x, y, result, rest @ ..] = arguments.as_slice() else {
        return Err("arguments: WEIGHTS PICTURE X Y RESULT.png [RUNS] [THREADS]".into());
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
    let click = Click {
        x: x.parse()?,
        y: y.parse()?,
        positive: true,
    };
    let prompt = Prompt {
        clicks: vec![click],
        area: None,
    };
    let start = Instant::now();
    let file = File::open(weights)?;
    let file = TensorFile::try_from(&file)?;
    let mut network: Box<dyn PromptNetwork> = match SamNetwork::load(file, Device::Cpu) {
        Err(NetworkLoadError::Architecture { .. }) => Box::new(Sam2Network::load(file, Device::Cpu)?),
        network => Box::new(network?),
    };
    println!("load {:.3}", start.elapsed().as_secs_f64());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    for _ in 0..number(0)? {
        let mut embedding = ImageEmbedding::default();
        for stage in ["first", "further"] {
            let start = Instant::now();
            let mask = select_by_prompt(network.as_mut(), &image, &prompt, &mut embedding, &Unmonitored)?;
            println!("{stage} {:.4}", start.elapsed().as_secs_f64());
            mask.as_gray().save(result)?;
        }
    }
    Ok(())
}
