//! The safetensors format of Hugging Face: the length of a header as a 64-bit little-endian number, the
//! header, a JSON object with type, shape and position of each tensor, and the tensors' bytes.
//!
//! The reader needs the header alone, so that tensors can be read from disk one by one.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::collect::MAX_ENTRIES;
use super::dtype::DType;
use super::error::StateDictError;
use super::file::TensorFile;
use super::layout::{StateDict, TensorLayout, Tensors};
use super::view::MAX_DIMENSIONS;

/// Length of the number before the header, in bytes.
const LENGTH_BYTES: usize = 8;

/// Maximum length of the header in bytes. A tensor takes about 150 bytes.
const MAX_HEADER_BYTES: usize = 8 << 20;

/// The entry of the header that describes no tensor but the file.
const METADATA: &str = "__metadata__";

/// Type, shape and position of a tensor.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    /// First byte and the one after the last, from the end of the header.
    data_offsets: [usize; 2],
}

/// Returns true if a file begins with the length of a header and the header's brace.
pub(super) fn is_safetensors(start: &[u8]) -> bool {
    start.get(LENGTH_BYTES) == Some(&b'{')
}

/// Reads the header. The tensors must cover the rest of the file without gaps and overlaps.
pub(super) fn parse(file: TensorFile<'_>) -> Result<StateDict, StateDictError> {
    let length = file.read(0..LENGTH_BYTES)?;
    let length = length
        .iter()
        .rev()
        .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_HEADER_BYTES)
        .ok_or(StateDictError::TooLarge {
            limit: MAX_HEADER_BYTES,
            unit: "bytes of header",
        })?;
    let start = LENGTH_BYTES + length;
    let header = file.read(LENGTH_BYTES..start)?;
    let mut entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&header)
        .map_err(|error| StateDictError::damaged(format!("its header is no JSON object: {error}")))?;
    entries.remove(METADATA);
    if entries.len() > MAX_ENTRIES {
        return Err(StateDictError::TooLarge {
            limit: MAX_ENTRIES,
            unit: "entries",
        });
    }
    let root = entries
        .into_iter()
        .map(|(name, entry)| {
            let layout = layout(&name, entry, start)?;
            Ok((name, layout))
        })
        .collect::<Result<Tensors, StateDictError>>()?;
    check_coverage(&root, start..file.len())?;
    Ok(StateDict {
        root,
        groups: BTreeMap::new(),
    })
}

/// Returns the layout of a tensor in a file whose tensors begin at byte `start`.
fn layout(name: &str, entry: serde_json::Value, start: usize) -> Result<TensorLayout, StateDictError> {
    let entry: Entry = serde_json::from_value(entry)
        .map_err(|error| StateDictError::damaged(format!("the entry {name:?} is invalid: {error}")))?;
    let dtype = DType::of_safetensors(&entry.dtype).ok_or_else(|| {
        StateDictError::unsupported(format!("the tensor {name:?} has the type {:?}", entry.dtype))
    })?;
    if entry.shape.len() > MAX_DIMENSIONS {
        return Err(StateDictError::unsupported(format!(
            "the tensor {name:?} has more than {MAX_DIMENSIONS} dimensions"
        )));
    }
    let [first, end] = entry.data_offsets;
    let size = entry
        .shape
        .iter()
        .try_fold(dtype.size(), |size, side| size.checked_mul(*side))
        .filter(|size| end.checked_sub(first) == Some(*size));
    let (Some(_), Some(strides)) = (size, row_major(&entry.shape)) else {
        return Err(StateDictError::damaged(format!(
            "the tensor {name:?} has another size than its shape"
        )));
    };
    let bytes = start.checked_add(first).zip(start.checked_add(end));
    let (first, end) =
        bytes.ok_or_else(|| StateDictError::damaged(format!("the tensor {name:?} exceeds the file")))?;
    Ok(TensorLayout {
        dtype,
        shape: entry.shape,
        strides,
        bytes: first..end,
    })
}

/// Returns the strides of a contiguous tensor; `None` if they overflow, which is possible for an empty one.
fn row_major(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1_usize; shape.len()];
    let mut stride = 1_usize;
    for (own, side) in strides.iter_mut().zip(shape).rev() {
        *own = stride;
        stride = stride.checked_mul((*side).max(1))?;
    }
    Some(strides)
}

/// Checks that each tensor begins where another one ends.
fn check_coverage(tensors: &Tensors, bytes: Range<usize>) -> Result<(), StateDictError> {
    let mut ranges: Vec<&Range<usize>> = tensors.values().map(|layout| &layout.bytes).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut end = bytes.start;
    for range in ranges {
        if range.start != end {
            return Err(StateDictError::damaged("its tensors overlap or leave gaps"));
        }
        end = range.end;
    }
    match end.cmp(&bytes.end) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StateDictError::damaged("it is truncated")),
        std::cmp::Ordering::Less => Err(StateDictError::damaged("it has bytes after its last tensor")),
    }
}
