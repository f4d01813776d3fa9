//! Times forward passes of an ONNX network:
//! `cargo run --release -p iopaint-onnx --example time_onnx -- MODEL.onnx THREADS SIDE` runs one pass on a
//! square image per line of standard input and writes its seconds.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use iopaint_onnx::OnnxNetwork;
use iopaint_vision::{Network, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, threads, side] = arguments.as_slice() else {
        return Err("usage: time_onnx MODEL.onnx THREADS SIDE".into());
    };
    let side: usize = side.parse()?;
    let mut network = OnnxNetwork::load_file(Path::new(file), threads.parse()?)?;
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
