//! Any bytes as a mask, grown and shrunk.

#![no_main]

use iopaint_imaging::morphology::{dilate, erode, invert};
use iopaint_imaging::{Limits, decode, decode_mask, encode_overlay, threshold};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_pixels: 1 << 14,
    max_side: 1 << 10,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (radius, bytes) = input;
    let Ok(mut mask) = decode_mask(bytes, &LIMITS) else {
        return;
    };
    let picture = decode(bytes, &LIMITS).expect("a mask is a picture");
    assert_eq!(mask.dimensions(), picture.rgb.dimensions());
    threshold(&mut mask, 128);
    let (grown, shrunk) = (dilate(&mask, radius), erode(&mask, radius));
    for ((grown, mask), shrunk) in grown.pixels().zip(mask.pixels()).zip(shrunk.pixels()) {
        assert!(grown.0 >= mask.0 && mask.0 >= shrunk.0);
    }
    invert(&mut mask);
    encode_overlay(&mask).expect("a mask can be shown");
});
