//! The file of an image that is edited in place.

use bytes::Bytes;
use iopaint_imaging::DecodeLimits;

/// The file of an image and the limits within which it was decoded.
#[derive(Debug)]
pub struct OriginalFile {
    pub bytes: Bytes,
    pub limits: DecodeLimits,
}
