//! The zip format of `torch.save` since `PyTorch` 1.6: a pickle `data.pkl` and a stored entry `data/KEY` per
//! storage, in one folder of any name.

use std::collections::HashMap;
use std::io::BufReader;
use std::ops::Range;

use zip::{CompressionMethod, ZipArchive};

use super::collect::collect;
use super::error::StateDictError;
use super::file::TensorFile;
use super::layout::StateDict;
use super::pickle::load;

/// Maximum number of entries of the archive: one per storage, and a few of `PyTorch`'s own.
const MAX_FILES: usize = 1 << 16;

pub(super) fn parse(file: TensorFile<'_>) -> Result<StateDict, StateDictError> {
    let entries = read_directory(file)?;
    let (pickle_name, pickle) = entries
        .iter()
        .find(|(name, _)| name.split_once('/').is_some_and(|(_, rest)| rest == "data.pkl"))
        .ok_or_else(|| StateDictError::unsupported("the zip file has no data.pkl"))?;
    let folder = pickle_name.trim_end_matches("data.pkl");
    let entry = |name: &str| entries.get(&format!("{folder}{name}"));
    if entry("constants.pkl").is_some() {
        return Err(StateDictError::unsupported("it is a TorchScript module"));
    }
    if let Some(order) = entry("byteorder")
        && *file.read(order.clone())? != *b"little"
    {
        return Err(StateDictError::unsupported("it is not little-endian"));
    }
    let bytes = file.read(pickle.clone())?;
    let loaded = load(&bytes)?;
    collect(&loaded.values, loaded.root, file.len(), |storage| {
        entry(&format!("data/{}", storage.key))
            .cloned()
            .ok_or_else(|| StateDictError::damaged(format!("the storage {:?} is missing", storage.key)))
    })
}

/// Returns the bytes of each entry by name.
fn read_directory(file: TensorFile<'_>) -> Result<HashMap<String, Range<usize>>, StateDictError> {
    let damaged = |error: zip::result::ZipError| StateDictError::damaged(error.to_string());
    let mut archive = ZipArchive::new(BufReader::new(file.reader())).map_err(damaged)?;
    if archive.len() > MAX_FILES {
        return Err(StateDictError::TooLarge {
            limit: MAX_FILES,
            unit: "files",
        });
    }
    let mut entries = HashMap::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = String::from_utf8_lossy(entry.entry().name_raw()).into_owned();
        if name.contains("/code/") {
            return Err(StateDictError::unsupported("it is a TorchScript module"));
        }
        if entry.entry().encrypted() || entry.entry().compression() != CompressionMethod::Stored {
            return Err(StateDictError::unsupported(format!(
                "the entry {name:?} is compressed or encrypted"
            )));
        }
        let bytes = entry
            .data_start()
            .and_then(|start| usize::try_from(start).ok())
            .zip(usize::try_from(entry.entry().size()).ok())
            .and_then(|(start, length)| Some(start..start.checked_add(length)?))
            .filter(|bytes| bytes.end <= file.len())
            .ok_or_else(|| StateDictError::damaged(format!("the entry {name:?} is truncated")))?;
        entries.insert(name, bytes);
    }
    Ok(entries)
}
