//! Networks and results of `models/export/make_sam_goldens.py`.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use iopaint_imaging::{DecodeLimits, Rect, RgbImage, decode};
use iopaint_inpaint::{Stop, Unmonitored};
use iopaint_vision::selection::{Area, Click, ImageEmbedding, Prompt, select_by_prompt};

use super::*;
use crate::state_dict::{DType, StateDictError, TensorLayout};

const NETWORKS: [&str; 3] = ["vit", "mobile", "hq"];

/// Side of the images for the networks of each name, in pixels.
fn side(network: &str) -> u32 {
    if network == "mobile" { 1024 } else { 128 }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/sam")
        .join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn load(name: &str) -> SamNetwork {
    SamNetwork::load(&read(&format!("{name}.pth")), Device::Cpu).unwrap()
}

fn read_image(name: &str) -> RgbImage {
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 12,
    };
    decode(&read(name), &limits).unwrap().rgb
}

/// The prompts of the results, by name.
fn prompt(name: &str) -> Prompt {
    let clicks = match name {
        "click" => vec![(30, 20, true)],
        "clicks" => vec![(30, 20, true), (70, 41, true), (5, 50, false)],
        "box" => vec![],
        _ => vec![(80, 10, false)],
    };
    let area = |width: u32| Rect {
        x: 12,
        y: 9,
        width,
        height: 35,
    };
    let clicks = clicks.into_iter();
    Prompt {
        clicks: clicks.map(|(x, y, positive)| Click { x, y, positive }).collect(),
        area: match name {
            "box" => Some(Area::Box(area(48))),
            "box-click" => Some(Area::Box(area(78))),
            _ => None,
        },
    }
}

/// Returns the logits for the prompt `name`.
fn logits(network: &mut SamNetwork, embedding: &Embedding, name: &str) -> iopaint_vision::Tensor {
    let prompt = prompt(name);
    let image = read_image("image.png");
    let (width, _) = network.frame().scaled_size(image.dimensions());
    let scale = f64::from(width) / f64::from(image.width());
    let at = |value: u32| (f64::from(value) * scale) as f32;
    // The height is rounded.
    let (_, height) = network.frame().scaled_size(image.dimensions());
    let row = |value: u32| (f64::from(value) * f64::from(height) / f64::from(image.height())) as f32;
    let points: Vec<_> = prompt
        .clicks
        .iter()
        .map(|click| PromptPoint {
            x: at(click.x),
            y: row(click.y),
            positive: click.positive,
        })
        .collect();
    let area = prompt.area.map(|area| match area {
        Area::Box(rect) => [
            at(rect.x),
            row(rect.y),
            at(rect.x + rect.width),
            row(rect.y + rect.height),
        ],
        Area::Lasso(_) => panic!("a box"),
    });
    network.decode(embedding, &points, area).unwrap()
}

#[test]
fn logits_equal_iopaints() {
    let image = read_image("image.png");
    for name in NETWORKS {
        let mut network = load(name);
        assert_eq!(network.frame(), InputFrame::LongSide(side(name)));
        let embedding = network.encode(&image, &Unmonitored).unwrap();
        let file = read(&format!("{name}-expected.pth"));
        let expected = StateDict::parse(&file).unwrap().root;
        assert_eq!(expected.len(), if name == "mobile" { 1 } else { 4 });
        for (prompt, layout) in expected {
            let result = logits(&mut network, &embedding, &prompt);
            let grid = side(name) as usize / 4;
            assert_eq!(result.shape(), [grid, grid]);
            let expected = download(&layout.to_float(&file).unwrap()).unwrap();
            let step = grid / expected.shape()[0];
            let rows = result.values().chunks(grid).step_by(step);
            let result: Vec<f32> = rows.flat_map(|row| row.iter().copied().step_by(step)).collect();
            assert_eq!(result.len(), expected.values().len());
            let largest = expected.values().iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            let pairs = result.iter().zip(expected.values());
            let difference = pairs.fold(0.0_f32, |a, (result, expected)| a.max((result - expected).abs()));
            assert!(
                difference < 1e-4 * largest,
                "{name}, {prompt}: {difference:e} of {largest:e}"
            );
        }
    }
}

