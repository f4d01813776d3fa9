//! Times forward passes of a TorchScript network for images:
//! `cargo run --release -p iopaint-torch --example time_torch -- MODEL.pt THREADS SIDE [plain]` runs one pass
//! on a square image per line of standard input and writes its seconds. `plain` leaves the graph unchanged.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use iopaint_torch::{Device, Source, TorchNetwork, TorchSettings};
use iopaint_vision::{Network, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, threads, side, plain @ ..] = arguments.as_slice() else {
        return Err("usage: time_torch MODEL.pt THREADS SIDE [plain]".into());
    };
    let side: usize = side.parse()?;
    iopaint_torch::init(TorchSettings {
        threads: threads.parse()?,
        optimize_graph: plain.is_empty(),
        ..TorchSettings::default()
    });
    let mut network = TorchNetwork::load(Source::File(Path::new(file)), Device::Cpu, [1, 3, side, side])?;
    let values: Vec<f32> = (0..3 * side * side).map(|at| (at as f32 * 0.37).sin()).collect();
    for line in stdin().lines() {
        line?;
        let input = Tensor::new(vec![1, 3, side, side], values.clone())?;
        let start = Instant::now();
        let outputs = network.forward(input)?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{seconds} {}",
            outputs.first().map_or(0.0, |output| output.values()[side])
        );
        stdout().flush()?;
    }
    Ok(())
}
