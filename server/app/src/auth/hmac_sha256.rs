//! HMAC-SHA-256 (RFC 2104), which signs session cookies.

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns the HMAC-SHA-256 of a message.
///
/// # Errors
/// None in practice: HMAC accepts keys of any length.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Result<[u8; 32], InvalidLength> {
    let mac = Hmac::<Sha256>::new_from_slice(key)?.chain_update(message);
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_test_case_1() {
        let code = hmac_sha256(&[0x0b; 20], b"Hi There").unwrap();
        assert_eq!(code[..4], [0xb0, 0x34, 0x4c, 0x61]);
        assert_eq!(code[28..], [0x2e, 0x32, 0xcf, 0xf7]);
    }
}
