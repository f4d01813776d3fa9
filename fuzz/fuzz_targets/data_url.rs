//! Arbitrary text as base64 or a data URL.

#![no_main]

use iopaint_app::request::base64_image::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let decoded = decode("image", text);
    // White space is ignored.
    let spaced: String = text.chars().flat_map(|c| [c, ' ']).collect();
    if !text.contains(':') {
        assert_eq!(decoded.is_ok(), decode("image", &spaced).is_ok());
    }
    if let Ok(bytes) = decoded {
        assert!(!bytes.is_empty() && bytes.len() <= text.len());
    }
});
