//! Networks and results of `models/export/make_sam2_goldens.py`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::{Stop, Unmonitored};

use super::*;
use crate::state_dict::{DType, TensorLayout};

/// The configuration of the small network.
const SMALL: &[Configuration] = &[Configuration {
    name: "padded",
    image_side: 256,
    channels: 4,
    heads: 1,
    blocks: [1, 2, 3, 1],
    windows: [8, 4, 14, 7],
    global_blocks: &[4],
}];

/// Largest difference to the original's results, relative to their largest value: of a few blocks.
const TOLERANCE: f64 = 1e-5;

/// The same of up to 48 blocks. The original's results in single precision differ from those in double
/// precision by up to 4e-4 (`sam2_small`).
const DEEP_TOLERANCE: f64 = 1e-3;

fn read(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sam2");
    std::fs::read(folder.join(name)).unwrap()
}

fn read_image() -> RgbImage {
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 12,
    };
    decode(&read("image.png"), &limits).unwrap().rgb
}

fn load(name: &str) -> Sam2Network {
    Sam2Network::load_with((&read(&format!("{name}.pt"))).into(), Device::Cpu, SMALL).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1)).unwrap()
}

fn assert_close(result: &[f32], expected: &[f32], tolerance: f64, context: &str) {
    assert_eq!(result.len(), expected.len(), "{context}");
    let largest = expected
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let difference = result
        .iter()
        .zip(expected)
        .fold(0.0_f32, |largest, (left, right)| {
            largest.max((left - right).abs())
        });
    let relative = f64::from(difference) / f64::from(largest);
    assert!(relative < tolerance, "{context}: {relative:e} of {largest}");
}

/// The prompt, in the network's input, and the results of a case.
struct Case {
    points: Vec<PromptPoint>,
    area: Option<[f32; 4]>,
    logits: Vec<f32>,
}

fn case(file: &[u8], tensors: &Tensors, image: &RgbImage) -> Case {
    let read = |name: &str| {
        tensors
            .get(name)
            .map(|layout| values(&layout.to_float(file).unwrap()))
    };
    let scale = [image.width(), image.height()].map(|side| 256.0 / side as f32);
    let points = read("points").unwrap_or_default();
    let points = points.chunks(3).map(|point| PromptPoint {
        x: point[0] * scale[0],
        y: point[1] * scale[1],
        positive: point[2] > 0.5,
    });
    let area: Option<[f32; 4]> = read("box").map(|area| area.try_into().unwrap());
    Case {
        points: points.collect(),
        area: area.map(|[left, top, right, bottom]| {
            [
                left * scale[0],
                top * scale[1],
                right * scale[0],
                bottom * scale[1],
            ]
        }),
        logits: read("logits").unwrap(),
    }
}

/// Compares the network's logits with the original's for all prompts in `results`, whose number is returned.
fn compare(network: &mut Sam2Network, results: &[u8], tolerance: f64, name: &str) -> usize {
    let image = read_image();
    let embedding = network.encode(&image, &Unmonitored).unwrap();
    let state = StateDict::parse(results).unwrap();
    for (prompt, tensors) in &state.groups {
        let case = case(results, tensors, &image);
        let logits = network.decode(&embedding, &case.points, case.area).unwrap();
        assert_eq!(logits.shape(), [64, 64]);
        assert_close(
            logits.values(),
            &case.logits,
            tolerance,
            &format!("{name}, {prompt}"),
        );
    }
    state.groups.len()
}

#[test]
fn logits_equal_iopaints() {
    let mut network = load("padded");
    assert_eq!(network.frame(), InputFrame::Stretched(256));
    let results = read("padded-results.pth");
    assert_eq!(compare(&mut network, &results, TOLERANCE, "padded"), 5);
    // The original's embedding is [1, C, H, W], and without the token of a missing mask.
    let state = StateDict::parse(&results).unwrap();
    let expected = state.root["embedding"].to_float(&results).unwrap();
    let expected = expected.permute([0, 2, 3, 1]) + &network.prompts.no_mask;
    let embedding = network.encode(&read_image(), &Unmonitored).unwrap();
    assert_close(
        embedding.0[0].values(),
        &values(&expected),
        TOLERANCE,
        "embedding",
    );
}

