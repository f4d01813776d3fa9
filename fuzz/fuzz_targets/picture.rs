//! Any bytes as a picture: recognised or refused, and what is decoded can be written again.

#![no_main]

use iopaint_imaging::{EncodeOptions, GrayImage, Limits, decode, probe};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
    max_side: 1 << 12,
};

fuzz_target!(|bytes: &[u8]| {
    let probed = probe(bytes, &LIMITS);
    let Ok(picture) = decode(bytes, &LIMITS) else {
        return;
    };
    let header = probed.expect("what can be decoded can be recognised");
    let (width, height) = picture.rgb.dimensions();
    assert!(u64::from(width) * u64::from(height) <= LIMITS.max_pixels);
    assert_eq!(
        u64::from(header.width) * u64::from(header.height),
        u64::from(width) * u64::from(height)
    );
    let result = picture.rgb.clone();
    let mask = GrayImage::from_pixel(width, height, [255].into());
    let encoded = picture
        .encode(&result, &mask, &EncodeOptions::default())
        .expect("what was decoded can be encoded");
    decode(&encoded.bytes, &LIMITS).expect("what was encoded can be decoded");
});
