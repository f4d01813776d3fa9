//! Networks and results of `models/export/make_birefnet_goldens.py`.

use iopaint_imaging::{DecodeLimits, Picture, decode};
use iopaint_vision::{SaliencySpec, saliency};

use super::deformable::DeformableConvolution;
use super::*;
use crate::test_weights::{check_names_and_shapes, fixture, largest_difference, of_shapes, read_tensors};

fn read(name: &str) -> Vec<u8> {
    fixture(&format!("birefnet/{name}"))
}

fn image(name: &str) -> Picture {
    let limits = DecodeLimits {
        max_pixels: 1 << 16,
        max_side: 1 << 10,
    };
    decode(&read(name), &limits).unwrap()
}

fn network() -> BirefnetNetwork {
    BirefnetNetwork::load(&read("rmbg2.safetensors"), Device::Cpu).unwrap()
}

#[test]
fn logits_equal_iopaints() {
    let tensors = read_tensors(&read("tensors.safetensors"));
    let image = tensors["input"]
        .f_permute([0, 2, 3, 1])
        .unwrap()
        .f_contiguous()
        .unwrap();
    let logits = network().logits(&image).unwrap().f_permute([0, 3, 1, 2]).unwrap();
    let largest = largest_difference(&logits, &tensors["output"]);
    assert!(largest < 1e-3, "{largest:e}");
}

#[test]
fn deformable_convolutions_equal_torchvisions() {
    let file = read("deformable.safetensors");
    let tensors = read_tensors(&file);
    let image = tensors["image"]
        .f_permute([0, 2, 3, 1])
        .unwrap()
        .f_contiguous()
        .unwrap();
    for side in [1, 3, 7] {
        let layouts = StateDict::parse(&file).unwrap().root;
        let mut weights = Weights::new(&file, layouts);
        let [convolution, norm] = ["atrous_conv", "bn"].map(|part| format!("{side}.{part}"));
        let layer = DeformableConvolution::take(&mut weights, &convolution, &norm, 4).unwrap();
        let expected = &tensors[&format!("result.{side}")];
        for limit in [1, 1 << 22] {
            let result = layer.forward_in_parts(&image, limit).unwrap();
            let largest = largest_difference(&result.f_permute([0, 3, 1, 2]).unwrap(), expected);
            assert!(largest < 1e-4, "{side}, at most {limit} samples: {largest:e}");
        }
    }
}

#[test]
fn masks_equal_iopaints() {
    let picture = image("image.png").rgb;
    let map = saliency(&mut network(), &SaliencySpec::RMBG2, &picture).unwrap();
    let (width, height) = picture.dimensions();
    // IOPaint resizes by Pillow's default for gray images, bicubic.
    let values = iopaint_imaging::lanczos::resize_coverage(&map, width, height);
    let expected = image("mask.png").rgb;
    let differences: Vec<u8> = values
        .values()
        .iter()
        .zip(expected.pixels())
        .map(|(value, pixel)| value.abs_diff(pixel.0[0]))
        .collect();
    let largest = differences.iter().max().unwrap();
    let mean = differences.iter().map(|value| f64::from(*value)).sum::<f64>() / differences.len() as f64;
    assert!(*largest < 12 && mean < 1.0, "{largest}, mean {mean}");
}

#[test]
fn original_shapes_are_accepted() {
    let shapes = String::from_utf8(read("shapes.txt")).unwrap();
    let (file, tensors) = of_shapes(&shapes);
    let network = BirefnetNetwork::build((&file).into(), tensors, Device::Cpu).unwrap();
    assert_eq!(network.encoder.channels(), [192, 384, 768, 1536]);
}

#[test]
fn names_and_shapes_are_checked() {
    let file = read("rmbg2.safetensors");
    let tensors = StateDict::parse(&file).unwrap().root;
    let build = |tensors: Tensors| BirefnetNetwork::build((&file).into(), tensors, Device::Cpu).map(|_| ());
    let is_needed = |name: &str| {
        !name.ends_with("num_batches_tracked")
            && !name.ends_with("relative_position_index")
            && !TRAINING.iter().any(|prefix| name.starts_with(prefix))
    };
    check_names_and_shapes(&tensors, is_needed, build);
}

#[test]
fn other_sizes_are_errors() {
    for shape in [
        vec![1, 3, 64, 96],
        vec![1, 1, 64, 64],
        vec![3, 64, 64],
        vec![1, 3, 0, 64],
    ] {
        let count = shape.iter().product();
        let input = iopaint_vision::Tensor::new(shape, vec![0.0; count]).unwrap();
        assert!(network().forward(input).is_err());
    }
}
