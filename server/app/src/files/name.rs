//! Validation of file names from clients.

use iopaint_imaging::ImageFormat;

/// Maximum length in UTF-16 code units: the limit of NTFS, exFAT and APFS.
const MAX_UNITS: usize = 255;
/// Maximum length of generated names in bytes of UTF-8: `NAME_MAX` of ext4, XFS, Btrfs and ZFS. Longer names
/// of clients are rejected by the file system.
const MAX_BYTES: usize = 255;
/// Maximum length of an extension in bytes, with its dot; a longer one is part of the stem.
const MAX_EXTENSION_BYTES: usize = 16;
/// Device names of Windows, with any extension: such files can't be copied to Windows.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
/// Device names of Windows that are followed by a digit.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// Extensions of image files, lower case.
const IMAGE_EXTENSIONS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "webp", "tif", "tiff", "bmp", "gif"];

/// The valid name of a file in a folder: no path, no device name, not hidden, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// Reason why a text is not a valid file name. Messages follow the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The part of the form has no file name.
    #[error("is missing; the part of the form must have a file name")]
    Missing,
    /// An empty text, or a path that ends in a separator.
    #[error("must not be empty")]
    Empty,
    /// `.`, `..`, or another name that begins with a dot.
    #[error("must not begin with a dot")]
    Hidden,
    /// More than 255 UTF-16 code units.
    #[error("must be at most {MAX_UNITS} characters long")]
    TooLong,
    /// Longer than the file system allows.
    #[error("is too long for the file system of the server; most allow {MAX_BYTES} bytes of UTF-8")]
    TooManyBytes,
    /// A path instead of a name.
    #[error("must be a plain name, without `/` and `\\`")]
    Path,
    /// A line break, a tab, or another control character.
    #[error("must not contain control characters")]
    Control,
    /// A device name of Windows.
    #[error("is a device name on Windows; use another name")]
    Device,
    /// Another encoding, such as Latin-1.
    #[error("must be UTF-8")]
    NotUtf8,
    /// A `filename*` parameter that does not follow RFC 8187.
    #[error("can't be decoded; write it as `filename*=UTF-8''percent-encoded`")]
    Undecodable,
}

