//! Times forward passes of a network from its state dict:
//! `cargo run --release -p iopaint-torch --example time_state_dict -- NETWORK FILE THREADS RESULT` runs one
//! pass per line of standard input and writes its seconds. `NETWORK` is `mat`, `fcf`, `isnet` or `birefnet`.
//! `RESULT` receives the last result's values: RGB samples of `mat` and `fcf` on an image of 512 x 512 pixels
//! with a hole, the floats of `isnet`'s and `birefnet`'s map of an image of 1024 x 1024 pixels.

use std::error::Error;
use std::fs::File;
use std::io::{Write, stdin, stdout};
use std::time::Instant;

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{Context, InpaintOptions, Inpainter, Padding, Unmonitored};
use iopaint_torch::{
    BirefnetNetwork, Device, SignedInput, SignedModel, TensorFile, TorchNetwork, TorchSettings,
};
use iopaint_vision::{Network, Tensor};

const PADDING: Padding = Padding {
    modulo: 512,
    min_size: 512,
    square: true,
};

/// Side of the input of segmentation networks, in pixels.
const SIDE: usize = 1024;

/// Runs a network once and returns the bytes of its result.
type Pass = Box<dyn FnMut() -> Result<Vec<u8>, String>>;

/// Returns a function that runs the network.
fn load(network: &str, path: &str) -> Result<Pass, Box<dyn Error>> {
    let segmentation: Option<Box<dyn Network>> = match network {
        "isnet" => Some(Box::new(TorchNetwork::load_isnet(
            &std::fs::read(path)?,
            Device::Cpu,
        )?)),
        "birefnet" => {
            let file = File::open(path)?;
            let network = BirefnetNetwork::load(TensorFile::try_from(&file)?, Device::Cpu)?;
            Some(Box::new(network))
        }
        _ => None,
    };
    if let Some(mut network) = segmentation {
        let values: Vec<f32> = (0..3 * SIDE * SIDE).map(|at| (at % 251) as f32 / 250.0).collect();
        return Ok(Box::new(move || {
            let input =
                Tensor::new(vec![1, 3, SIDE, SIDE], values.clone()).map_err(|error| error.to_string())?;
            let outputs = network.forward(input).map_err(|error| error.to_string())?;
            let values = outputs.first().map_or(&[][..], Tensor::values);
            Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }));
    }
    let input = if network == "mat" {
        SignedInput::ImageAndKept
    } else {
        SignedInput::Erased
    };
    let mut model = SignedModel::load_state_dict(&std::fs::read(path)?, Device::Cpu, PADDING, input, None)?;
    let image = RgbImage::from_fn(512, 512, |x, y| {
        [(x / 2) as u8, (y / 2) as u8, ((x * y) >> 10) as u8].into()
    });
    let mask = Mask::from_fn(512, 512, |x, y| {
        (150..300).contains(&x) && (180..260).contains(&y)
    });
    Ok(Box::new(move || {
        let context = Context {
            options: &InpaintOptions::default(),
            monitor: &Unmonitored,
        };
        let result = model.forward(&image, mask.as_coverage(), &context);
        result.map(RgbImage::into_raw).map_err(|error| error.to_string())
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, network, file, threads, result] = arguments.as_slice() else {
        return Err("usage: time_state_dict mat|fcf|isnet|birefnet FILE THREADS RESULT".into());
    };
    iopaint_torch::init(TorchSettings {
        threads: threads.parse()?,
        ..TorchSettings::default()
    });
    let mut run = load(network, file)?;
    for line in stdin().lines() {
        line?;
        let start = Instant::now();
        let values = run()?;
        println!("{}", start.elapsed().as_secs_f64());
        stdout().flush()?;
        std::fs::write(result, values)?;
    }
    Ok(())
}
