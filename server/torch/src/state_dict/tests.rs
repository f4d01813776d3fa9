//! Files of `models/export/make_state_dicts.py`, and damaged ones.

use std::path::Path;

use proptest::prelude::*;

use super::dtype::DType;
use super::layout::TensorLayout;
use super::*;

/// File names of a case in both formats.
fn both(name: &str) -> [String; 2] {
    ["", "-legacy"].map(|suffix| format!("{name}{suffix}.pth"))
}

fn read(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/state_dicts");
    std::fs::read(folder.join(name)).unwrap()
}

/// Returns a tensor's values in row-major order, multiplied by 8.
fn eighths(layout: &TensorLayout, file: &[u8]) -> Vec<i64> {
    let tensor = layout.to_float(file).unwrap();
    assert_eq!(
        tensor.size(),
        layout.shape.iter().map(|side| *side as i64).collect::<Vec<_>>()
    );
    let flat = tensor.f_flatten(0, -1).unwrap();
    (0..flat.size()[0])
        .map(|index| (flat.double_value(&[index]) * 8.0) as i64)
        .collect()
}

#[test]
fn module_state_is_read() {
    for name in both("module") {
        let file = read(&name);
        let state = StateDict::parse(&file).unwrap();
        assert_eq!(
            state.root.keys().collect::<Vec<_>>(),
            ["0.bias", "0.weight"],
            "{name}"
        );
        assert!(state.groups.is_empty(), "{name}");
        assert_eq!(state.root["0.weight"].shape, [3, 2, 1, 1]);
        assert_eq!(eighths(&state.root["0.weight"], &file), [0, 1, 2, 3, 4, 5]);
        assert_eq!(eighths(&state.root["0.bias"], &file), [0, 1, 2]);
    }
}

