//! State dicts for tests.

use std::collections::BTreeMap;
use std::path::Path;

use tch::Tensor;

use crate::module::Loading;
use crate::state_dict::{DType, StateDict, TensorLayout, Tensors};
use crate::weights::NetworkLoadError;
use crate::{Device, Precision};

/// Returns options for the CPU with or without rewriting.
pub(crate) fn loading(optimize: bool) -> Loading {
    Loading {
        device: Device::Cpu,
        optimize,
        channels_last: false,
        precision: Precision::F32,
    }
}

/// Returns the tensors of a state dict by name.
pub(crate) fn read_tensors(file: &[u8]) -> BTreeMap<String, Tensor> {
    let tensors = StateDict::parse(file).unwrap().root;
    tensors
        .into_iter()
        .map(|(name, layout)| (name, layout.to_float(file).unwrap()))
        .collect()
}

/// Returns a file of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// Returns the largest difference between the values of two tensors of one shape.
pub(crate) fn largest_difference(one: &Tensor, other: &Tensor) -> f64 {
    assert_eq!(one.size(), other.size());
    let difference = one.f_sub(other).unwrap().f_abs().unwrap();
    difference.f_max().unwrap().double_value(&[])
}

/// Checks that `build` accepts `tensors`, and rejects them if one is missing, has another shape or is
/// unknown. `is_needed` returns false for tensors that may be missing.
pub(crate) fn check_names_and_shapes(
    tensors: &Tensors,
    is_needed: impl Fn(&str) -> bool,
    build: impl Fn(Tensors) -> Result<(), NetworkLoadError>,
) {
    assert!(build(tensors.clone()).is_ok());
    for name in tensors.keys().filter(|name| is_needed(name)) {
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
    assert!(matches!(build(unknown), Err(NetworkLoadError::Unknown(name)) if name == "extra.weight"));
    assert!(matches!(
        build(Tensors::new()),
        Err(NetworkLoadError::Architecture { .. })
    ));
}

/// Returns a file and tensors in it with the names and shapes of `table`, a line per tensor. All elements are
/// the same one.
pub(crate) fn of_shapes(table: &str) -> (Vec<u8>, Tensors) {
    let file = 0.5_f32.to_le_bytes().to_vec();
    let tensors = table.lines().map(|line| {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        let shape: Vec<usize> = words.map(|word| word.parse().unwrap()).collect();
        let layout = TensorLayout {
            dtype: DType::Float32,
            strides: vec![0; shape.len()],
            shape,
            bytes: 0..file.len(),
        };
        (name, layout)
    });
    let tensors = tensors.collect();
    (file, tensors)
}
