//! Names of files, as clients may write them.

use iopaint_imaging::ImageFormat;

/// Longest name in UTF-16 code units, the limit of NTFS, exFAT and APFS.
const MAX_UNITS: usize = 255;
/// Longest name in bytes of UTF-8, the limit of ext4, XFS, Btrfs and ZFS (`NAME_MAX`). It applies to the
/// names that this program makes; other names are rejected by the file system itself.
const MAX_BYTES: usize = 255;
/// Longest ending in bytes, with its dot; a longer one counts as part of the stem.
const MAX_ENDING_BYTES: usize = 16;
/// What Windows takes for a device, whatever the ending; such a file can't be copied there.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// Endings of image files, in lower case.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "webp", "tif", "tiff", "bmp", "gif"];

/// The name of one file in a folder: no path, no device, not hidden, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// The reason why a text is no file name. Messages continue the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The form's part has no file name.
    #[error("is missing; the form's part must have a file name")]
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
    /// A length that the file system rejects.
    #[error("is too long for the server's disk; most take {MAX_BYTES} bytes of UTF-8, 85 Chinese characters")]
    TooManyBytes,
    /// A path instead of a name.
    #[error("must be a plain name, without `/` and `\\`")]
    Path,
    /// A line break, a tabulator, or another control character.
    #[error("must not contain control characters")]
    Control,
    /// A device of Windows.
    #[error("is the name of a device on Windows; use another name")]
    Device,
    /// Another encoding, such as Latin-1.
    #[error("must be UTF-8")]
    NotUtf8,
    /// A `filename*` of a form's part that does not follow RFC 8187.
    #[error("can't be decoded; write it as `filename*=UTF-8''percent-encoded`")]
    Undecodable,
}

impl FileName {
    /// Takes a text that is a file's name as it is.
    ///
    /// # Errors
    /// Where the text names anything but a file directly in a folder.
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

    /// Takes the last part of a path: some clients send the path that a file had on their own machine.
    ///
    /// # Errors
    /// As [`FileName::parse`].
    pub fn last_of(path: &str) -> Result<Self, NameError> {
        Self::parse(path.rsplit(['/', '\\']).next().unwrap_or_default())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name with an image file's ending: its own where it has one, else that of `format` is
    /// appended.
    #[must_use]
    pub fn for_image(self, format: ImageFormat) -> Self {
        let known = self
            .ending()
            .is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)));
        if known {
            self
        } else {
            self.joined(&self.0, &format!(".{}", format.extension()))
        }
    }

    /// Whether the name ends in one of `endings`, in any case.
    #[must_use]
    pub fn ends_in(&self, endings: &[&str]) -> bool {
        self.ending()
            .is_some_and(|own| endings.iter().any(|ending| ending.eq_ignore_ascii_case(own)))
    }

    /// Returns `photo-1.png` for `photo.png`. The stem is shortened where the name would become too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        match self.0.rfind('.').map(|dot| self.0.split_at(dot)) {
            Some((stem, ending)) if ending.len() <= MAX_ENDING_BYTES => {
                self.joined(stem, &format!("-{number}{ending}"))
            }
            _ => self.joined(&self.0, &format!("-{number}")),
        }
    }

    /// Joins a stem and its suffix, shortening the stem at a character boundary where the result would be too
    /// long. A file system that took this name takes the result too.
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

    fn ending(&self) -> Option<&str> {
        self.0.rsplit_once('.').map(|(_, ending)| ending)
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let numbered = || {
        stem.get(..3).zip(stem.get(3..)).is_some_and(|(device, number)| {
            NUMBERED_DEVICES
                .iter()
                .any(|known| known.eq_ignore_ascii_case(device))
                && matches!(number.as_bytes(), [b'0'..=b'9'])
        })
    };
    DEVICES.iter().any(|known| known.eq_ignore_ascii_case(stem)) || numbered()
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
    fn what_is_no_plain_name_is_refused(#[case] text: &str, #[case] error: NameError) {
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
    fn plain_names_are_taken(#[case] text: &str) {
        assert_eq!(FileName::parse(text).unwrap().as_str(), text);
    }

    #[test]
    fn names_have_at_most_255_characters() {
        for letter in ["a", "ä", "写"] {
            assert!(FileName::parse(&letter.repeat(255)).is_ok());
            assert_eq!(FileName::parse(&letter.repeat(256)), Err(NameError::TooLong));
        }
    }

    #[rstest]
    #[case("写", 85, 84)]
    #[case("a", 251, 249)]
    #[case("写", 251, 249)]
    fn numbered_names_are_shortened_at_a_character(
        #[case] letter: &str,
        #[case] length: usize,
        #[case] kept: usize,
    ) {
        let ending = if length == 85 { "" } else { ".png" };
        let name = FileName::parse(&format!("{}{ending}", letter.repeat(length))).unwrap();
        let numbered = name.numbered(1);
        assert_eq!(numbered.as_str(), format!("{}-1{ending}", letter.repeat(kept)));
    }

    #[test]
    fn appended_ending_shortens_the_stem() {
        let name = FileName::parse(&"写".repeat(85))
            .unwrap()
            .for_image(ImageFormat::Png);
        assert_eq!(name.as_str(), format!("{}.png", "写".repeat(83)));
    }

    #[rstest]
    #[case("C:\\Users\\me\\photo.png", "photo.png")]
    #[case("../../photo.png", "photo.png")]
    #[case("/tmp/photo.png", "photo.png")]
    fn of_a_path_the_last_part_counts(#[case] path: &str, #[case] name: &str) {
        assert_eq!(FileName::last_of(path).unwrap().as_str(), name);
    }

    #[rstest]
    #[case("photo.png", "photo-3.png")]
    #[case("archive.tar.gz", "archive.tar-3.gz")]
    #[case("photo", "photo-3")]
    fn numbers_come_before_the_ending(#[case] name: &str, #[case] numbered: &str) {
        assert_eq!(FileName::parse(name).unwrap().numbered(3).as_str(), numbered);
    }

    #[rstest]
    #[case("photo.JPEG", "photo.JPEG")]
    #[case("page.html", "page.html.png")]
    #[case("photo", "photo.png")]
    fn what_is_saved_has_an_images_ending(#[case] name: &str, #[case] saved: &str) {
        let name = FileName::parse(name).unwrap().for_image(ImageFormat::Png);
        assert_eq!(name.as_str(), saved);
    }

    proptest! {
        #[test]
        fn a_numbered_name_is_a_name(text in "[a-z.ä写😀]{1,255}", number: u32) {
            if let Ok(name) = FileName::parse(&text) {
                let numbered = name.numbered(number);
                prop_assert!(FileName::parse(numbered.as_str()).is_ok());
                prop_assert!(numbered.as_str().len() <= text.len().max(255));
            }
        }
    }
}
