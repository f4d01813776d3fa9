//! Values of a pickle.

use super::dtype::DType;

/// Index of a value in [`Values`].
pub(super) type Id = usize;

/// A block of memory that tensors share, by its key in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Storage<'a> {
    pub dtype: DType,
    pub key: &'a str,
    /// Length in elements.
    pub len: usize,
}

/// A view of a storage. `offset` and `strides` count elements and lie within the storage.
#[derive(Clone, Debug)]
pub(super) struct View<'a> {
    pub storage: Storage<'a>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
    /// Number of elements from the first to the last; 0 for an empty tensor.
    pub extent: usize,
}

/// A Python object that a file may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageClass(DType),
}

impl Global {
    /// Returns the object of a qualified name, if it is allowed.
    pub fn of(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", class) => DType::of_storage(class).map(Self::StorageClass),
            _ => None,
        }
    }
}

/// A value. Containers refer to their members by index, so that neither cycles nor deep nesting matter.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits, little-endian two's complement.
    BigInt(&'a [u8]),
    Float,
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    /// Key and value of each entry, in the order of insertion.
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage<'a>),
    Tensor(View<'a>),
}

/// The values of a pickle.
#[derive(Debug, Default)]
pub(super) struct Values<'a>(Vec<Value<'a>>);

impl<'a> Values<'a> {
    /// Adds a value.
    pub fn add(&mut self, value: Value<'a>) -> Id {
        self.0.push(value);
        self.0.len() - 1
    }

    /// Returns a value; `None` for an index that [`add`](Self::add) didn't return.
    pub fn get(&self, id: Id) -> Option<&Value<'a>> {
        self.0.get(id)
    }

    /// As [`get`](Self::get).
    pub fn get_mut(&mut self, id: Id) -> Option<&mut Value<'a>> {
        self.0.get_mut(id)
    }

    /// Returns a text.
    pub fn text(&self, id: Id) -> Option<&'a str> {
        match self.get(id)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a non-negative integer.
    pub fn size(&self, id: Id) -> Option<usize> {
        match self.get(id)? {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Returns the members of a tuple.
    pub fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id)? {
            Value::Tuple(members) => Some(members),
            _ => None,
        }
    }

    /// Returns the members of a list.
    pub fn list(&self, id: Id) -> Option<&[Id]> {
        match self.get(id)? {
            Value::List(members) => Some(members),
            _ => None,
        }
    }

    /// Returns the entries of a dictionary.
    pub fn dict(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id)? {
            Value::Dict(entries) => Some(entries),
            _ => None,
        }
    }
}
