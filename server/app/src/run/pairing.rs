//! Pairing of images with masks, and names of results.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::normalization::nfc;

/// File extensions of images in a folder, lower case; compared without regard to case.
const EXTENSIONS: [&str; 9] = ["bmp", "gif", "jfif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

/// Maximum length of a result's name in bytes: `NAME_MAX` of ext4, XFS, Btrfs and ZFS.
const MAX_NAME_BYTES: usize = 255;

/// Available masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masks {
    /// No files with masks.
    None,
    /// One mask for all images.
    One(OsString),
    /// Masks for images of the same stem.
    ByStem(Vec<OsString>),
}

/// An image to fill, its mask and its result: file names without folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Image.
    pub image: OsString,
    /// Mask, or `None` if no mask has the stem of the image. Stems that differ only in Unicode normalisation
    /// are equal.
    pub mask: Option<OsString>,
    /// Result.
    pub result: OsString,
}

/// Returns true for the name of an image file that is not hidden. macOS stores metadata in hidden files such
/// as `._photo.jpg`.
pub fn is_image_name(name: &OsStr) -> bool {
    let hidden = name.as_encoded_bytes().first() == Some(&b'.');
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    !hidden
        && extension.is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|candidate| candidate.eq_ignore_ascii_case(extension))
        })
}

/// Pairs images with masks. Returns the pairs sorted by the name of the image.
///
/// A result is `<stem>.png`. Images that share a stem keep their whole name (`a.jpg.png`), so that each
/// result has a unique name. If `keep_names` is true, results are named like their images.
pub fn pair(mut images: Vec<OsString>, masks: &Masks, keep_names: bool) -> Vec<Pair> {
    images.sort_unstable();
    images.dedup();
    let results = if keep_names {
        kept_names(&images)
    } else {
        result_names(&images)
    };
    let mut by_stem: HashMap<Cow<OsStr>, Vec<&OsString>> = HashMap::new();
    if let Masks::ByStem(masks) = masks {
        for mask in masks {
            by_stem.entry(normalized(stem(mask))).or_default().push(mask);
        }
    }
    images
        .into_iter()
        .zip(results)
        .map(|(image, result)| Pair {
            mask: match masks {
                Masks::None => None,
                Masks::One(mask) => Some(mask.clone()),
                Masks::ByStem(_) => by_stem
                    .get(&normalized(stem(&image)))
                    .and_then(|masks| best_mask(&image, masks))
                    .cloned(),
            },
            image,
            result,
        })
        .collect()
}

/// Returns the best of the masks that share the stem of the image, in this order: same name, same bytes of
/// the stem, PNG (lossless), first name.
fn best_mask<'a>(image: &OsStr, masks: &[&'a OsString]) -> Option<&'a OsString> {
    masks.iter().copied().min_by_key(|mask| {
        let png = Path::new(mask)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        (
            mask.as_os_str() != image,
            stem(mask) != stem(image),
            !png,
            mask.as_os_str(),
        )
    })
}

/// Returns the name in normalisation form C; macOS may store names in form D.
fn normalized(name: &OsStr) -> Cow<'_, OsStr> {
    match name.to_str().map(nfc) {
        Some(Cow::Owned(composed)) => Cow::Owned(composed.into()),
        _ => Cow::Borrowed(name),
    }
}

/// Returns the names of results in the format of their images, which are the images' names. The result of a
/// GIF, which is a PNG, is `<stem>.png`, or `<stem>~1.png` and so on if that name is taken.
fn kept_names(images: &[OsString]) -> Vec<OsString> {
    let mut taken: HashSet<OsString> = images.iter().cloned().collect();
    let name = |image: &OsString| {
        let extension = Path::new(image).extension();
        if extension.is_none_or(|extension| !extension.eq_ignore_ascii_case("gif")) {
            return image.clone();
        }
        let mut result = stem(image).to_owned();
        result.push(".png");
        if taken.contains(&result) {
            result = shortened(&result, &taken);
        }
        taken.insert(result.clone());
        result
    };
    images.iter().map(name).collect()
}

