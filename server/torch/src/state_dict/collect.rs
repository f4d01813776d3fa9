//! Conversion of a pickle's outermost dictionary to a [`StateDict`].

use std::ops::Range;

use super::error::StateDictError;
use super::layout::{StateDict, TensorLayout, Tensors};
use super::value::{Id, Storage, Value, Values, View};

/// Maximum number of entries of all dictionaries together. Stable Diffusion XL has 2,600 tensors.
pub(super) const MAX_ENTRIES: usize = 1 << 16;

/// Maximum ratio of the tensors' total size to the file's. Tensors may share storages, and an expanded tensor
/// (a stride of 0) repeats elements, so that a small file could describe tensors of any size.
const MAX_EXPANSION: usize = 4;

/// Collects the tensors of the dictionary `root` in a file of `file_len` bytes. `locate` returns the bytes of
/// a storage in the file.
pub(super) fn collect<'a>(
    values: &Values<'a>,
    root: Id,
    file_len: usize,
    locate: impl Fn(&Storage<'a>) -> Result<Range<usize>, StateDictError>,
) -> Result<StateDict, StateDictError> {
    let entries = values
        .dict(root)
        .ok_or_else(|| StateDictError::unsupported("the outermost object is not a dictionary"))?;
    let mut visited = 0;
    let mut count = |entries: &[(Id, Id)]| {
        visited += entries.len();
        if visited > MAX_ENTRIES {
            return Err(StateDictError::TooLarge {
                limit: MAX_ENTRIES,
                unit: "entries",
            });
        }
        Ok(())
    };
    count(entries)?;
    let mut result = StateDict::default();
    let mut budget = file_len.saturating_mul(MAX_EXPANSION);
    let mut layout = |view: &View<'a>| -> Result<TensorLayout, StateDictError> {
        let layout = layout(view, &locate)?;
        let size = layout
            .shape
            .iter()
            .product::<usize>()
            .saturating_mul(layout.dtype.size());
        budget = budget.checked_sub(size).ok_or(StateDictError::TooLarge {
            limit: MAX_EXPANSION,
            unit: "times the file's size",
        })?;
        Ok(layout)
    };
    for &(key, value) in entries {
        let Some(key) = values.text(key) else { continue };
        match values.get(value) {
            Some(Value::Tensor(view)) => {
                result.root.insert(key.to_owned(), layout(view)?);
            }
            Some(Value::Dict(entries)) => {
                count(entries)?;
                let mut tensors = Tensors::new();
                for &(name, value) in entries {
                    if let (Some(name), Some(Value::Tensor(view))) = (values.text(name), values.get(value)) {
                        tensors.insert(name.to_owned(), layout(view)?);
                    }
                }
                result.groups.insert(key.to_owned(), tensors);
            }
            _ => {}
        }
    }
    Ok(result)
}

fn layout<'a>(
    view: &View<'a>,
    locate: &impl Fn(&Storage<'a>) -> Result<Range<usize>, StateDictError>,
) -> Result<TensorLayout, StateDictError> {
    let storage = locate(&view.storage)?;
    let size = view.storage.dtype.size();
    let too_short = || StateDictError::damaged(format!("the storage {:?} is too short", view.storage.key));
    let start = view
        .offset
        .checked_mul(size)
        .and_then(|offset| storage.start.checked_add(offset))
        .ok_or_else(too_short)?;
    let end = view
        .extent
        .checked_mul(size)
        .and_then(|length| start.checked_add(length))
        .filter(|end| *end <= storage.end)
        .ok_or_else(too_short)?;
    Ok(TensorLayout {
        dtype: view.storage.dtype,
        shape: view.shape.clone(),
        strides: view.strides.clone(),
        bytes: start..end,
    })
}
