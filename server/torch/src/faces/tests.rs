//! Networks and results of `models/export/make_face_goldens.py` and `make_restoreformer_goldens.py`.

use iopaint_imaging::{DecodeLimits, RgbImage, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_vision::{FaceNetworks, restore_faces};

use super::*;
use crate::Precision;
use crate::state_dict::{DType, StateDictError, TensorLayout};

const NETWORKS: [(&str, FaceArchitecture, &str); 4] = [
    (
        "detector",
        FaceArchitecture::RetinaFace,
        "detection_Resnet50_Final",
    ),
    ("gfpgan", FaceArchitecture::Gfpgan, "GFPGANv1.4"),
    ("parser", FaceArchitecture::ParseNet, "parsing_parsenet"),
    ("restoreformer", FaceArchitecture::RestoreFormer, "RestoreFormer"),
];

/// The restorers, and their results for the image.
const RESTORERS: [(&str, FaceArchitecture, &str); 2] = [
    ("gfpgan", FaceArchitecture::Gfpgan, "result.png"),
    (
        "restoreformer",
        FaceArchitecture::RestoreFormer,
        "restoreformer.png",
    ),
];

/// Options that don't rewrite the graph, since building many networks would be slow.
const PLAIN: Loading = Loading {
    device: Device::Cpu,
    optimize: false,
    channels_last: false,
    precision: Precision::F32,
};

fn read(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/faces");
    std::fs::read(std::path::Path::new(folder).join(name)).unwrap()
}

fn load(name: &str, architecture: FaceArchitecture) -> FaceNetwork {
    FaceNetwork::load(&read(&format!("{name}.pth")), architecture, Device::Cpu).unwrap()
}

fn read_image(name: &str) -> RgbImage {
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 12,
    };
    decode(&read(name), &limits).unwrap().rgb
}

/// Returns the tensors of a stand-in.
fn tensors(file: &[u8]) -> Tensors {
    let mut state = StateDict::parse(file).unwrap();
    let group = state.groups.pop_first();
    group.map_or(state.root, |(_, tensors)| tensors)
}

/// Returns an image as `[1, 3, H, W]` of `value(pixel, channel)`.
fn input(image: &RgbImage, value: impl Fn([u8; 3], usize) -> f32) -> iopaint_vision::Tensor {
    let channel = |channel| image.pixels().map(move |pixel| (pixel.0, channel));
    let values = (0..3).flat_map(channel);
    let values = values.map(|(pixel, channel)| value(pixel, channel)).collect();
    let shape = vec![1, 3, image.height() as usize, image.width() as usize];
    iopaint_vision::Tensor::new(shape, values).unwrap()
}

#[test]
fn outputs_equal_iopaints() {
    for (name, architecture, _) in NETWORKS {
        let file = read(if name == "restoreformer" {
            "restoreformer-expected.pth"
        } else {
            "expected.pth"
        });
        let expected = StateDict::parse(&file).unwrap().root;
        let input = if name == "detector" {
            let mean = [104.0, 117.0, 123.0];
            input(&read_image("image.png"), |pixel, channel| {
                f32::from(pixel[2 - channel]) - mean[channel]
            })
        } else {
            input(&read_image("face.png"), |pixel, channel| {
                f32::from(pixel[channel]) / 127.5 - 1.0
            })
        };
        let [output] = <[_; 1]>::try_from(load(name, architecture).forward(input).unwrap()).unwrap();
        let expected = download(&expected[name].to_float(&file).unwrap()).unwrap();
        let found: Vec<f32> = if name == "detector" {
            assert_eq!(output.shape(), expected.shape());
            output.into_parts().1
        } else {
            assert_eq!(output.shape()[1..], [expected.shape()[1], 512, 512]);
            let rows = output.values().chunks(512).step_by(16);
            rows.flat_map(|row| row.iter().copied().step_by(16)).collect()
        };
        assert_eq!(found.len(), expected.values().len());
        let largest = expected.values().iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let pairs = found.iter().zip(expected.values());
        let difference = pairs.fold(0.0_f32, |a, (found, expected)| a.max((found - expected).abs()));
        assert!(
            difference < 2e-4 * largest,
            "{name}: {difference:e} of {largest:e}"
        );
    }
}

#[test]
fn restored_image_equals_iopaints() {
    for (restorer, architecture, result) in RESTORERS {
        check_restored_image(restorer, architecture, result);
    }
}

