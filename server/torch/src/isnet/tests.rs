//! Networks and results of `models/export/make_isnet_goldens.py`.

use iopaint_imaging::{Coverage, DecodeLimits, decode};
use iopaint_vision::{SaliencySpec, saliency};

use super::*;
use crate::state_dict::StateDict;
use crate::test_weights::{
    check_names_and_shapes, fixture, largest_difference, loading, of_shapes, read_tensors,
};

/// The networks.
const NETWORKS: [(&str, SaliencySpec); 2] = [
    ("anime-seg", SaliencySpec::ANIME_SEG),
    ("rmbg", SaliencySpec::RMBG),
];

fn read(name: &str) -> Vec<u8> {
    fixture(&format!("isnet/{name}"))
}

fn image(name: &str) -> iopaint_imaging::Picture {
    let limits = DecodeLimits {
        max_pixels: 1 << 16,
        max_side: 1 << 10,
    };
    decode(&read(name), &limits).unwrap()
}

#[test]
fn output_equals_iopaints() {
    for (name, _) in NETWORKS {
        let expected = read_tensors(&read(&format!("{name}-tensors.pth")));
        for optimize in [false, true] {
            let mut network = load_with(&read(&format!("{name}.pth")), loading(optimize)).unwrap();
            let mut inputs = [expected["input"].shallow_clone()];
            let output = network.module().forward(&mut inputs).unwrap();
            let largest = largest_difference(&output, &expected["output"]);
            assert!(largest < 1e-4, "{name}, rewritten: {optimize}: {largest:e}");
        }
    }
}

/// Samples a map at the centres of `width` x `height` pixels, mixing the nearest 2 x 2 values.
fn sampled(map: &Coverage, width: u32, height: u32) -> Vec<f32> {
    let axis = |at: u32, from: u32, to: u32| {
        let last = (from - 1) as f32;
        let position = ((at as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, last);
        (
            position.floor() as u32,
            (position.floor() + 1.0).min(last) as u32,
            position.fract(),
        )
    };
    let mut values = Vec::new();
    for y in 0..height {
        let (top, bottom, down) = axis(y, map.height(), height);
        for x in 0..width {
            let (left, right, across) = axis(x, map.width(), width);
            let row =
                |y: u32| f32::from(map.get(left, y)) * (1.0 - across) + f32::from(map.get(right, y)) * across;
            values.push(row(top) * (1.0 - down) + row(bottom) * down);
        }
    }
    values
}

#[test]
fn masks_equal_iopaints() {
    let picture = image("image.png").rgb;
    let (width, height) = picture.dimensions();
    for (name, spec) in NETWORKS {
        let mut network = load_with(&read(&format!("{name}.pth")), loading(true)).unwrap();
        let map = saliency(&mut network, &spec, &picture).unwrap();
        let mut values = sampled(&map, width, height);
        if name == "rmbg" {
            // IOPaint scales to 0..255 after resizing.
            let (min, max) = values.iter().fold((255.0_f32, 0.0_f32), |(min, max), value| {
                (min.min(*value), max.max(*value))
            });
            for value in &mut values {
                *value = (*value - min) / (max - min) * 255.0;
            }
        }
        let expected = image(&format!("{name}-mask.png")).rgb;
        let pairs = values.iter().zip(expected.pixels());
        let differences: Vec<f32> = pairs
            .map(|(value, pixel)| (value - f32::from(pixel.0[0])).abs())
            .collect();
        let largest = differences
            .iter()
            .fold(0.0_f32, |largest, value| largest.max(*value));
        let mean = differences.iter().sum::<f32>() / differences.len() as f32;
        // Both truncate to 8 bits, before and after resizing.
        assert!(largest < 3.0 && mean < 1.0, "{name}: {largest}, mean {mean}");
    }
}

#[test]
fn original_shapes_are_accepted() {
    for (name, _) in NETWORKS {
        let shapes = String::from_utf8(read(&format!("{name}-shapes.txt"))).unwrap();
        let (file, tensors) = of_shapes(&shapes);
        let (_, parameters) = build(&file, tensors, &mut Program::new(1, true)).unwrap();
        assert_eq!(parameters, 44_062_337, "{name}");
    }
}

#[test]
fn names_and_shapes_are_checked() {
    let file = read("rmbg.pth");
    let tensors = StateDict::parse(&file).unwrap().root;
    let build = |tensors: Tensors| build(&file, tensors, &mut Program::new(1, true)).map(|_| ());
    let is_needed = |name: &str| {
        !name.ends_with("num_batches_tracked") && !TRAINING_OUTPUTS.iter().any(|side| name.starts_with(side))
    };
    check_names_and_shapes(&tensors, is_needed, build);
}
