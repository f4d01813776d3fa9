//! An interpreter for the pickles of `torch.save` (Python's pickle protocol 2, PEP 307): data only.

use std::collections::HashMap;

use super::error::StateDictError;
use super::opcode;
use super::value::{Global, Id, Storage, Value, Values};
use super::view::view;

/// Maximum number of opcodes: 25 per tensor, for 40,000 tensors.
const MAX_OPCODES: usize = 1 << 20;

/// Protocol versions of pickles that `torch.save` writes by default.
const MAX_PROTOCOL: u8 = 2;

/// The result of a pickle.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    pub values: Values<'a>,
    pub root: Id,
    /// The storages that the pickle refers to, with repetitions.
    pub storages: Vec<Storage<'a>>,
    /// Length of the pickle in bytes.
    pub len: usize,
}

/// Loads the pickle at the start of `bytes`.
pub(super) fn load(bytes: &[u8]) -> Result<Loaded<'_>, StateDictError> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Values::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        storages: Vec::new(),
    };
    for _ in 0..MAX_OPCODES {
        if let Some(root) = machine.step()? {
            return Ok(Loaded {
                values: machine.values,
                root,
                storages: machine.storages,
                len: machine.at,
            });
        }
    }
    Err(StateDictError::TooLarge {
        limit: MAX_OPCODES,
        unit: "pickle opcodes",
    })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Values<'a>,
    stack: Vec<Id>,
    /// Heights of the stack at each MARK.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
    storages: Vec<Storage<'a>>,
}

fn underflow() -> StateDictError {
    StateDictError::damaged("the pickle's stack is empty")
}

impl<'a> Machine<'a> {
    /// Executes one opcode. Returns the result at STOP.
    fn step(&mut self) -> Result<Option<Id>, StateDictError> {
        let [code] = self.take()?;
        match code {
            opcode::PROTO => {
                let [protocol] = self.take()?;
                if protocol > MAX_PROTOCOL {
                    return Err(StateDictError::unsupported(format!(
                        "its pickle protocol is {protocol}"
                    )));
                }
            }
            opcode::STOP => return self.pop().map(Some),
            opcode::MARK => self.marks.push(self.stack.len()),
            opcode::NONE => self.push(Value::None),
            opcode::NEWTRUE => self.push(Value::Bool(true)),
            opcode::NEWFALSE => self.push(Value::Bool(false)),
            opcode::BININT => {
                let number = i32::from_le_bytes(self.take()?);
                self.push(Value::Int(number.into()));
            }
            opcode::BININT1 => {
                let number = u8::from_le_bytes(self.take()?);
                self.push(Value::Int(number.into()));
            }
            opcode::BININT2 => {
                let number = u16::from_le_bytes(self.take()?);
                self.push(Value::Int(number.into()));
            }
            opcode::LONG1 => {
                let [length] = self.take()?;
                let value = integer(self.slice(length.into())?);
                self.push(value);
            }
            opcode::BINFLOAT => {
                self.slice(8)?;
                self.push(Value::Float);
            }
            opcode::BINUNICODE | opcode::BINSTRING => {
                let length = u32::from_le_bytes(self.take()?);
                self.push_text(length as usize)?;
            }
            opcode::SHORT_BINSTRING => {
                let [length] = self.take()?;
                self.push_text(length.into())?;
            }
            opcode::EMPTY_TUPLE => self.push(Value::Tuple(Vec::new())),
            opcode::EMPTY_LIST => self.push(Value::List(Vec::new())),
            opcode::EMPTY_DICT => self.push(Value::Dict(Vec::new())),
            opcode::TUPLE1 => self.tuple(1)?,
            opcode::TUPLE2 => self.tuple(2)?,
            opcode::TUPLE3 => self.tuple(3)?,
            opcode::TUPLE => {
                let members = self.pop_to_mark()?;
                self.push(Value::Tuple(members));
            }
            opcode::APPEND => {
                let member = self.pop()?;
                self.extend(&[member])?;
            }
            opcode::APPENDS => {
                let members = self.pop_to_mark()?;
                self.extend(&members)?;
            }
            opcode::SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            opcode::SETITEMS => {
                let members = self.pop_to_mark()?;
                self.insert(&members)?;
            }
            _ => self.step_object(code)?,
        }
        Ok(None)
    }

