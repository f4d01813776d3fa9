//! Access to the bytes of a file, in memory or on disk.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::error::StateDictError;

/// The contents of a state dict's file.
#[derive(Clone, Copy, Debug)]
pub enum TensorFile<'a> {
    /// All bytes, in memory.
    Bytes(&'a [u8]),
    /// A file on disk of `len` bytes. Tensors are read one by one, so that the file isn't held in memory
    /// beside them.
    Disk {
        /// The open file.
        file: &'a File,
        /// Its size in bytes.
        len: usize,
    },
}

impl<'a> From<&'a [u8]> for TensorFile<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for TensorFile<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> TryFrom<&'a File> for TensorFile<'a> {
    type Error = io::Error;

    fn try_from(file: &'a File) -> io::Result<Self> {
        let len = usize::try_from(file.metadata()?.len())
            .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"))?;
        Ok(Self::Disk { file, len })
    }
}

impl<'a> TensorFile<'a> {
    /// Returns the size in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Disk { len, .. } => *len,
        }
    }

    /// Returns a range of bytes.
    ///
    /// # Errors
    /// [`StateDictError::Damaged`] if the range exceeds the file; [`StateDictError::Read`].
    pub(super) fn read(&self, range: Range<usize>) -> Result<Cow<'a, [u8]>, StateDictError> {
        let outside = || StateDictError::damaged("it is truncated");
        match self {
            Self::Bytes(bytes) => bytes.get(range).map(Cow::Borrowed).ok_or_else(outside),
            Self::Disk { file, len } => {
                if range.start > range.end || range.end > *len {
                    return Err(outside());
                }
                let mut bytes = vec![0; range.len()];
                let mut file = *file;
                file.seek(SeekFrom::Start(range.start as u64))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(|error| StateDictError::Read(error.to_string()))?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// Returns a reader at the file's start.
    pub(super) fn reader(self) -> FileReader<'a> {
        FileReader {
            file: self,
            position: 0,
        }
    }
}

/// A reader of a file with a position of its own.
pub(super) struct FileReader<'a> {
    file: TensorFile<'a>,
    position: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = match self.file {
            TensorFile::Bytes(bytes) => {
                let start = usize::try_from(self.position)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let mut rest = bytes.get(start..).unwrap_or_default();
                rest.read(target)?
            }
            TensorFile::Disk { mut file, .. } => {
                file.seek(SeekFrom::Start(self.position))?;
                file.read(target)?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for FileReader<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => (self.file.len() as u64).checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
