//! Metadata of a file, and its removal as far as it contradicts the result or reveals erased content.

pub(crate) mod exif;
pub(crate) mod ifd;
pub(crate) mod xmp;

use tiff::tags::{Tag, Type};

/// A file's metadata: as read by a decoder; after [`Metadata::cleaned`], as written by an encoder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata {
    /// ICC profile.
    pub icc: Option<Vec<u8>>,
    /// EXIF, from its byte order mark on.
    pub exif: Option<Vec<u8>>,
    /// XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// Metadata of a single format.
    pub extras: Extras,
}

/// Metadata that is written only to the format that it was read from.
#[derive(Debug, Clone, Default)]
pub(crate) enum Extras {
    /// Nothing.
    #[default]
    None,
    /// Chunks that define the colour space of the samples, and other chunks (density, text).
    Png {
        colour: Vec<PngChunk>,
        other: Vec<PngChunk>,
    },
    /// The density of a JFIF header: unit (0: ratio, 1: per inch, 2: per cm), horizontal, vertical.
    Jpeg { density: Option<(u8, u16, u16)> },
    /// Fields of the first directory, and of its EXIF and GPS directories.
    Tiff {
        fields: Vec<TiffField>,
        exif: Vec<TiffField>,
        gps: Vec<TiffField>,
    },
    /// The header's pixels per metre, horizontal and vertical, as stored.
    Bmp { density: [u8; 8] },
}

impl Extras {
    /// Returns the metadata with the pixel size in a TIFF's EXIF directory replaced by `size`.
    fn resized(mut self, size: (u32, u32)) -> Self {
        if let Self::Tiff { exif, .. } = &mut self {
            for field in exif {
                let length = match field.tag.to_u16() {
                    0xa002 => size.0,
                    0xa003 => size.1,
                    _ => continue,
                };
                field.kind = Type::LONG;
                field.data = length.to_ne_bytes().to_vec();
            }
        }
        self
    }
}

/// A PNG chunk as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PngChunk {
    pub kind: [u8; 4],
    pub data: Vec<u8>,
}

/// A TIFF field: its values' type and bytes, in the machine's byte order.
#[derive(Debug, Clone)]
pub(crate) struct TiffField {
    pub tag: Tag,
    pub kind: Type,
    pub data: Vec<u8>,
}

impl Metadata {
    /// Returns the metadata for a picture of `size` whose orientation was applied: without orientation and
    /// previews, with the new size.
    pub fn cleaned(self, size: (u32, u32)) -> Self {
        Self {
            icc: self.icc,
            exif: self.exif.and_then(|exif| exif::cleaned(exif, size)),
            xmp: self.xmp.and_then(|xmp| xmp::cleaned(&xmp)),
            extras: self.extras.resized(size),
        }
    }

    /// Returns only the colour space: the profile and PNG's colour chunks.
    pub fn colour_only(&self) -> Self {
        let extras = match &self.extras {
            Extras::Png { colour, .. } => Extras::Png {
                colour: colour.clone(),
                other: Vec::new(),
            },
            _ => Extras::None,
        };
        Self {
            icc: self.icc.clone(),
            extras,
            ..Self::default()
        }
    }

    /// Removes the colour space, for samples that were converted to sRGB.
    pub fn drop_colour(&mut self) {
        self.icc = None;
        if let Extras::Png { colour, .. } = &mut self.extras {
            colour.clear();
        }
    }
}
