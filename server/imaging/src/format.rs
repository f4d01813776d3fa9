//! Detection of file formats by their signatures. File names and declared media types are ignored.

use std::fmt;

/// A supported file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// Portable Network Graphics, also animated.
    Png,
    /// JPEG: baseline, extended and progressive.
    Jpeg,
    /// WebP: lossy, lossless and animated.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// Tagged Image File Format, also `BigTIFF`.
    Tiff,
    /// Graphics Interchange Format; read only.
    Gif,
}

impl ImageFormat {
    /// Returns the format whose signature `bytes` begin with.
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'B', b'M', ..] if bytes.len() >= 26 => Some(Self::Bmp),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Returns the usual file name extension, in lower case without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Gif => "gif",
        }
    }

    /// Returns the media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Gif => "image/gif",
        }
    }
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Gif => "GIF",
        })
    }
}

/// Returns the name of a known but unsupported image format, for the error message.
pub(crate) fn unsupported_format(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return match bytes.get(8..12)? {
            b"avif" | b"avis" => Some("AVIF"),
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => Some("HEIC"),
            b"crx " => Some("Canon raw"),
            _ => None,
        };
    }
    let start = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    match start {
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Some("JPEG 2000"),
        [b'8', b'B', b'P', b'S', ..] => Some("Photoshop's PSD"),
        [0, 0, 1, 0, ..] => Some("ICO"),
        [b'%', b'P', b'D', b'F', ..] => Some("PDF"),
        [b'q', b'o', b'i', b'f', ..] => Some("QOI"),
        [0x76, 0x2f, 0x31, 0x01, ..] => Some("OpenEXR"),
        [b'g', b'i', b'm', b'p', b' ', b'x', b'c', b'f', ..] => Some("GIMP's XCF"),
        _ if start.windows(4).any(|window| window == b"<svg") => Some("SVG"),
        _ => None,
    }
}
