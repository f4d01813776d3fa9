//! Arbitrary bytes as a PyTorch state dict: tensors lie in the file and aren't much larger than it.

#![no_main]

use std::collections::BTreeMap;

use iopaint_torch::{StateDict, TensorLayout};
use libfuzzer_sys::fuzz_target;

/// Largest ratio of the tensors' total size to the file's.
const MAX_EXPANSION: usize = 4;

/// Returns the number of elements, and the distance from the first to behind the last one.
fn elements(tensor: &TensorLayout) -> (usize, usize) {
    let count = tensor.shape.iter().product();
    let sides = tensor.shape.iter().zip(&tensor.strides);
    let extent = sides.map(|(side, stride)| side.saturating_sub(1) * stride).sum::<usize>() + 1;
    (count, if count == 0 { 0 } else { extent })
}

fuzz_target!(|file: &[u8]| {
    let Ok(state) = StateDict::parse(file) else {
        return;
    };
    let groups = state.groups.values().flat_map(BTreeMap::values);
    let mut total = 0;
    for tensor in state.root.values().chain(groups) {
        assert!(tensor.bytes.start <= tensor.bytes.end && tensor.bytes.end <= file.len());
        let (count, extent) = elements(tensor);
        assert!(extent * tensor.dtype.size() <= tensor.bytes.len());
        total += count * tensor.dtype.size();
    }
    assert!(total <= MAX_EXPANSION * file.len());
});
