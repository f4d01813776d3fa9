//! Arbitrary bytes as a picture: decoded files can be probed and encoded again.

#![no_main]

use iopaint_imaging::{DecodeLimits, EncodeOptions, Mask, decode, probe};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 16,
    max_side: 1 << 12,
};

fuzz_target!(|bytes: &[u8]| {
    let probed = probe(bytes, &LIMITS);
    let Ok(picture) = decode(bytes, &LIMITS) else {
        return;
    };
    let header = probed.expect("a decodable file can be probed");
    let (width, height) = picture.rgb.dimensions();
    assert!(u64::from(width) * u64::from(height) <= LIMITS.max_pixels);
    assert_eq!(
        u64::from(header.width) * u64::from(header.height),
        u64::from(width) * u64::from(height)
    );
    let result = picture.rgb.clone();
    let hole = Mask::full(width, height);
    let encoded = picture
        .preserved
        .encode(&result, &hole, &EncodeOptions::default())
        .expect("a decoded picture can be encoded");
    decode(&encoded.bytes, &LIMITS).expect("an encoded file can be decoded");
});
