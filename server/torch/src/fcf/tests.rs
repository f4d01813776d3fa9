//! Networks and results of `models/export/make_generator_goldens.py`.

use super::*;
use crate::state_dict::{StateDict, Tensors};
use crate::test_weights::{
    check_names_and_shapes, fixture, largest_difference, loading, of_shapes, read_tensors,
};

#[test]
fn output_equals_iopaints() {
    let tensors = read_tensors(&fixture("generators/fcf-64.pth"));
    for optimize in [false, true] {
        let mut module = load(&fixture("generators/fcf.pth"), loading(optimize)).unwrap();
        let output = module.forward(&mut [tensors["input"].shallow_clone()]).unwrap();
        let largest = largest_difference(&output, &tensors["output"]);
        // Results are stored in half precision.
        assert!(largest < 1e-3, "rewritten: {optimize}: {largest:e}");
    }
}

#[test]
fn transforms_are_rewritten() {
    let module = load(&fixture("generators/fcf.pth"), loading(true)).unwrap();
    let counts = module.rewrite_counts();
    // Two Fourier units in each of two convolutions, at two sizes; each has a transform and its inverse.
    assert_eq!(counts.transforms, 16, "{counts:?}");
}

#[test]
fn original_shapes_are_accepted() {
    let (file, tensors) = of_shapes(&String::from_utf8(fixture("generators/fcf-shapes.txt")).unwrap());
    let (_, parameters) = GENERATOR
        .add_to(&mut Program::new(1, true), &file, tensors)
        .unwrap();
    assert_eq!(parameters, 85_082_424);
}

#[test]
fn names_and_shapes_are_checked() {
    let file = fixture("generators/fcf.pth");
    let tensors = StateDict::parse(&file).unwrap().root;
    let build = |tensors: Tensors| {
        GENERATOR
            .add_to(&mut Program::new(1, true), &file, tensors)
            .map(|_| ())
    };
    let is_optional = |name: &str| {
        let synthesis = name.starts_with("synthesis") && name.contains("conv") && !name.contains("affine");
        let encoder = name.starts_with("encoder") && !name.contains("conv") && !name.contains("rgb");
        (synthesis && name.contains(".bias"))
            || name.contains(".noise_")
            || (encoder && name.ends_with("resample_filter"))
    };
    check_names_and_shapes(&tensors, |name| !is_optional(name), build);
}
