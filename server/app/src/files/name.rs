//! Names of files, as clients may write them.

use iopaint_imaging::Format;

/// The longest name in bytes. File systems take 255; what is put before or behind a name has to fit too.
const MAX_BYTES: usize = 200;
/// What Windows takes for a device, whatever the ending; such a file can't be copied there.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// Endings of image files, in lower case.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "webp", "tif", "tiff", "bmp", "gif"];

/// The name of one file in a folder: no path, no device, not hidden, at most 200 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// Why a text is no name of a file. The words go on from the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or `.`, `..` or any other name that begins with a dot.
    #[error("must not be empty or begin with a dot")]
    Hidden,
    /// More than 200 bytes.
    #[error("must be at most {MAX_BYTES} bytes long")]
    TooLong,
    /// A path instead of a name, or a control character.
    #[error("must be a plain name, without a path and without control characters")]
    Path,
    /// A device of some system.
    #[error("is the name of a device")]
    Device,
}

impl FileName {
    /// Takes a text that is a file's name as it is.
    ///
    /// # Errors
    /// Where the text names anything but a file directly in a folder.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.starts_with('.') {
            return Err(NameError::Hidden);
        }
        if text.len() > MAX_BYTES {
            return Err(NameError::TooLong);
        }
        let separates = |c: char| matches!(c, '/' | '\\') || (cfg!(windows) && c == ':');
        if text.chars().any(|c| c.is_control() || separates(c)) {
            return Err(NameError::Path);
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

    /// The name with an image file's ending: its own where it has one, else that of `format`.
    ///
    /// # Errors
    /// [`NameError::TooLong`] where there is no room for one.
    pub fn for_image(self, format: Format) -> Result<Self, NameError> {
        let known = self
            .ending()
            .is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)));
        if known {
            Ok(self)
        } else {
            Self::parse(&format!("{}.{}", self.0, format.extension()))
        }
    }

    /// Whether the name ends in one of `endings`, in any case.
    #[must_use]
    pub fn ends_in(&self, endings: &[&str]) -> bool {
        self.ending()
            .is_some_and(|own| endings.iter().any(|ending| ending.eq_ignore_ascii_case(own)))
    }

    /// `photo.png` as `photo-1.png`; the stem is shortened where the name would become too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let (mut stem, ending) = match self.0.rsplit_once('.') {
            Some((stem, ending)) => (stem, format!("-{number}.{ending}")),
            None => (self.0.as_str(), format!("-{number}")),
        };
        while stem.len() + ending.len() > MAX_BYTES {
            let Some((last, _)) = stem.char_indices().next_back() else {
                break;
            };
            stem = stem.get(..last).unwrap_or_default();
        }
        Self(format!("{stem}{ending}"))
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
    #[case("", NameError::Hidden)]
    #[case(".", NameError::Hidden)]
    #[case("..", NameError::Hidden)]
    #[case(".htaccess", NameError::Hidden)]
    #[case("../a.png", NameError::Hidden)]
    #[case("a/../b.png", NameError::Path)]
    #[case("/etc/passwd", NameError::Path)]
    #[case("a\\b.png", NameError::Path)]
    #[case("C:\\a.png", NameError::Path)]
    #[case("a\0.png", NameError::Path)]
    #[case("a\n.png", NameError::Path)]
    #[case("a\u{85}.png", NameError::Path)]
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
    fn names_have_at_most_200_bytes() {
        assert!(FileName::parse(&"ä".repeat(100)).is_ok());
        assert_eq!(FileName::parse(&"ä".repeat(101)), Err(NameError::TooLong));
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
        let name = FileName::parse(name).unwrap().for_image(Format::Png).unwrap();
        assert_eq!(name.as_str(), saved);
    }

    proptest! {
        #[test]
        fn a_numbered_name_is_a_name(text in "[a-zäß.]{1,200}", number: u32) {
            if let Ok(name) = FileName::parse(&text) {
                prop_assert!(FileName::parse(name.numbered(number).as_str()).is_ok());
            }
        }
    }
}
