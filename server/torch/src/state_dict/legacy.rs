//! The format of `torch.save` before `PyTorch` 1.6: pickles of a magic number, a version, properties of the
//! system, the object, and the keys of its storages, followed by the storages.

use std::collections::HashMap;
use std::ops::Range;

use super::collect::collect;
use super::dtype::DType;
use super::error::StateDictError;
use super::layout::StateDict;
use super::pickle::{Loaded, load};
use super::value::{Storage, Value};

/// `torch.serialization.MAGIC_NUMBER`, 0x1950a86a20f9469cfc6c, as stored.
const MAGIC_NUMBER: &[u8] = &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// `torch.serialization.PROTOCOL_VERSION`.
const VERSION: i64 = 1001;

/// Bytes of the length before each storage's elements.
const LENGTH_BYTES: usize = 8;

pub(super) fn parse(file: &[u8]) -> Result<StateDict, StateDictError> {
    let mut at = 0;
    let magic = next(file, &mut at)?;
    if !matches!(magic.values.get(magic.root), Some(Value::BigInt(bytes)) if *bytes == MAGIC_NUMBER) {
        return Err(StateDictError::UnknownFormat);
    }
    let version = next(file, &mut at)?;
    if !matches!(version.values.get(version.root), Some(Value::Int(VERSION))) {
        return Err(StateDictError::unsupported("its version is unknown"));
    }
    require_little_endian(&next(file, &mut at)?)?;
    let object = next(file, &mut at)?;
    let keys = next(file, &mut at)?;
    let storages = locate_storages(file, at, &object, &keys)?;
    collect(&object.values, object.root, file.len(), |storage| {
        storages
            .get(storage.key)
            .filter(|(dtype, _)| *dtype == storage.dtype)
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| StateDictError::damaged(format!("the storage {:?} is missing", storage.key)))
    })
}

/// Loads the pickle at `at` and moves `at` past it.
fn next<'a>(file: &'a [u8], at: &mut usize) -> Result<Loaded<'a>, StateDictError> {
    let loaded = load(file.get(*at..).unwrap_or_default())?;
    *at += loaded.len;
    Ok(loaded)
}

fn require_little_endian(system: &Loaded<'_>) -> Result<(), StateDictError> {
    let entries = system
        .values
        .dict(system.root)
        .ok_or_else(|| StateDictError::damaged("the properties of the system are missing"))?;
    let big_endian = entries.iter().any(|(key, value)| {
        system.values.text(*key) == Some("little_endian")
            && matches!(system.values.get(*value), Some(Value::Bool(false)))
    });
    if big_endian {
        return Err(StateDictError::unsupported("it is not little-endian"));
    }
    Ok(())
}

/// Returns element type and bytes of each storage by key. The storages begin at `at`, in the order of `keys`.
fn locate_storages<'a>(
    file: &[u8],
    mut at: usize,
    object: &Loaded<'a>,
    keys: &Loaded<'a>,
) -> Result<HashMap<&'a str, (DType, Range<usize>)>, StateDictError> {
    let described: HashMap<&str, Storage<'a>> = object
        .storages
        .iter()
        .map(|storage| (storage.key, *storage))
        .collect();
    let keys_of_file = keys
        .values
        .list(keys.root)
        .ok_or_else(|| StateDictError::damaged("the list of storages is missing"))?;
    let mut located = HashMap::with_capacity(keys_of_file.len());
    for key in keys_of_file {
        let storage = keys
            .values
            .text(*key)
            .and_then(|key| described.get(key))
            .ok_or_else(|| StateDictError::damaged("a storage belongs to no tensor"))?;
        let truncated = || StateDictError::damaged(format!("the storage {:?} is truncated", storage.key));
        let elements = at.checked_add(LENGTH_BYTES).ok_or_else(truncated)?;
        let length = file
            .get(at..elements)
            .and_then(|bytes| <[u8; LENGTH_BYTES]>::try_from(bytes).ok())
            .and_then(|bytes| usize::try_from(u64::from_le_bytes(bytes)).ok())
            .ok_or_else(truncated)?;
        at = length
            .checked_mul(storage.dtype.size())
            .and_then(|bytes| elements.checked_add(bytes))
            .filter(|end| *end <= file.len())
            .ok_or_else(truncated)?;
        located.insert(storage.key, (storage.dtype, elements..at));
    }
    Ok(located)
}