fn check_restored_image(restorer: &str, architecture: FaceArchitecture, result: &str) {
    let mut networks = FaceNetworks::new(
        Box::new(load("detector", FaceArchitecture::RetinaFace)),
        Box::new(load(restorer, architecture)),
        Box::new(load("parser", FaceArchitecture::ParseNet)),
    );
    let original = read_image("image.png");
    let mut image = original.clone();
    let mut faces = networks.faces().unwrap();
    let count = restore_faces(&mut faces, &original, &mut image, 1 << 20, &Unmonitored).unwrap();
    assert_eq!(count, 7);
    let expected = read_image(result);
    let differences = |one: &RgbImage, other: &RgbImage| -> Vec<u8> {
        let pairs = one.as_raw().iter().zip(other.as_raw());
        pairs.map(|(one, other)| one.abs_diff(*other)).collect()
    };
    let changed = differences(&original, &expected);
    assert!(changed.iter().filter(|difference| **difference > 20).count() > 10_000);
    let found = differences(&image, &expected);
    let above = |limit: u8| found.iter().filter(|difference| **difference > limit).count();
    // IOPaint truncates the blended colours, which is up to 1 below the rounded ones, and rounds once where
    // faces overlap.
    assert!(
        above(1) * 100 < found.len(),
        "{restorer}: {} of {}",
        above(1),
        found.len()
    );
    // OpenCV rounds some colours of the aligned faces differently, after which another code may be the
    // nearest.
    let has_codes = architecture == FaceArchitecture::RestoreFormer;
    assert!(above(2) == 0 || has_codes, "{restorer}: {}", above(2));
}

/// The results of a network that looks up codes would differ visibly if a nearest code changed.
#[test]
fn restorations_are_reproducible() {
    let face = input(&read_image("face.png"), |pixel, channel| {
        f32::from(pixel[channel]) / 127.5 - 1.0
    });
    for (name, architecture, _) in RESTORERS {
        let mut results = (0..2).map(|_| load(name, architecture).forward(face.clone()).unwrap());
        let first = results.next().unwrap();
        assert!(
            results.all(|result| result[0].values() == first[0].values()),
            "{name}"
        );
    }
}

#[test]
fn published_shapes_are_accepted() {
    for (_, architecture, name) in NETWORKS {
        let text = String::from_utf8(read(&format!("{name}.shapes.txt"))).unwrap();
        // One element of the file, repeated.
        let tensors = text.lines().map(|line| {
            let (name, shape) = line.split_once(' ').unwrap_or((line, ""));
            let sides = shape.split_whitespace();
            let shape: Vec<usize> = sides.map(|side| side.parse().unwrap()).collect();
            let layout = TensorLayout {
                dtype: DType::Float32,
                strides: vec![0; shape.len()],
                shape,
                bytes: 0..4,
            };
            (name.to_owned(), layout)
        });
        FaceNetwork::build((&[0_u8; 4][..]).into(), tensors.collect(), architecture, PLAIN).unwrap();
    }
}

#[test]
fn names_and_shapes_are_checked() {
    for (name, architecture, _) in NETWORKS {
        let file = read(&format!("{name}.pth"));
        let tensors = tensors(&file);
        let build =
            |tensors: Tensors| FaceNetwork::build((&file).into(), tensors, architecture, PLAIN).map(|_| ());
        build(tensors.clone()).unwrap();
        // Every seventh tensor, so that all kinds of layers occur.
        for tensor in tensors.keys().step_by(7) {
            if ["toRGB.", "stylegan_decoder.style_mlp.", "out_img_conv."]
                .iter()
                .any(|unused| tensor.starts_with(unused))
            {
                continue;
            }
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
fn hostile_files_are_errors() {
    for (name, architecture, _) in NETWORKS {
        let file = read(&format!("{name}.pth"));
        for length in [0, 3, 1000, file.len() / 2, file.len() - 1] {
            let error = FaceNetwork::load(&file[..length], architecture, Device::Cpu)
                .map(|_| ())
                .unwrap_err();
            assert!(
                matches!(
                    &error,
                    NetworkLoadError::StateDict(StateDictError::Damaged(_) | StateDictError::UnknownFormat)
                ),
                "{length}: {error}"
            );
        }
        let other = read("../upscale/rrdb-2.pth");
        assert!(FaceNetwork::load(&other, architecture, Device::Cpu).is_err());
    }
}

#[test]
fn input_must_be_one_image() {
    let mut network = load("detector", FaceArchitecture::RetinaFace);
    for shape in [vec![2, 3, 8, 8], vec![1, 1, 8, 8], vec![3, 8, 8]] {
        let count = shape.iter().product();
        let input = iopaint_vision::Tensor::new(shape, vec![0.0; count]).unwrap();
        assert!(network.forward(input).is_err());
    }
}
