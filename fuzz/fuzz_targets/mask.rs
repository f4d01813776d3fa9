//! Arbitrary bytes as a mask, dilated and eroded.

#![no_main]

use iopaint_imaging::morphology::{dilate, erode, invert};
use iopaint_imaging::{DecodeLimits, decode, decode_mask, encode_overlay, threshold};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 14,
    max_side: 1 << 10,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (radius, bytes) = input;
    let Ok(mut mask) = decode_mask(bytes, &LIMITS) else {
        return;
    };
    let picture = decode(bytes, &LIMITS).expect("a mask decodes as a picture");
    assert_eq!(mask.dimensions(), picture.rgb.dimensions());
    threshold(&mut mask, 128);
    let (dilated, eroded) = (dilate(&mask, radius), erode(&mask, radius));
    for ((dilated, mask), eroded) in dilated.pixels().zip(mask.pixels()).zip(eroded.pixels()) {
        assert!(dilated.0 >= mask.0 && mask.0 >= eroded.0);
    }
    invert(&mut mask);
    encode_overlay(&mask).expect("a mask can be encoded as an overlay");
});
