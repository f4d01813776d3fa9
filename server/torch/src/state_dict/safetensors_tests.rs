//! Safetensors files: intact, damaged and unsupported ones.

use std::io::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::test_weights::{fixture, largest_difference};

/// Returns a file with a header and tensor bytes.
fn file_of(header: &str, tensors: &[u8]) -> Vec<u8> {
    let length = header.len() as u64;
    [&length.to_le_bytes(), header.as_bytes(), tensors].concat()
}

/// Returns a file with an entry per tensor: name, type, shape and offsets.
fn file_with(entries: &[(&str, &str, &[usize], [usize; 2])], tensors: &[u8]) -> Vec<u8> {
    let header: serde_json::Map<String, Value> = entries
        .iter()
        .map(|(name, dtype, shape, offsets)| {
            let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
            ((*name).to_owned(), entry)
        })
        .collect();
    file_of(&Value::Object(header).to_string(), tensors)
}

fn values(layout: &TensorLayout, file: &[u8]) -> Vec<f64> {
    let tensor = layout.to_float(file).unwrap().f_flatten(0, -1).unwrap();
    (0..tensor.size()[0])
        .map(|index| tensor.double_value(&[index]))
        .collect()
}

#[test]
fn safetensors_types_are_read() {
    // Written by the reference implementation, `models/export/make_state_dicts.py`.
    let file = fixture("state_dicts/mixed.safetensors");
    let state = StateDict::parse(&file).unwrap();
    assert!(state.groups.is_empty());
    for (name, dtype) in [
        ("double", DType::Float64),
        ("single", DType::Float32),
        ("half", DType::Float16),
        ("bfloat", DType::BFloat16),
    ] {
        let layout = &state.root[name];
        assert_eq!((layout.dtype, layout.shape.as_slice()), (dtype, &[2, 3][..]));
        assert_eq!(
            values(layout, &file),
            [0.0, 0.125, 0.25, 0.375, 0.5, 0.625],
            "{name}"
        );
    }
    assert_eq!(values(&state.root["scalar"], &file), [0.5]);
    assert_eq!(values(&state.root["empty"], &file), [0.0; 0]);
    assert_eq!(state.root["long"].dtype, DType::Int64);
    assert!(state.root["long"].to_float(&file).is_err());
    assert_eq!(state.root.len(), 7);
}

#[test]
fn safetensors_on_disk_equal_those_in_memory() {
    let bytes = fixture("state_dicts/mixed.safetensors");
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let disk = TensorFile::try_from(&file).unwrap();
    let state = StateDict::parse(disk).unwrap();
    assert_eq!(state, StateDict::parse(&bytes).unwrap());
    let [single, half] = ["single", "half"].map(|name| state.root[name].to_float(disk).unwrap());
    assert!(largest_difference(&single, &half) < 1e-9);
}

#[test]
fn header_may_start_as_a_pickle() {
    // A header of 0x280 bytes: the file starts as a pickle of protocol 2.
    let header = format!("{:<640}", "{}");
    let file = file_of(&header, &[]);
    assert!(file.starts_with(PICKLE_MAGIC));
    assert_eq!(StateDict::parse(&file), Ok(StateDict::default()));
}

#[test]
fn truncated_safetensors_are_damaged() {
    let file = fixture("state_dicts/mixed.safetensors");
    for length in 0..file.len() {
        let error = StateDict::parse(&file[..length]).unwrap_err();
        let expected = if length < START_BYTES {
            matches!(error, StateDictError::UnknownFormat)
        } else {
            matches!(error, StateDictError::Damaged(_))
        };
        assert!(expected, "{length}: {error}");
    }
    assert!(matches!(
        StateDict::parse(&[file, vec![0]].concat()),
        Err(StateDictError::Damaged(_))
    ));
}

#[test]
fn wrong_offsets_are_damaged() {
    let intact = file_with(
        &[("a", "F32", &[2], [0, 8]), ("b", "F16", &[1], [8, 10])],
        &[0; 10],
    );
    assert!(StateDict::parse(&intact).is_ok());
    for entries in [
        // Overlap, gap, reversed range, other sizes than the shapes', beyond the file, overflows.
        [("a", &[2][..], [0, 8]), ("b", &[2], [4, 12])],
        [("a", &[1], [0, 4]), ("b", &[1], [8, 12])],
        [("a", &[2], [8, 0]), ("b", &[1], [8, 12])],
        [("a", &[3], [0, 8]), ("b", &[1], [8, 12])],
        [("a", &[2], [0, 8]), ("b", &[2], [8, 16])],
        [("a", &[2], [0, 8]), ("b", &[1], [usize::MAX - 4, usize::MAX])],
        [("a", &[2], [0, 8]), ("b", &[usize::MAX, 2], [8, 12])],
        // An empty tensor whose strides overflow.
        [("a", &[3], [0, 12]), ("b", &[0, usize::MAX, 2], [12, 12])],
        // The same range twice.
        [("a", &[3], [0, 12]), ("b", &[3], [0, 12])],
    ] {
        let entries = entries.map(|(name, shape, offsets)| (name, "F32", shape, offsets));
        let error = StateDict::parse(&file_with(&entries, &[0; 12])).unwrap_err();
        assert!(
            matches!(error, StateDictError::Damaged(_)),
            "{entries:?}: {error}"
        );
    }
}

#[test]
fn invalid_headers_are_damaged() {
    for header in [
        "{",
        "{]",
        "{\"a\": 1}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1]}}",
    ] {
        let error = StateDict::parse(&file_of(header, &[0; 4])).unwrap_err();
        assert!(matches!(error, StateDictError::Damaged(_)), "{header}: {error}");
    }
    let nested = file_of(&"{\"a\":".repeat(100_000), &[]);
    assert!(matches!(
        StateDict::parse(&nested),
        Err(StateDictError::Damaged(_))
    ));
}

#[test]
fn long_headers_are_rejected() {
    let mut file = u64::MAX.to_le_bytes().to_vec();
    file.extend(b"{}");
    assert!(matches!(
        StateDict::parse(&file),
        Err(StateDictError::TooLarge { .. })
    ));
}

#[test]
fn unknown_types_are_unsupported() {
    for (dtype, shape, size) in [("F8_E4M3", &[1][..], 1), ("F32", &[1; 9], 4)] {
        let file = file_with(&[("a", dtype, shape, [0, size])], &vec![0; size]);
        let error = StateDict::parse(&file).unwrap_err();
        assert!(matches!(error, StateDictError::Unsupported(_)), "{error}");
        assert!(error.to_string().contains("\"a\""), "{error}");
    }
}

proptest! {
    #[test]
    fn damaged_safetensors_never_panic(changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..8)) {
        let mut file = fixture("state_dicts/mixed.safetensors");
        for (position, value) in changes {
            let position = position as usize % file.len();
            file[position] = value;
        }
        if let Ok(state) = StateDict::parse(&file) {
            for layout in state.root.values() {
                prop_assert!(layout.bytes.end <= file.len());
                // An error or a tensor.
                let _ = layout.to_float(&file);
            }
        }
    }
}
