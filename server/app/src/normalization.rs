//! Unicode normalisation of file names. macOS decomposes letters with marks (NFD), other systems compose them
//! (NFC); both forms look the same.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Returns a name in Normalization Form C (UAX #15), for comparison with other names.
pub fn nfc(name: &str) -> Cow<'_, str> {
    const { ComposingNormalizerBorrowed::new_nfc() }.normalize(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_names_compare_equal() {
        for (composed, decomposed) in [
            ("é.png", "e\u{301}.png"),
            ("가.png", "\u{1100}\u{1161}.png"),
            ("が.png", "か\u{3099}.png"),
        ] {
            assert_ne!(composed, decomposed);
            assert_eq!(nfc(composed), nfc(decomposed));
        }
        assert!(matches!(nfc("photo.png"), Cow::Borrowed("photo.png")));
        // A ligature is a different letter; only compatibility normalisation (NFKC) would make them equal.
        assert_ne!(nfc("ﬁ.png"), nfc("fi.png"));
    }
}
