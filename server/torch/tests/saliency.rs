//! The built-in U-2-Net against ONNX Runtime and rembg 2.0; `models/export/make_cutout_goldens.py` writes
//! their results.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use iopaint_imaging::{Coverage, DecodeLimits, RgbImage, decode, decode_mask, lanczos};
use iopaint_inpaint::ForwardError;
use iopaint_torch::{Device, Source, TorchNetwork};
use iopaint_vision::{Network, SaliencySpec, Tensor, saliency};

const BUILTIN: &[u8] = include_bytes!("../../../models/builtin/u2netp.pt");
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 1 << 12,
};
/// The stored outputs are those of every eighth row and column.
const STRIDE: usize = 8;
/// Side of the network's input and output, in pixels.
const SIDE: usize = SaliencySpec::U2NET.side as usize;

/// Keeps the network's first output.
struct Recording {
    network: TorchNetwork,
    output: Option<Tensor>,
}

impl Network for Recording {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        let outputs = self.network.forward(input)?;
        self.output = outputs.first().cloned();
        Ok(outputs)
    }
}

fn read(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/cutout"
    ));
    std::fs::read(folder.join(name)).unwrap()
}

/// Returns the photograph, its saliency map and the network's output.
fn run(name: &str) -> (RgbImage, Coverage, Tensor) {
    let network = TorchNetwork::load(Source::Bytes(BUILTIN), Device::Cpu, [1, 3, SIDE, SIDE]).unwrap();
    let mut network = Recording {
        network,
        output: None,
    };
    let image = decode(&read(&format!("{name}.png")), &LIMITS).unwrap().rgb;
    let map = saliency(&mut network, &SaliencySpec::U2NET, &image).unwrap();
    (image, map, network.output.unwrap())
}

#[test]
fn output_matches_onnx_runtime() {
    let (_, _, output) = run("dog");
    assert_eq!(output.shape(), [1, 1, SIDE, SIDE]);
    let stored = read("dog.output.bin");
    let expected = stored
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes));
    let rows = output.values().chunks_exact(SIDE).step_by(STRIDE);
    let values = rows.flat_map(|row| row.iter().step_by(STRIDE));
    assert_eq!(stored.len(), SIDE / STRIDE * (SIDE / STRIDE) * 4);
    let worst = values
        .zip(expected)
        .map(|(value, expected)| (value - expected).abs())
        .fold(0.0, f32::max);
    assert!(worst < 1e-3, "off by {worst}");
}

#[test]
fn masks_match_rembg() {
    for name in ["dog", "parrot"] {
        let (image, map, _) = run(name);
        let mask = lanczos::resize_coverage(&map, image.width(), image.height());
        let expected = decode_mask(&read(&format!("{name}.mask.png")), &LIMITS).unwrap();
        let differences: Vec<_> = mask
            .values()
            .iter()
            .zip(expected.values())
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .collect();
        let worst = differences.iter().max().unwrap();
        let mean = f64::from(differences.iter().sum::<u32>()) / differences.len() as f64;
        // The truncation to 8 bits turns a difference of the last bit into one of 1; resampling adds another.
        assert!(*worst <= 2 && mean < 0.05, "{name}: worst {worst}, mean {mean}");
        println!("{name}: worst {worst}, mean {mean:.5}");
    }
}
