//! Networks and results of `models/export/make_upscale_goldens.py`, and the built-in network.

use std::path::PathBuf;

use iopaint_imaging::{DecodeLimits, RgbImage, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_vision::{UpscaleOptions, upscale};

use super::*;
use crate::Precision;

const BUILT_IN: &[u8] = include_bytes!("../../../../models/builtin/realesr-animevideov3.pth");

/// The networks, and the numbers of their convolutions and activations.
const NETWORKS: [(&str, u64, u64); 3] = [("compact-4", 5, 4), ("rrdb-4", 36, 27), ("rrdb-2", 21, 15)];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/upscale")
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn read_image(name: &str) -> RgbImage {
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 12,
    };
    decode(&read(name), &limits).unwrap().rgb
}

fn loading(optimize: bool) -> Loading {
    Loading {
        device: Device::Cpu,
        optimize,
        channels_last: false,
        precision: Precision::F32,
    }
}

/// Returns the results' file names with network, scale and tile.
fn cases() -> Vec<(String, String, f64, u32)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let fields = file
            .strip_suffix(".png")
            .map(|stem| stem.rsplitn(3, '-').collect::<Vec<_>>());
        if let Some(&[tile, scale, network]) = fields.as_deref() {
            cases.push((
                file.clone(),
                network.to_owned(),
                scale.parse().unwrap(),
                tile.parse().unwrap(),
            ));
        }
    }
    cases
}

#[test]
fn results_equal_iopaints() {
    let cases = cases();
    assert_eq!(cases.len(), 11);
    let image = read_image("image.png");
    for (file, network, scale, tile) in cases {
        let expected = read_image(&file);
        for optimize in [false, true] {
            let weights = read(&format!("{network}.pth"));
            let mut network = Upscaler::load_with(&weights, loading(optimize)).unwrap();
            let options = UpscaleOptions {
                tile,
                ..UpscaleOptions::default()
            };
            let network_scale = network.scale();
            let result = upscale(&mut network, network_scale, &image, scale, options, &Unmonitored).unwrap();
            assert_eq!(result.dimensions(), expected.dimensions(), "{file}");
            let pairs = result.as_raw().iter().zip(expected.as_raw());
            let largest = pairs.map(|(result, expected)| result.abs_diff(*expected)).max();
            assert!(largest <= Some(1), "{file}, rewritten: {optimize}: {largest:?}");
        }
    }
}

#[test]
fn rewritten_network_equals_original() {
    for (network, ..) in NETWORKS {
        let weights = read(&format!("{network}.pth"));
        for (images, height, width) in [(1, 16, 24), (2, 34, 50), (1, 64, 40)] {
            let shape = vec![images, 3, height, width];
            let values = (0..shape.iter().product())
                .map(|at: usize| (at * 61 % 97) as f32 / 96.0)
                .collect();
            let input = iopaint_vision::Tensor::new(shape, values).unwrap();
            let [original, rewritten] = [false, true].map(|optimize| {
                let mut network = Upscaler::load_with(&weights, loading(optimize)).unwrap();
                network.forward(input.clone()).unwrap().swap_remove(0)
            });
            assert_eq!(original.shape(), rewritten.shape());
            let largest = original
                .values()
                .iter()
                .fold(0.0_f32, |largest, value| largest.max(value.abs()));
            let pairs = original.values().iter().zip(rewritten.values());
            let difference = pairs.fold(0.0_f32, |largest, (left, right)| {
                largest.max((left - right).abs())
            });
            // As for other rewritten graphs: Winograd F(4x4, 3x3) loses two of float32's seven digits.
            assert!(
                difference < 5e-5 * largest,
                "{network}: {difference:e} of {largest}"
            );
        }
    }
}

#[test]
fn all_convolutions_are_rewritten() {
    for (network, convolutions, activations) in NETWORKS {
        let network_file = read(&format!("{network}.pth"));
        let network = Upscaler::load_with(&network_file, loading(true)).unwrap();
        let counts = network.module.rewrite_counts();
        assert_eq!(counts.layers, convolutions, "{counts:?}");
        assert_eq!(counts.activations, activations, "{counts:?}");
    }
}

#[test]
fn built_in_network_loads() {
    let network = Upscaler::load(BUILT_IN, Device::Cpu).unwrap();
    assert_eq!((network.scale(), network.feature_scale()), (4, 1));
    // 18 convolutions of 3x3 with 64 features, and 17 PReLUs.
    let expected = (27 * 64 + 64) + 16 * (9 * 64 * 64 + 64) + (9 * 64 * 48 + 48) + 17 * 64;
    assert_eq!(network.parameters(), expected);
}

#[test]
fn names_and_shapes_are_checked() {
    for (network, ..) in NETWORKS {
        let file = read(&format!("{network}.pth"));
        let state = StateDict::parse(&file).unwrap();
        let tensors = state.groups.values().next().unwrap();
        let build = |tensors: Tensors| Upscaler::build(&file, tensors, loading(true)).map(|_| ());
        assert!(build(tensors.clone()).is_ok());
        for name in tensors.keys() {
            let mut missing = tensors.clone();
            missing.remove(name);
            assert!(build(missing).is_err(), "{name}");
            let mut reshaped = tensors.clone();
            reshaped.get_mut(name).unwrap().shape.push(1);
            assert!(build(reshaped).is_err(), "{name}");
        }
        let mut unknown = tensors.clone();
        unknown.insert(
            String::from("extra.weight"),
            tensors.values().next().unwrap().clone(),
        );
        let error = build(unknown).unwrap_err();
        assert!(
            matches!(&error, NetworkLoadError::Unknown(name) if name == "extra.weight"),
            "{error}"
        );
    }
    let error = Upscaler::build(&[], Tensors::new(), loading(true))
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, NetworkLoadError::Architecture { .. }));
}

#[test]
fn input_shape_is_checked() {
    let mut network = Upscaler::load(&read("rrdb-2.pth"), Device::Cpu).unwrap();
    for (shape, fits) in [
        ([1, 3, 8, 12], true),
        ([2, 3, 4, 4], true),
        ([1, 3, 7, 8], false),
        ([1, 4, 8, 8], false),
        ([0, 3, 8, 8], false),
    ] {
        let values = vec![0.5; shape.iter().product()];
        let input = iopaint_vision::Tensor::new(shape.to_vec(), values).unwrap();
        let output = network.forward(input);
        assert_eq!(output.is_ok(), fits, "{shape:?}");
        if let Ok(output) = output {
            assert_eq!(output[0].shape(), [shape[0], 3, 2 * shape[2], 2 * shape[3]]);
        }
    }
}
