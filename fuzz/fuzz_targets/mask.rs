//! Arbitrary bytes as a mask, dilated and eroded.

#![no_main]

use iopaint_imaging::morphology::{dilate, erode};
use iopaint_imaging::{DecodeLimits, Threshold, decode, decode_mask, encode_overlay};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 14,
    max_side: 1 << 10,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (radius, bytes) = input;
    let Ok(mask) = decode_mask(bytes, &LIMITS) else {
        return;
    };
    let picture = decode(bytes, &LIMITS).expect("a mask decodes as a picture");
    assert_eq!(mask.dimensions(), picture.rgb.dimensions());
    let mask = mask.binarized(Threshold::INPAINT_REQUEST);
    let (dilated, eroded) = (dilate(&mask, radius), erode(&mask, radius));
    for ((dilated, mask), eroded) in dilated.values().iter().zip(mask.values()).zip(eroded.values()) {
        assert!(dilated >= mask && mask >= eroded);
    }
    encode_overlay(&mask.inverted()).expect("a mask can be encoded as an overlay");
});