#[test]
fn masks_equal_iopaints() {
    let image = read_image("image.png");
    for name in NETWORKS {
        let mut network = load(name);
        let mut embedding = ImageEmbedding::default();
        for prompt_name in ["click", "clicks", "box", "box-click"] {
            if name == "mobile" && prompt_name != "clicks" {
                continue;
            }
            let prompt = prompt(prompt_name);
            let mask = select_by_prompt(&mut network, &image, &prompt, &mut embedding, &Unmonitored).unwrap();
            let expected = read_image(&format!("{name}-{prompt_name}.png"));
            assert_eq!(mask.dimensions(), expected.dimensions());
            let selected = mask
                .values()
                .iter()
                .map(|value| usize::from(*value == 255))
                .sum::<usize>();
            assert!(
                selected > 100 && selected < mask.values().len() - 100,
                "{name}, {prompt_name}: {selected}"
            );
            let pairs = mask.values().iter().zip(expected.pixels());
            let different = pairs.filter(|(mask, expected)| **mask != expected.0[0]).count();
            // Logits next to 0 depend on rounding.
            assert!(different <= 2, "{name}, {prompt_name}: {different}");
        }
    }
}

#[test]
fn file_on_disk_equals_bytes() {
    let image = read_image("image.png");
    for name in NETWORKS {
        let file = File::open(path(&format!("{name}.pth"))).unwrap();
        let mut on_disk = SamNetwork::load(TensorFile::try_from(&file).unwrap(), Device::Cpu).unwrap();
        let mut in_memory = load(name);
        let [one, other] = [&mut on_disk, &mut in_memory].map(|network| {
            let embedding = network.encode(&image, &Unmonitored).unwrap();
            logits(network, &embedding, "clicks")
        });
        assert_eq!(one, other, "{name}");
    }
}

#[test]
fn published_shapes_are_accepted() {
    for (name, parameters) in [
        ("vit_b", 93_735_728),
        ("mobile_sam", 10_140_231),
        ("sam_hq_vit_b", 94_806_832),
    ] {
        let text = String::from_utf8(read(&format!("{name}.shapes.txt"))).unwrap();
        // One element of the file, repeated.
        let tensors = text.lines().map(|line| {
            let (name, shape) = line.split_once(' ').unwrap_or((line, ""));
            let shape: Vec<usize> = shape
                .split_whitespace()
                .map(|side| side.parse().unwrap())
                .collect();
            let layout = TensorLayout {
                dtype: DType::Float32,
                strides: vec![0; shape.len()],
                shape,
                bytes: 0..4,
            };
            (name.to_owned(), layout)
        });
        let tensors: Tensors = tensors.collect();
        let elements: usize = tensors
            .values()
            .map(|layout| layout.shape.iter().product::<usize>())
            .sum();
        let network = SamNetwork::build((&[0_u8; 4][..]).into(), tensors, Device::Cpu).unwrap();
        assert_eq!(network.frame(), InputFrame::LongSide(1024), "{name}");
        assert_eq!(network.positions.size(), [1, 64 * 64, 256], "{name}");
        assert_eq!(network.is_refined, name.contains("hq"));
        // Sums over the original modules' state dicts.
        assert_eq!(elements, parameters, "{name}");
    }
}

#[test]
fn names_and_shapes_are_checked() {
    for name in NETWORKS {
        let file = read(&format!("{name}.pth"));
        let tensors = StateDict::parse(&file).unwrap().root;
        let build = |tensors: Tensors| SamNetwork::build((&file).into(), tensors, Device::Cpu).map(|_| ());
        build(tensors.clone()).unwrap();
        for tensor in tensors.keys() {
            let mut missing = tensors.clone();
            missing.remove(tensor);
            assert!(build(missing).is_err(), "{name}, {tensor}");
            let mut reshaped = tensors.clone();
            reshaped.get_mut(tensor).unwrap().shape.push(1);
            assert!(build(reshaped).is_err(), "{name}, {tensor}");
        }
        let mut unknown = tensors.clone();
        unknown.insert(String::from("extra"), tensors.values().next().unwrap().clone());
        let error = build(unknown).unwrap_err();
        assert!(
            matches!(&error, NetworkLoadError::Unknown(tensor) if tensor == "extra"),
            "{error}"
        );
    }
}