#[test]
fn published_networks_equal_iopaints() {
    let numbers = read("numbers.pth");
    let kinds = StateDict::parse(&numbers).unwrap().root;
    for published_configuration in PUBLISHED {
        // The results are those of smaller inputs than the published ones.
        let known = [Configuration {
            image_side: 256,
            ..*published_configuration
        }];
        let name = format!("sam2_{}", published_configuration.name.trim_end_matches("_plus"));
        let views = published(&name)
            .into_iter()
            .map(|(name, layout)| (name.clone(), view(&name, layout, &kinds)))
            .collect();
        let mut network = Sam2Network::build((&numbers).into(), views, Device::Cpu, &known).unwrap();
        let results = read(&format!("{name}-results.pth"));
        assert_eq!(compare(&mut network, &results, DEEP_TOLERANCE, &name), 1);
    }
}

/// Returns the view of a file's numbers that stands for a tensor, as `overlapping` of the script does.
fn view(name: &str, layout: TensorLayout, kinds: &Tensors) -> TensorLayout {
    let shape = &layout.shape;
    let is_embedding =
        shape.len() > 1 && (shape[0] == 1 || name.contains("token") || name.contains("gaussian"));
    let numbers = &kinds[match shape.len() {
        1 if name.ends_with("weight") => "norm",
        _ if is_embedding => "embedding",
        _ => "weight",
    }];
    let extent = shape.iter().map(|side| side - 1).sum::<usize>() + 1;
    let offset = name.bytes().map(usize::from).sum::<usize>() * 7 % (numbers.shape[0] - extent);
    let start = numbers.bytes.start + offset * numbers.dtype.size();
    TensorLayout {
        dtype: numbers.dtype,
        strides: vec![1; shape.len()],
        bytes: start..start + extent * numbers.dtype.size(),
        shape: layout.shape,
    }
}

#[test]
fn transform_equals_iopaints() {
    let file = read("transform.pth");
    let state = StateDict::parse(&file).unwrap();
    assert_eq!(state.groups.len(), 2);
    for (name, tensors) in state.groups {
        let pixels = tensors["image"].to_float(&file).unwrap();
        let bytes = values(&pixels).iter().map(|value| *value as u8).collect();
        let (height, width, _) = pixels.size3().unwrap();
        let image = RgbImage::from_raw(width as u32, height as u32, bytes).unwrap();
        let result = transform(&image, 32).unwrap();
        assert_eq!(result.size(), [1, 32, 32, 3]);
        let expected = tensors["result"].to_float(&file).unwrap().permute([1, 2, 0]);
        assert_close(&values(&result), &values(&expected), TOLERANCE, &name);
    }
}

#[test]
fn embeddings_of_other_networks_are_errors() {
    let mut network = load("padded");
    let embedding = network.encode(&read_image(), &Unmonitored).unwrap();
    // 32 channels at 16 x 16 pixels, 8 at 32 x 32 and 4 at 64 x 64.
    assert_eq!(embedding.bytes(), 4 * (32 * 256 + 8 * 1024 + 4 * 4096));
    let area = Some([0.0, 0.0, 9.0, 9.0]);
    assert!(network.decode(&embedding, &[], area).is_ok());
    let missing = Embedding(embedding.0[..2].to_vec());
    assert!(network.decode(&missing, &[], area).is_err());
    let swapped = Embedding(embedding.0.into_iter().rev().collect());
    assert!(network.decode(&swapped, &[], area).is_err());
}

#[test]
fn encoder_stops_between_blocks() {
    struct Stopping;
    impl Monitor for Stopping {
        fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }
        fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
            assert!(done <= 5 && total == 7, "{done} of {total}");
            if done == 5 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    let result = load("padded").encode(&read_image(), &Stopping);
    assert!(matches!(result, Err(ForwardError::Stopped(Stop::Cancelled))));
}

/// Returns the tensors of a published model from `shapes.txt`, all elements of which are the first four bytes
/// of a file.
fn published(model: &str) -> Tensors {
    let text = String::from_utf8(read("shapes.txt")).unwrap();
    let mut section = "";
    let mut tensors = Tensors::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.strip_suffix(']').unwrap();
            continue;
        }
        if section != "all" && section != model {
            continue;
        }
        let (pattern, shape) = line.split_once(' ').unwrap();
        let shape: Vec<usize> = shape.split('x').map(|side| side.parse().unwrap()).collect();
        let layout = TensorLayout {
            dtype: DType::Float32,
            strides: vec![0; shape.len()],
            shape,
            bytes: 0..4,
        };
        match pattern
            .split_once('{')
            .map(|(start, rest)| (start, rest.split_once('}').unwrap()))
        {
            None => drop(tensors.insert(pattern.to_owned(), layout)),
            Some((start, (range, end))) => {
                let (first, last) = range.split_once('-').unwrap();
                for index in first.parse::<usize>().unwrap()..=last.parse().unwrap() {
                    tensors.insert(format!("{start}{index}{end}"), layout.clone());
                }
            }
        }
    }
    tensors
}