impl FileName {
    /// Validates a file name.
    ///
    /// # Errors
    /// Returns [`NameError`] if the text is not the name of a file directly in a folder.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.starts_with('.') {
            return Err(NameError::Hidden);
        }
        if text.encode_utf16().count() > MAX_UNITS {
            return Err(NameError::TooLong);
        }
        if text.contains(|c: char| matches!(c, '/' | '\\') || (cfg!(windows) && c == ':')) {
            return Err(NameError::Path);
        }
        if text.contains(char::is_control) {
            return Err(NameError::Control);
        }
        if is_device(text) {
            return Err(NameError::Device);
        }
        Ok(Self(text.to_owned()))
    }

    /// Validates the last component of a path; some clients send the local path of a file.
    ///
    /// # Errors
    /// See [`FileName::parse`].
    pub fn last_of(path: &str) -> Result<Self, NameError> {
        Self::parse(path.rsplit(['/', '\\']).next().unwrap_or_default())
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name with the extension of an image file: appends that of `format` unless it has one.
    #[must_use]
    pub fn for_image(self, format: ImageFormat) -> Self {
        if self.has_extension(&IMAGE_EXTENSIONS) {
            self
        } else {
            self.joined(&self.0, &format!(".{}", format.extension()))
        }
    }

    /// Returns true if the name has one of `extensions`, without regard to case.
    #[must_use]
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.extension().is_some_and(|own| {
            extensions
                .iter()
                .any(|extension| extension.eq_ignore_ascii_case(own))
        })
    }

    /// Returns `photo-1.png` for `photo.png` and 1. Shortens the stem if the name would be too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        match self.0.rfind('.').map(|dot| self.0.split_at(dot)) {
            Some((stem, extension)) if extension.len() <= MAX_EXTENSION_BYTES => {
                self.joined(stem, &format!("-{number}{extension}"))
            }
            _ => self.joined(&self.0, &format!("-{number}")),
        }
    }

    /// Joins a stem and a suffix. Shortens the stem at a character boundary if the result would be too long:
    /// longer than the limits and than this name, which the file system accepted.
    fn joined(&self, stem: &str, suffix: &str) -> Self {
        let fits = |stem: &str| {
            stem.len() + suffix.len() <= MAX_BYTES.max(self.0.len())
                && stem.encode_utf16().count() + suffix.len() <= MAX_UNITS
        };
        let ends = stem.char_indices().map(|(start, c)| start + c.len_utf8()).rev();
        let stem = ends
            .map(|end| stem.get(..end).unwrap_or_default())
            .find(|stem| fits(stem))
            .unwrap_or_default();
        Self(format!("{stem}{suffix}"))
    }

    fn extension(&self) -> Option<&str> {
        self.0.rsplit_once('.').map(|(_, extension)| extension)
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let numbered = || {
        stem.get(..3).zip(stem.get(3..)).is_some_and(|(device, number)| {
            NUMBERED_DEVICES
                .iter()
                .any(|name| name.eq_ignore_ascii_case(device))
                && matches!(number.as_bytes(), [b'0'..=b'9'])
        })
    };
    DEVICES.iter().any(|device| device.eq_ignore_ascii_case(stem)) || numbered()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", NameError::Empty)]
    #[case("folder/", NameError::Path)]
    #[case(".", NameError::Hidden)]
    #[case("..", NameError::Hidden)]
    #[case(".htaccess", NameError::Hidden)]
    #[case("../a.png", NameError::Hidden)]
    #[case("a/../b.png", NameError::Path)]
    #[case("/etc/passwd", NameError::Path)]
    #[case("a\\b.png", NameError::Path)]
    #[case("C:\\a.png", NameError::Path)]
    #[case("a\0.png", NameError::Control)]
    #[case("a\n.png", NameError::Control)]
    #[case("a\u{85}.png", NameError::Control)]
    #[case("nul", NameError::Device)]
    #[case("Con.png", NameError::Device)]
    #[case("com7.tar.png", NameError::Device)]
    #[case("AUX .png", NameError::Device)]
    fn invalid_names_are_rejected(#[case] text: &str, #[case] error: NameError) {
        assert_eq!(FileName::parse(text), Err(error));
    }

    #[rstest]
    #[case("photo.png")]
    #[case("Straße (2).JPG")]
    #[case("写真.png")]
    #[case("a..b.png")]
    #[case("console.png")]
    #[case("com77.png")]
    #[case("communication.png")]
    fn valid_names_are_accepted(#[case] text: &str) {
        assert_eq!(FileName::parse(text).unwrap().as_str(), text);
    }

    #[test]
    fn names_over_255_characters_are_rejected() {
        for letter in ["a", "ä", "写"] {
            assert!(FileName::parse(&letter.repeat(255)).is_ok());
            assert_eq!(FileName::parse(&letter.repeat(256)), Err(NameError::TooLong));
        }
    }

    #[rstest]
    #[case("写", 85, 84)]
    #[case("a", 251, 249)]
    #[case("写", 251, 249)]
    fn numbered_names_are_cut_at_characters(
        #[case] letter: &str,
        #[case] length: usize,
        #[case] kept: usize,
    ) {
        let extension = if length == 85 { "" } else { ".png" };
        let name = FileName::parse(&format!("{}{extension}", letter.repeat(length))).unwrap();
        let numbered = name.numbered(1);
        assert_eq!(numbered.as_str(), format!("{}-1{extension}", letter.repeat(kept)));
    }

    #[test]
    fn appended_extension_shortens_stem() {
        let name = FileName::parse(&"写".repeat(85))
            .unwrap()
            .for_image(ImageFormat::Png);
        assert_eq!(name.as_str(), format!("{}.png", "写".repeat(83)));
    }

    #[rstest]
    #[case("C:\\Users\\me\\photo.png", "photo.png")]
    #[case("../../photo.png", "photo.png")]
    #[case("/tmp/photo.png", "photo.png")]
    fn last_path_component_is_used(#[case] path: &str, #[case] name: &str) {
        assert_eq!(FileName::last_of(path).unwrap().as_str(), name);
    }

    #[rstest]
    #[case("photo.png", "photo-3.png")]
    #[case("archive.tar.gz", "archive.tar-3.gz")]
    #[case("photo", "photo-3")]
    fn number_precedes_extension(#[case] name: &str, #[case] numbered: &str) {
        assert_eq!(FileName::parse(name).unwrap().numbered(3).as_str(), numbered);
    }

    #[rstest]
    #[case("photo.JPEG", "photo.JPEG")]
    #[case("page.html", "page.html.png")]
    #[case("photo", "photo.png")]
    fn image_names_get_extension(#[case] name: &str, #[case] saved: &str) {
        let name = FileName::parse(name).unwrap().for_image(ImageFormat::Png);
        assert_eq!(name.as_str(), saved);
    }

    proptest! {
        #[test]
        fn numbered_names_are_valid(text in "[a-z.ä写😀]{1,255}", number: u32) {
            if let Ok(name) = FileName::parse(&text) {
                let numbered = name.numbered(number);
                prop_assert!(FileName::parse(numbered.as_str()).is_ok());
                prop_assert!(numbered.as_str().len() <= text.len().max(255));
            }
        }
    }
}