#[test]
fn huge_windows_are_rejected() {
    let file = [0; 4];
    for (network, tensor, shape) in [
        (
            "vit",
            "image_encoder.blocks.0.attn.rel_pos_h",
            vec![(1 << 40) - 1, 16],
        ),
        ("vit", "image_encoder.pos_embed", vec![1, 1 << 20, 1 << 20, 32]),
        (
            "mobile",
            "image_encoder.layers.1.blocks.0.attn.attention_biases",
            vec![2, 1 << 40],
        ),
    ] {
        let mut tensors = StateDict::parse(&read(&format!("{network}.pth"))).unwrap().root;
        for layout in tensors.values_mut() {
            layout.bytes = 0..4;
            layout.strides = vec![0; layout.shape.len()];
            layout.dtype = DType::Float32;
        }
        tensors.get_mut(tensor).unwrap().shape = shape;
        let error = SamNetwork::build((&file[..]).into(), tensors, Device::Cpu)
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, NetworkLoadError::Shape { .. }), "{error}");
    }
}

#[test]
fn hostile_files_are_errors() {
    let vit = read("vit.pth");
    for length in [0, 3, 1000, vit.len() / 2, vit.len() - 1] {
        let error = SamNetwork::load(&vit[..length], Device::Cpu)
            .map(|_| ())
            .unwrap_err();
        let NetworkLoadError::StateDict(error) = error else {
            panic!("{error}")
        };
        assert!(
            matches!(error, StateDictError::Damaged(_) | StateDictError::UnknownFormat),
            "{length}: {error}"
        );
    }
    let error = SamNetwork::load(&read("../upscale/rrdb-2.pth"), Device::Cpu)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, NetworkLoadError::Architecture { .. }), "{error}");
    for name in ["command.pth", "command-legacy.pth"] {
        let error = SamNetwork::load(&read(&format!("../state_dicts/{name}")), Device::Cpu)
            .map(|_| ())
            .unwrap_err();
        let is_forbidden = matches!(
            error,
            NetworkLoadError::StateDict(StateDictError::ForbiddenGlobal(_))
        );
        assert!(is_forbidden, "{error}");
    }
}

#[test]
fn embeddings_of_other_networks_are_errors() {
    let image = read_image("image.png");
    let (mut vit, mut hq) = (load("vit"), load("hq"));
    let embedding = vit.encode(&image, &Unmonitored).unwrap();
    assert!(hq.decode(&embedding, &[], Some([0.0; 4])).is_err());
    let embedding = hq.encode(&image, &Unmonitored).unwrap();
    assert!(vit.decode(&embedding, &[], Some([0.0; 4])).is_err());
}

#[test]
fn encoder_stops_between_blocks() {
    struct Stopping(AtomicUsize);
    impl Monitor for Stopping {
        fn crop(&self, _: usize, _: usize) -> std::ops::ControlFlow<Stop> {
            std::ops::ControlFlow::Continue(())
        }
        fn step(&self, done: usize, _: usize) -> std::ops::ControlFlow<Stop> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if done == 1 {
                std::ops::ControlFlow::Break(Stop::Cancelled)
            } else {
                std::ops::ControlFlow::Continue(())
            }
        }
    }
    for name in NETWORKS {
        let monitor = Stopping(AtomicUsize::new(0));
        let result = load(name).encode(&read_image("image.png"), &monitor);
        assert!(matches!(result, Err(ForwardError::Stopped(Stop::Cancelled))));
        assert_eq!(monitor.0.into_inner(), 2);
    }
}