#[test]
fn published_shapes_are_accepted() {
    let known = ["tiny", "small", "base_plus", "large"];
    for (size, known) in ["tiny", "small", "base", "large"].into_iter().zip(known) {
        for version in ["sam2", "sam2_1"] {
            let tensors = published(&format!("{version}_{size}"));
            let is_newer = tensors.contains_key("no_obj_embed_spatial");
            assert_eq!(is_newer, version == "sam2_1");
            let network = Sam2Network::build((&[0; 4][..]).into(), tensors, Device::Cpu, PUBLISHED).unwrap();
            assert_eq!(network.configuration.name, known);
        }
    }
}

#[test]
fn names_and_shapes_are_checked() {
    for configuration in SMALL {
        let file = read(&format!("{}.pt", configuration.name));
        let tensors = StateDict::parse(&file).unwrap().groups.remove("model").unwrap();
        let build =
            |tensors: Tensors| Sam2Network::build((&file).into(), tensors, Device::Cpu, SMALL).map(|_| ());
        for name in tensors.keys() {
            let unused = UNUSED.iter().any(|prefix| name.starts_with(prefix));
            let mut missing = tensors.clone();
            missing.remove(name);
            assert_eq!(build(missing).is_ok(), unused, "{name}");
            let mut reshaped = tensors.clone();
            reshaped.get_mut(name).unwrap().shape.push(1);
            assert_eq!(build(reshaped).is_ok(), unused, "{name}");
        }
        let mut huge = tensors.clone();
        huge.get_mut("image_encoder.trunk.pos_embed").unwrap().shape = vec![1, 4, 1 << 20, 1 << 20];
        let error = build(huge).unwrap_err();
        assert!(matches!(error, NetworkLoadError::Shape { .. }), "{error}");
        let layout = tensors.values().next().unwrap().clone();
        let mut unknown = tensors.clone();
        unknown.insert(String::from("sam_mask_decoder.extra.weight"), layout);
        let error = build(unknown).unwrap_err();
        assert!(
            matches!(&error, NetworkLoadError::Unknown(name) if name == "sam_mask_decoder.extra.weight"),
            "{error}"
        );
    }
}

#[test]
fn every_unused_prefix_occurs() {
    let tensors = published("sam2_1_tiny");
    for prefix in UNUSED {
        let mut names = tensors.keys();
        assert!(names.any(|name| name.starts_with(prefix)), "{prefix}");
    }
}

#[test]
fn other_architectures_are_rejected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let upscaler = std::fs::read(folder.join("upscale/rrdb-4.pth")).unwrap();
    // The trunk of the small networks is none of the published ones.
    for file in [upscaler, read("padded.pt")] {
        let error = Sam2Network::load(&file, Device::Cpu).map(|_| ()).unwrap_err();
        assert!(matches!(error, NetworkLoadError::Architecture { .. }), "{error}");
    }
}

#[test]
fn damaged_files_are_rejected() {
    let file = read("padded.pt");
    for length in [0, 3, 1000, file.len() / 2, file.len() - 1] {
        let error = Sam2Network::load_with((&file[..length]).into(), Device::Cpu, SMALL)
            .map(|_| ())
            .unwrap_err();
        assert!(
            matches!(error, NetworkLoadError::StateDict(_)),
            "{length}: {error}"
        );
    }
}

#[test]
fn code_in_pickles_is_rejected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/state_dicts");
    for name in ["command.pth", "command-legacy.pth"] {
        let file = std::fs::read(folder.join(name)).unwrap();
        let error = Sam2Network::load(&file, Device::Cpu).map(|_| ()).unwrap_err();
        let expected = matches!(
            error,
            NetworkLoadError::StateDict(crate::StateDictError::ForbiddenGlobal(_))
        );
        assert!(expected, "{error}");
    }
}
