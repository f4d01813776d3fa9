//! Tensors as views of storages.

use super::error::StateDictError;
use super::value::{Id, Value, Values, View};

/// Maximum number of dimensions of a tensor. Networks have at most 5 (3D convolutions).
pub(super) const MAX_DIMENSIONS: usize = 8;

/// Returns a tensor, checked against the length of its storage.
pub(super) fn view<'a>(
    values: &Values<'a>,
    storage: Id,
    offset: Id,
    shape: Id,
    strides: Id,
) -> Result<View<'a>, StateDictError> {
    let sizes = |id: Id| -> Option<Vec<usize>> {
        let members = values
            .tuple(id)
            .filter(|members| members.len() <= MAX_DIMENSIONS)?;
        members.iter().map(|member| values.size(*member)).collect()
    };
    let malformed = || StateDictError::damaged("a tensor's offset, shape or strides are invalid");
    let Some(&Value::Storage(storage)) = values.get(storage) else {
        return Err(malformed());
    };
    let offset = values.size(offset).ok_or_else(malformed)?;
    let shape = sizes(shape).ok_or_else(malformed)?;
    let strides = sizes(strides).ok_or_else(malformed)?;
    if shape.len() != strides.len() {
        return Err(malformed());
    }
    let extent = extent(&shape, &strides)
        .filter(|extent| offset.checked_add(*extent).is_some_and(|end| end <= storage.len))
        .ok_or_else(|| StateDictError::damaged(format!("a tensor exceeds its storage {:?}", storage.key)))?;
    Ok(View {
        storage,
        offset,
        shape,
        strides,
        extent,
    })
}

/// Returns the number of elements from the first to the last; `None` if it or the product of the shape
/// overflows.
fn extent(shape: &[usize], strides: &[usize]) -> Option<usize> {
    let count = shape
        .iter()
        .try_fold(1_usize, |count, side| count.checked_mul(*side))?;
    if count == 0 {
        return Some(0);
    }
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(0_usize, |last, (side, stride)| {
            last.checked_add((side - 1).checked_mul(*stride)?)
        })?;
    last.checked_add(1)
}
