//! The memory that requests may hold: their bodies, their decoded pictures, their answers.

use axum::body::Bytes;
use axum::http::HeaderMap;
use iopaint_engine::{ByteBudget, Reservation};

use crate::request::content_length;

/// The memory that a pixel of a picture takes on its way: what was decoded with its mask, what the model answers, and
/// what is encoded from; transparency and 16-bit samples included.
const BYTES_PER_PIXEL: u64 = 12;
/// The share of the memory that bodies may take, as its inverse. They have a share of their own: a request holds its
/// body while it waits for room for its pixels, and those who hold pixels must not wait for bodies in turn.
const SHARE_OF_BODIES: u64 = 4;

/// Who may hold how much. Clones share it.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// Room for bodies as they arrive.
    pub bodies: ByteBudget,
    /// Room for decoded pictures and for answers.
    pub pixels: ByteBudget,
}

impl InFlight {
    /// `bytes` in all.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let bodies = bytes / SHARE_OF_BODIES;
        Self {
            bodies: ByteBudget::new(bodies),
            pixels: ByteBudget::new(bytes - bodies),
        }
    }
}

/// The bytes that a request's body will take: the length that it names, or the longest there may be.
pub fn body_bytes(headers: &HeaderMap, longest: usize) -> u64 {
    let longest = longest as u64;
    content_length(headers).map_or(longest, |length| length.min(longest))
}

/// The bytes that a picture of so many pixels will take.
pub fn picture_bytes(pixels: u64) -> u64 {
    pixels.saturating_mul(BYTES_PER_PIXEL)
}

/// An answer that holds its room until the last byte of it is on its way.
pub fn counted(answer: Vec<u8>, mut reservation: Reservation) -> Bytes {
    reservation.shrink_to(answer.len() as u64);
    Bytes::from_owner(Counted {
        answer,
        _reservation: reservation,
    })
}

struct Counted {
    answer: Vec<u8>,
    _reservation: Reservation,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::CONTENT_LENGTH;
    use iopaint_engine::ClientKey;

    use super::*;

    #[test]
    fn a_body_counts_as_long_as_it_says_and_one_that_does_not_as_the_longest() {
        let mut headers = HeaderMap::new();
        assert_eq!(body_bytes(&headers, 100), 100);
        for (length, expected) in [("7", 7), ("1000", 100), ("x", 100)] {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
            assert_eq!(body_bytes(&headers, 100), expected);
        }
    }

    #[tokio::test]
    async fn an_answer_holds_its_room_until_its_last_byte_is_gone() {
        let room = InFlight::new(1000);
        let reservation = room.pixels.reserve(&ClientKey::new("me"), 700).await;
        let mut answer = counted(vec![1; 50], reservation);
        assert_eq!(room.pixels.reserved(), 50);
        let rest = answer.split_off(10);
        drop(answer);
        assert_eq!(room.pixels.reserved(), 50);
        drop(rest);
        assert_eq!(room.pixels.reserved(), 0);
    }
}
