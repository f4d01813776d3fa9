//! Which picture goes with which mask, and what its result is called.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The extensions, in any case, by which files of a folder are taken for pictures.
const EXTENSIONS: [&str; 9] = ["bmp", "gif", "jfif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

/// The masks to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masks {
    /// One for all pictures.
    One(OsString),
    /// Each for the picture of the same stem.
    ByStem(Vec<OsString>),
}

/// A picture to be filled. All are names of files, without folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The picture.
    pub image: OsString,
    /// Its mask; none where no mask has its stem.
    pub mask: Option<OsString>,
    /// The result.
    pub result: OsString,
}

/// Whether a file of a folder is one of its pictures. Hidden ones aren't: macOS keeps notes in `._photo.jpg`.
pub fn is_picture(name: &OsStr) -> bool {
    let hidden = name.as_encoded_bytes().first() == Some(&b'.');
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    !hidden
        && extension.is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

/// Pairs pictures with masks, in the order of the pictures' names.
///
/// A result is `<stem>.png`; pictures that share a stem are called by their whole names instead (`a.jpg.png`), so
/// that no result takes another one's place.
pub fn pair(mut images: Vec<OsString>, masks: &Masks) -> Vec<Pair> {
    images.sort_unstable();
    images.dedup();
    let results = results(&images);
    images
        .into_iter()
        .zip(results)
        .map(|(image, result)| Pair {
            mask: match masks {
                Masks::One(mask) => Some(mask.clone()),
                Masks::ByStem(masks) => mask_of(&image, masks).cloned(),
            },
            image,
            result,
        })
        .collect()
}

/// The mask of the same name, else the one of the same stem. Of several a PNG is taken, which is exact.
fn mask_of<'a>(image: &OsStr, masks: &'a [OsString]) -> Option<&'a OsString> {
    masks
        .iter()
        .filter(|mask| stem(mask) == stem(image))
        .min_by_key(|mask| {
            let png = Path::new(mask)
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
            (mask.as_os_str() != image, !png, mask.as_os_str())
        })
}

/// A name for each result, all different. `images` are.
fn results(images: &[OsString]) -> Vec<OsString> {
    let mut names: Vec<&OsStr> = images.iter().map(|image| stem(image)).collect();
    // A whole name may be another picture's stem (`a.jpg`, `a.png` and `a.jpg.bmp`), which then gives way as well.
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
    names
        .into_iter()
        .map(|name| {
            let mut result = name.to_owned();
            result.push(".png");
            result
        })
        .collect()
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
        pair(names(images), &Masks::ByStem(names(masks)))
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
    fn pictures_of_a_folder_are_known_by_their_extension(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_picture(OsStr::new(name)), expected);
    }

    #[test]
    fn a_picture_gets_the_mask_of_its_stem_and_a_png_result() {
        let pairs = by_stem(&["b.jpeg", "a.jpg"], &["a.png", "c.png"]);
        assert_eq!(pairs[0], ("a.jpg".into(), Some("a.png".into()), "a.png".into()));
        assert_eq!(pairs[1], ("b.jpeg".into(), None, "b.png".into()));
    }

    #[test]
    fn of_several_masks_the_same_name_wins_then_a_png() {
        let masks = ["a.bmp", "a.jpg", "a.PNG"];
        assert_eq!(by_stem(&["a.jpg"], &masks)[0].1.as_deref(), Some("a.jpg"));
        assert_eq!(by_stem(&["a.webp"], &masks)[0].1.as_deref(), Some("a.PNG"));
        assert_eq!(by_stem(&["a.webp"], &masks[..2])[0].1.as_deref(), Some("a.bmp"));
    }

    #[test]
    fn pictures_of_one_stem_do_not_overwrite_each_other() {
        let results: Vec<String> = by_stem(&["a.png", "a.jpg", "a.jpg.bmp", "b.jpg"], &[])
            .into_iter()
            .map(|(.., result)| result)
            .collect();
        assert_eq!(results, ["a.jpg.png", "a.jpg.bmp.png", "a.png.png", "b.png"]);
    }

    proptest! {
        #[test]
        fn every_picture_has_a_result_of_its_own(images in proptest::collection::vec("[ab]{1,2}(\\.(jpg|png|a)){0,3}", 0..30)) {
            let images: HashSet<OsString> = images.into_iter().map(OsString::from).collect();
            let pairs = pair(images.iter().cloned().collect(), &Masks::One("mask.png".into()));
            let results: HashSet<&OsString> = pairs.iter().map(|pair| &pair.result).collect();
            prop_assert_eq!(results.len(), images.len());
            prop_assert!(pairs.is_sorted_by(|one, other| one.image < other.image));
            prop_assert!(pairs.iter().all(|pair| pair.mask.is_some()));
        }

        #[test]
        fn what_a_folder_lists_first_does_not_matter(images in proptest::collection::vec("[ab]{1,2}\\.(jpg|png)", 0..12), masks in proptest::collection::vec("[ab]{1,2}\\.(jpg|png)", 0..12)) {
            let reversed = |names: &[String]| names.iter().rev().map(OsString::from).collect::<Vec<_>>();
            let straight = |names: &[String]| names.iter().map(OsString::from).collect::<Vec<_>>();
            prop_assert_eq!(
                pair(straight(&images), &Masks::ByStem(straight(&masks))),
                pair(reversed(&images), &Masks::ByStem(reversed(&masks)))
            );
        }
    }
}