#[test]
fn types_and_layouts_are_read() {
    for name in both("mixed") {
        let file = read(&name);
        let state = StateDict::parse(&file).unwrap();
        let group = &state.groups["params_ema"];
        for (tensor, dtype) in [
            ("double", DType::Float64),
            ("half", DType::Float16),
            ("bfloat", DType::BFloat16),
        ] {
            assert_eq!(group[tensor].dtype, dtype, "{name}");
            assert_eq!(
                eighths(&group[tensor], &file),
                [0, 1, 2, 3, 4, 5],
                "{name}: {tensor}"
            );
        }
        assert_eq!(eighths(&group["transposed"], &file), [0, 3, 1, 4, 2, 5], "{name}");
        assert_eq!(
            eighths(&group["shared_rows"], &file),
            (6..18).collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(
            eighths(&group["shared_columns"], &file),
            [2, 4, 8, 10, 14, 16, 20, 22],
            "{name}"
        );
        assert_eq!(eighths(&group["expanded"], &file), [0, 1, 2, 0, 1, 2], "{name}");
        assert_eq!(eighths(&group["parameter"], &file), [0, 1, 2], "{name}");
        let group = &state.groups["params"];
        assert_eq!(eighths(&group["empty"], &file), [0; 0], "{name}");
        assert_eq!(eighths(&group["scalar"], &file), [4], "{name}");
        assert_eq!(
            (group["long"].dtype, group["long"].bytes.len()),
            (DType::Int64, 16),
            "{name}"
        );
        assert!(group["long"].to_float(&file).is_err(), "{name}");
        assert_eq!(state.root.keys().collect::<Vec<_>>(), ["flag"], "{name}");
        assert_eq!(state.root["flag"].dtype, DType::Bool);
    }
}

#[test]
fn shared_storages_are_stored_once() {
    for name in both("mixed") {
        let state = StateDict::parse(&read(&name)).unwrap();
        let group = &state.groups["params_ema"];
        let (rows, columns) = (&group["shared_rows"].bytes, &group["shared_columns"].bytes);
        assert!(columns.start < rows.start && rows.end < columns.end, "{name}");
    }
}

#[test]
fn code_is_rejected_by_name() {
    for (case, object) in [
        ("command", "posix.system"),
        ("whole-module", "torch.nn.modules.container.Sequential"),
    ] {
        for name in both(case) {
            let error = StateDict::parse(&read(&name)).unwrap_err();
            assert_eq!(error, StateDictError::ForbiddenGlobal(object.into()), "{name}");
        }
    }
}

#[test]
fn other_files_are_rejected() {
    for name in both("tensor") {
        let error = StateDict::parse(&read(&name)).unwrap_err();
        assert!(matches!(error, StateDictError::Unsupported(_)), "{name}: {error}");
    }
    let error = StateDict::parse(&read("torchscript.pth")).unwrap_err();
    assert!(error.to_string().contains("TorchScript"), "{error}");
    for bytes in [&b""[..], b"<html>", b"\x80\x02N.", b"version https://git-lfs"] {
        assert_eq!(StateDict::parse(bytes), Err(StateDictError::UnknownFormat));
    }
}

#[test]
fn truncated_files_are_damaged() {
    for name in both("mixed") {
        let file = read(&name);
        for length in (0..file.len()).step_by(7).chain([file.len() - 1]) {
            let error = StateDict::parse(&file[..length]).unwrap_err();
            assert!(
                matches!(error, StateDictError::Damaged(_) | StateDictError::UnknownFormat),
                "{name}, {length}: {error}"
            );
        }
    }
}

/// Returns a pickle whose root is a dictionary with one tensor.
fn pickle_of_tensor(arguments: &[u8]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n".to_vec();
    pickle.extend(b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x06tQ");
    pickle.extend(arguments);
    pickle.extend(b"\x89NtRs.");
    pickle
}

#[test]
fn tensors_beyond_their_storage_are_damaged() {
    // Offset, shape, strides of a tensor in a storage of 6 elements.
    for (arguments, fits) in [
        (&b"K\x00K\x02K\x03\x86K\x03K\x01\x86"[..], true),
        (b"K\x05K\x01\x85K\x01\x85", true),
        (b"K\x00K\x00\x85K\x01\x85", true),
        (b"K\x01K\x02K\x03\x86K\x03K\x01\x86", false),
        (b"K\x00K\x07\x85K\x01\x85", false),
        (b"K\x00K\x02\x85K\x06\x85", false),
        (b"K\x07K\x00\x85K\x01\x85", false),
        (b"J\xff\xff\xff\xffK\x01\x85K\x01\x85", false),
        (b"K\x00J\xff\xff\xff\x7f\x85K\x00\x85", true),
        (b"K\x00K\x01\x85K\x01K\x01\x86", false),
        // 2^62 x 8 elements overflow.
        (
            b"K\x00\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40K\x08\x86K\x00K\x00\x86",
            false,
        ),
    ] {
        let pickle = pickle_of_tensor(arguments);
        match pickle::load(&pickle) {
            Ok(loaded) => assert!(fits && loaded.storages.len() == 1, "{arguments:?}"),
            Err(error) => assert!(!fits && matches!(error, StateDictError::Damaged(_)), "{error}"),
        }
    }
}

#[test]
fn expanded_tensors_are_limited() {
    // 65,535 rows of 6 elements from a storage of 6.
    let pickle = pickle_of_tensor(b"K\x00M\xff\xffK\x06\x86K\x00K\x01\x86");
    let loaded = pickle::load(&pickle).unwrap();
    let error = collect::collect(&loaded.values, loaded.root, 4096, |_| Ok(0..24)).unwrap_err();
    assert!(matches!(error, StateDictError::TooLarge { .. }), "{error}");
    let large = 65_535 * 24;
    assert!(collect::collect(&loaded.values, loaded.root, large, |_| Ok(0..24)).is_ok());
}

#[test]
fn deep_nesting_needs_no_stack() {
    let mut pickle = b"\x80\x02)".to_vec();
    pickle.extend(vec![0x85; 500_000]);
    pickle.push(b'.');
    assert!(pickle::load(&pickle).is_ok());
    let endless = [b"\x80\x02".to_vec(), vec![b'N'; 2_000_000]].concat();
    assert!(matches!(
        pickle::load(&endless),
        Err(StateDictError::TooLarge { .. })
    ));
}

#[test]
fn entries_of_repeated_dictionaries_are_limited() {
    // A dictionary of 1,000 entries, inserted 1,000 times.
    let entry = b"X\x01\x00\x00\x00aN";
    let mut pickle = b"\x80\x02}(".to_vec();
    pickle.extend(entry.repeat(1000));
    pickle.extend(b"uq\x00}(");
    pickle.extend(b"X\x01\x00\x00\x00bh\x00".repeat(1000));
    pickle.extend(b"u.");
    let loaded = pickle::load(&pickle).unwrap();
    let error = collect::collect(&loaded.values, loaded.root, pickle.len(), |_| Ok(0..0)).unwrap_err();
    assert!(matches!(error, StateDictError::TooLarge { .. }), "{error}");
}

proptest! {
    #[test]
    fn damaged_files_never_panic(legacy: bool, changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..8)) {
        let [zip, old] = both("mixed");
        let mut file = read(if legacy { &old } else { &zip });
        for (position, value) in changes {
            let position = position as usize % file.len();
            file[position] = value;
        }
        if let Ok(state) = StateDict::parse(&file) {
            for layout in state.groups.values().flat_map(Tensors::values) {
                prop_assert!(layout.bytes.end <= file.len());
                // An error or a tensor.
                let _ = layout.to_float(&file);
            }
        }
    }

    #[test]
    fn random_pickles_never_panic(bytes in prop::collection::vec(
        prop_oneof![any::<u8>(), prop::sample::select(b"()}]tus.QRbN\x85\x86\x87qhKc\n".to_vec())], 0..200)) {
        let _ = pickle::load(&bytes);
        let _ = StateDict::parse(&[PICKLE_MAGIC, bytes.as_slice()].concat());
        let _ = StateDict::parse(&[ZIP_MAGIC, bytes.as_slice()].concat());
    }
}