/// Returns a unique result name for each image. The names in `images` must be unique.
fn result_names(images: &[OsString]) -> Vec<OsString> {
    let mut names: Vec<&OsStr> = images.iter().map(|image| stem(image)).collect();
    // A whole name may equal the stem of another image, which then keeps its whole name too: `a.jpg`, `a.png`
    // and `a.jpg.bmp`.
    loop {
        let mut uses: HashMap<&OsStr, usize> = HashMap::new();
        for name in &names {
            *uses.entry(name).or_default() += 1;
        }
        let mut changed = false;
        for (name, image) in names.iter_mut().zip(images) {
            if uses.get(name).is_some_and(|uses| *uses > 1) && *name != image {
                *name = image;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut results: Vec<OsString> = names
        .into_iter()
        .map(|name| {
            let mut result = name.to_owned();
            result.push(".png");
            result
        })
        .collect();
    let fits = |result: &OsString| result.len() <= MAX_NAME_BYTES;
    let mut taken: HashSet<OsString> = results.iter().filter(|result| fits(result)).cloned().collect();
    for result in results.iter_mut().filter(|result| !fits(result)) {
        *result = shortened(result, &taken);
        taken.insert(result.clone());
    }
    results
}

/// Shortens a result's name to at most 255 bytes: `<stem>~1.png`, or a higher number if that name is taken.
/// The stem is cut at a character boundary. A name that is not UTF-8 is returned unchanged; writing its
/// result fails.
fn shortened(name: &OsStr, taken: &HashSet<OsString>) -> OsString {
    let Some(text) = name.to_str() else {
        return name.to_owned();
    };
    let text = text.strip_suffix(".png").unwrap_or(text);
    // There is one more number than taken names, so at least one is free.
    (0..=taken.len())
        .map(|number| {
            let suffix = format!("~{}.png", number + 1);
            let end = text.floor_char_boundary(MAX_NAME_BYTES - suffix.len());
            OsString::from(format!("{}{suffix}", text.get(..end).unwrap_or_default()))
        })
        .find(|result| !taken.contains(result))
        .unwrap_or_default()
}

fn stem(name: &OsStr) -> &OsStr {
    Path::new(name).file_stem().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn names(texts: &[&str]) -> Vec<OsString> {
        texts.iter().map(OsString::from).collect()
    }

    fn by_stem(images: &[&str], masks: &[&str]) -> Vec<(String, Option<String>, String)> {
        let text = |name: OsString| name.into_string().unwrap();
        pair(names(images), &Masks::ByStem(names(masks)), false)
            .into_iter()
            .map(|pair| (text(pair.image), pair.mask.map(text), text(pair.result)))
            .collect()
    }

    #[rstest]
    #[case("photo.png", true)]
    #[case("photo.JPG", true)]
    #[case("a.b.tif", true)]
    #[case("._photo.jpg", false)]
    #[case("photo", false)]
    #[case("notes.txt", false)]
    #[case(".png", false)]
    fn images_are_recognised_by_extension(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_image_name(OsStr::new(name)), expected);
    }

    #[test]
    fn image_gets_mask_of_its_stem() {
        let pairs = by_stem(&["b.jpeg", "a.jpg"], &["a.png", "c.png"]);
        assert_eq!(pairs[0], ("a.jpg".into(), Some("a.png".into()), "a.png".into()));
        assert_eq!(pairs[1], ("b.jpeg".into(), None, "b.png".into()));
    }

    #[test]
    fn same_name_wins_over_png() {
        let masks = ["a.bmp", "a.jpg", "a.PNG"];
        assert_eq!(by_stem(&["a.jpg"], &masks)[0].1.as_deref(), Some("a.jpg"));
        assert_eq!(by_stem(&["a.webp"], &masks)[0].1.as_deref(), Some("a.PNG"));
        assert_eq!(by_stem(&["a.webp"], &masks[..2])[0].1.as_deref(), Some("a.bmp"));
    }

    #[test]
    fn kept_names_are_those_of_the_images() {
        let images = names(&["a.gif", "a.jpg", "b.GIF", "b.png"]);
        let pairs = pair(images, &Masks::None, true);
        let results: Vec<_> = pairs.iter().map(|pair| pair.result.to_str().unwrap()).collect();
        assert_eq!(results, ["a.png", "a.jpg", "b~1.png", "b.png"]);
    }

    #[rstest]
    #[case("é.jpg", "e\u{301}.png")]
    #[case("e\u{301}.jpg", "é.png")]
    #[case("한글.jpg", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}.png")]
    fn mask_in_other_normalization_is_found(#[case] image: &str, #[case] mask: &str) {
        assert_eq!(by_stem(&[image], &["a.png", mask])[0].1.as_deref(), Some(mask));
    }

    #[test]
    fn mask_in_same_normalization_wins() {
        let masks = ["e\u{301}.png", "é.bmp"];
        assert_eq!(by_stem(&["é.jpg"], &masks)[0].1.as_deref(), Some("é.bmp"));
        assert_eq!(
            by_stem(&["e\u{301}.jpg"], &masks)[0].1.as_deref(),
            Some("e\u{301}.png")
        );
    }

    #[cfg(unix)]
    #[test]
    fn non_utf8_names_are_compared_by_bytes() {
        use std::os::unix::ffi::OsStringExt;
        let name = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let masks = Masks::ByStem(vec![name(b"\xe9.png"), name(b"\xe8.png")]);
        assert_eq!(
            pair(vec![name(b"\xe8.jpg")], &masks, false)[0].mask,
            Some(name(b"\xe8.png"))
        );
    }

    #[test]
    fn long_result_names_fit_and_differ() {
        let long = "写".repeat(83);
        let images: Vec<String> = ["ab.jpg", "ab.png", "ac.jpg", "ac.png"]
            .iter()
            .map(|end| format!("{long}{end}"))
            .collect();
        assert!(images.iter().all(|image| image.len() == 255));
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        let results: HashSet<String> = by_stem(&images, &[])
            .into_iter()
            .map(|(.., result)| result)
            .collect();
        assert_eq!(results.len(), 4);
        assert!(
            results
                .iter()
                .all(|result| result.len() <= 255 && result.contains('~'))
        );
    }

    #[test]
    fn images_of_one_stem_get_different_results() {
        let results: Vec<String> = by_stem(&["a.png", "a.jpg", "a.jpg.bmp", "b.jpg"], &[])
            .into_iter()
            .map(|(.., result)| result)
            .collect();
        assert_eq!(results, ["a.jpg.png", "a.jpg.bmp.png", "a.png.png", "b.png"]);
    }

    proptest! {
        #[test]
        fn result_names_are_unique(images in proptest::collection::vec("[ab]{1,2}(\\.(jpg|png|a)){0,3}", 0..30)) {
            let images: HashSet<OsString> = images.into_iter().map(OsString::from).collect();
            let pairs = pair(images.iter().cloned().collect(), &Masks::One("mask.png".into()), false);
            let results: HashSet<&OsString> = pairs.iter().map(|pair| &pair.result).collect();
            prop_assert_eq!(results.len(), images.len());
            prop_assert!(pairs.is_sorted_by(|one, other| one.image < other.image));
            prop_assert!(pairs.iter().all(|pair| pair.mask.is_some()));
        }

        #[test]
        fn listing_order_does_not_matter(images in proptest::collection::vec("[ab]{1,2}\\.(jpg|png)", 0..12), masks in proptest::collection::vec("[ab]{1,2}\\.(jpg|png)", 0..12)) {
            let reversed = |names: &[String]| names.iter().rev().map(OsString::from).collect::<Vec<_>>();
            let straight = |names: &[String]| names.iter().map(OsString::from).collect::<Vec<_>>();
            prop_assert_eq!(
                pair(straight(&images), &Masks::ByStem(straight(&masks)), false),
                pair(reversed(&images), &Masks::ByStem(reversed(&masks)), false)
            );
        }
    }
}