    /// Executes an opcode of the memo, of globals or of objects.
    fn step_object(&mut self, code: u8) -> Result<(), StateDictError> {
        match code {
            opcode::BINPUT => {
                let [slot] = self.take()?;
                self.memo.insert(slot.into(), self.top()?);
            }
            opcode::LONG_BINPUT => {
                let slot = u32::from_le_bytes(self.take()?);
                self.memo.insert(slot, self.top()?);
            }
            opcode::BINGET => {
                let [slot] = self.take()?;
                self.recall(slot.into())?;
            }
            opcode::LONG_BINGET => {
                let slot = u32::from_le_bytes(self.take()?);
                self.recall(slot)?;
            }
            opcode::GLOBAL => self.global()?,
            opcode::BINPERSID => self.persistent()?,
            opcode::REDUCE => self.reduce()?,
            opcode::BUILD => self.build()?,
            _ => {
                return Err(StateDictError::unsupported(format!(
                    "the pickle opcode 0x{code:02x} does not occur in a state dict"
                )));
            }
        }
        Ok(())
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], StateDictError> {
        let end = self.at.checked_add(length);
        let slice = end
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or_else(|| StateDictError::damaged("the pickle is truncated"))?;
        self.at += length;
        Ok(slice)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StateDictError> {
        let slice = self.slice(N)?;
        <[u8; N]>::try_from(slice).map_err(|_| StateDictError::damaged("the pickle is truncated"))
    }

    /// Returns the text up to the next line feed, which it skips.
    fn line(&mut self) -> Result<&'a str, StateDictError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| StateDictError::damaged("the pickle is truncated"))?;
        let line = self.slice(length)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| StateDictError::damaged("a name is not valid UTF-8"))
    }

    fn push(&mut self, value: Value<'a>) {
        let id = self.values.add(value);
        self.stack.push(id);
    }

    fn push_text(&mut self, length: usize) -> Result<(), StateDictError> {
        let text = std::str::from_utf8(self.slice(length)?)
            .map_err(|_| StateDictError::damaged("a text is not valid UTF-8"))?;
        self.push(Value::Text(text));
        Ok(())
    }

    /// The stack's height below which the current MARK protects it.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, StateDictError> {
        if self.stack.len() <= self.floor() {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    fn top(&self) -> Result<Id, StateDictError> {
        self.stack.last().copied().ok_or_else(underflow)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, StateDictError> {
        let mark = self
            .marks
            .pop()
            .ok_or_else(|| StateDictError::damaged("the pickle has no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, length: usize) -> Result<(), StateDictError> {
        let start = self
            .stack
            .len()
            .checked_sub(length)
            .filter(|start| *start >= self.floor())
            .ok_or_else(underflow)?;
        let members = self.stack.split_off(start);
        self.push(Value::Tuple(members));
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), StateDictError> {
        let id = self
            .memo
            .get(&slot)
            .ok_or_else(|| StateDictError::damaged(format!("the memo has no entry {slot}")))?;
        self.stack.push(*id);
        Ok(())
    }

    /// Appends members to the list on top of the stack.
    fn extend(&mut self, members: &[Id]) -> Result<(), StateDictError> {
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Value::List(list)) => {
                list.extend_from_slice(members);
                Ok(())
            }
            _ => Err(StateDictError::damaged(
                "an append to something other than a list",
            )),
        }
    }

    /// Inserts alternating keys and values into the dictionary on top of the stack.
    fn insert(&mut self, members: &[Id]) -> Result<(), StateDictError> {
        let (pairs, rest) = members.as_chunks::<2>();
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Value::Dict(entries)) if rest.is_empty() => {
                entries.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                Ok(())
            }
            _ => Err(StateDictError::damaged(
                "an insertion into something other than a dictionary",
            )),
        }
    }

    fn global(&mut self) -> Result<(), StateDictError> {
        let (module, name) = (self.line()?, self.line()?);
        let global = Global::of(module, name).ok_or_else(|| {
            let qualified: String = format!("{module}.{name}").chars().take(200).collect();
            StateDictError::ForbiddenGlobal(qualified)
        })?;
        self.push(Value::Global(global));
        Ok(())
    }

    /// Replaces a persistent id, `("storage", class, key, device, length[, None])`, by the storage.
    fn persistent(&mut self) -> Result<(), StateDictError> {
        let id = self.pop()?;
        let (kind, class, key, length, view) = match self.values.tuple(id) {
            Some(&[kind, class, key, _, length]) => (kind, class, key, length, None),
            Some(&[kind, class, key, _, length, view]) => (kind, class, key, length, Some(view)),
            _ => return Err(StateDictError::unsupported("a persistent object is no storage")),
        };
        if view.is_some_and(|view| !matches!(self.values.get(view), Some(Value::None))) {
            return Err(StateDictError::unsupported("a storage is a view of another one"));
        }
        let storage = match (
            self.values.text(kind),
            self.values.get(class),
            self.values.text(key),
            self.values.size(length),
        ) {
            (Some("storage"), Some(&Value::Global(Global::StorageClass(dtype))), Some(key), Some(len)) => {
                Storage { dtype, key, len }
            }
            _ => return Err(StateDictError::unsupported("a persistent object is no storage")),
        };
        self.storages.push(storage);
        self.push(Value::Storage(storage));
        Ok(())
    }

    /// Replaces a callable and its arguments by the result.
    fn reduce(&mut self) -> Result<(), StateDictError> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let Some(&Value::Global(global)) = self.values.get(callable) else {
            return Err(StateDictError::damaged(
                "a call of something other than a function",
            ));
        };
        let arguments = self
            .values
            .tuple(arguments)
            .ok_or_else(|| StateDictError::damaged("the arguments of a call are no tuple"))?;
        let value = match (global, arguments) {
            (Global::OrderedDict, []) => Value::Dict(Vec::new()),
            (Global::RebuildTensor, &[storage, offset, shape, strides, ..]) => {
                Value::Tensor(view(&self.values, storage, offset, shape, strides)?)
            }
            (Global::RebuildParameter, &[tensor, ..]) => match self.values.get(tensor) {
                Some(Value::Tensor(view)) => Value::Tensor(view.clone()),
                _ => return Err(StateDictError::damaged("a parameter is no tensor")),
            },
            _ => {
                return Err(StateDictError::unsupported(format!(
                    "a call of {global:?} with {} arguments",
                    arguments.len()
                )));
            }
        };
        self.push(value);
        Ok(())
    }

    /// Discards the attributes of a dictionary: `_metadata`, the versions of `PyTorch`'s modules.
    fn build(&mut self) -> Result<(), StateDictError> {
        self.pop()?;
        let object = self.top()?;
        match self.values.get(object) {
            Some(Value::Dict(_)) => Ok(()),
            _ => Err(StateDictError::unsupported(
                "attributes of something other than a dictionary",
            )),
        }
    }
}

/// Returns an integer, little-endian two's complement.
fn integer(bytes: &[u8]) -> Value<'_> {
    let mut extended = match bytes.last() {
        Some(last) if last & 0x80 != 0 => [0xff; 8],
        _ => [0; 8],
    };
    match extended.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(extended))
        }
        None => Value::BigInt(bytes),
    }
}
