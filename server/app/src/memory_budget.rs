//! Memory budgets of requests: their bodies, decoded images and encoded results.

use axum::body::Bytes;
use axum::http::HeaderMap;
use iopaint_engine::{ByteBudget, Reservation};

use crate::request::content_length;

/// Memory per image pixel in bytes: decoded image and mask, model output and encoder input, including
/// transparency and 16-bit samples.
const BYTES_PER_PIXEL: u64 = 12;
/// Divisor of the total that gives the budget of bodies: a quarter. It is separate from the pixel budget,
/// since a request holds its body while it waits for pixel memory; a common budget could deadlock.
const BODY_SHARE: u64 = 4;

/// The memory budgets of all requests. Clones share them.
#[derive(Clone, Debug)]
pub struct MemoryBudgets {
    /// Budget of request bodies, in bytes.
    pub bodies: ByteBudget,
    /// Budget of decoded images and encoded results, in bytes.
    pub pixels: ByteBudget,
}

impl MemoryBudgets {
    /// Splits a total of `bytes` into the budgets.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let bodies = bytes / BODY_SHARE;
        Self {
            bodies: ByteBudget::new(bodies),
            pixels: ByteBudget::new(bytes - bodies),
        }
    }
}

/// Returns the memory to reserve for a request body: its declared length, or `max` if it declares none or
/// more.
pub fn body_bytes(headers: &HeaderMap, max: usize) -> u64 {
    let max = max as u64;
    content_length(headers).map_or(max, |length| length.min(max))
}

/// Returns the memory to reserve for an image of `pixels` pixels, in bytes.
pub fn image_bytes(pixels: u64) -> u64 {
    pixels.saturating_mul(BYTES_PER_PIXEL)
}

/// Returns a response body that holds its reservation, reduced to the body's length, until all of it is sent.
pub fn reserved_body(bytes: Vec<u8>, mut reservation: Reservation) -> Bytes {
    reservation.shrink_to(bytes.len() as u64);
    Bytes::from_owner(ReservedBody {
        bytes,
        _reservation: reservation,
    })
}

struct ReservedBody {
    bytes: Vec<u8>,
    _reservation: Reservation,
}

impl AsRef<[u8]> for ReservedBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_LENGTH;
    use iopaint_engine::ClientKey;

    use super::*;

    #[test]
    fn body_without_a_length_counts_as_the_maximum() {
        let mut headers = HeaderMap::new();
        assert_eq!(body_bytes(&headers, 100), 100);
        for (length, expected) in [("7", 7), ("1000", 100), ("x", 100)] {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
            assert_eq!(body_bytes(&headers, 100), expected);
        }
    }

    #[tokio::test]
    async fn body_holds_its_reservation_until_sent() {
        let budgets = MemoryBudgets::new(1000);
        let reservation = budgets.pixels.reserve(&ClientKey::new("me"), 700).await;
        let mut body = reserved_body(vec![1; 50], reservation);
        assert_eq!(budgets.pixels.reserved(), 50);
        let rest = body.split_off(10);
        drop(body);
        assert_eq!(budgets.pixels.reserved(), 50);
        drop(rest);
        assert_eq!(budgets.pixels.reserved(), 0);
    }
}
