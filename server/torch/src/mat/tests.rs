//! Networks and results of `models/export/make_generator_goldens.py`.

use super::*;
use crate::random::seeded;
use crate::state_dict::{StateDict, Tensors};
use crate::test_weights::{
    check_names_and_shapes, fixture, largest_difference, loading, of_shapes, read_tensors,
};

/// The seed of the random numbers in the results.
const SEED: i64 = 240;

#[test]
fn output_equals_iopaints() {
    for side in [128, 256] {
        let tensors = read_tensors(&fixture(&format!("generators/mat-{side}.pth")));
        for optimize in [false, true] {
            let mut module = load(&fixture("generators/mat.pth"), loading(optimize)).unwrap();
            let mut inputs = ["image", "known"].map(|name| tensors[name].shallow_clone());
            let output = seeded(SEED, || module.forward(&mut inputs)).unwrap();
            let largest = largest_difference(&output, &tensors["output"]);
            // Results are stored in half precision.
            assert!(largest < 1e-3, "{side}, rewritten: {optimize}: {largest:e}");
        }
    }
}

#[test]
fn original_shapes_are_accepted() {
    let (file, tensors) = of_shapes(&String::from_utf8(fixture("generators/mat-shapes.txt")).unwrap());
    let (_, parameters) = GENERATOR
        .add_to(&mut Program::new(2, true), &file, tensors)
        .unwrap();
    assert_eq!(parameters, 61_564_107);
}

#[test]
fn names_and_shapes_are_checked() {
    let file = fixture("generators/mat.pth");
    let tensors = StateDict::parse(&file).unwrap().root;
    let build = |tensors: Tensors| {
        GENERATOR
            .add_to(&mut Program::new(2, true), &file, tensors)
            .map(|_| ())
    };
    check_names_and_shapes(&tensors, |_| true, build);
}
