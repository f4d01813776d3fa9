//! Arbitrary bytes as a JPEG that is edited block by block.

#![no_main]

use iopaint_imaging::{DecodeLimits, EncodeOptions, ImageFormat, Mask, Patch, decode, encode_patched};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 16,
    max_side: 1 << 12,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(picture) = decode(bytes, &LIMITS) else {
        return;
    };
    if picture.preserved.format() != ImageFormat::Jpeg {
        return;
    }
    let (width, height) = picture.rgb.dimensions();
    let options = EncodeOptions {
        strip_metadata: true,
        ..EncodeOptions::default()
    };
    let edit = |file: &[u8], hole: &Mask| {
        encode_patched(file, &Patch::whole(&picture.rgb, hole), &LIMITS, &options)
            .expect("a decoded JPEG can be edited")
    };
    let nothing = Mask::empty(width, height);
    let once = edit(bytes, &nothing);
    decode(&once.bytes, &LIMITS).expect("an edited file can be decoded");
    if once.reencoded_quality.is_none() {
        let twice = edit(&once.bytes, &nothing);
        assert!(twice.bytes == once.bytes, "an edit without a hole changes nothing");
    }
    let last = bytes.last().map_or(0, |byte| u32::from(*byte));
    let hole = Mask::from_fn(width, height, |x, y| x >= last % width && y >= last % height);
    decode(&edit(bytes, &hole).bytes, &LIMITS).expect("an edited file can be decoded");
});
