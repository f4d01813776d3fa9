//! Memory reservations of an HTTP request to `/mcp`, held until its response is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use iopaint_engine::Reservation;
use parking_lot::Mutex;

/// The memory reservations of a tool call. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct CallMemory(Arc<Mutex<Option<Reservation>>>);

impl CallMemory {
    /// Holds `reservation` until the response is sent, instead of the current one.
    pub fn hold(&self, reservation: Reservation) {
        let replaced = self.0.lock().replace(reservation);
        // Outside the lock: dropping a reservation grants waiting ones.
        drop(replaced);
    }

    /// Returns the current reservation, and holds none.
    pub fn take(&self) -> Option<Reservation> {
        self.0.lock().take()
    }
}

/// A response body whose chunks hold the memory of the call until they are sent.
#[derive(Debug)]
pub struct MeteredBody {
    body: Body,
    memory: CallMemory,
}

impl MeteredBody {
    /// Returns `body` with the memory of its call.
    pub fn new(body: Body, memory: CallMemory) -> Self {
        Self { body, memory }
    }
}

impl http_body::Body for MeteredBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        let memory = &self.memory;
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| {
                    Bytes::from_owner(MeteredBytes {
                        bytes,
                        _memory: memory.clone(),
                    })
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct MeteredBytes {
    bytes: Bytes,
    _memory: CallMemory,
}

impl AsRef<[u8]> for MeteredBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use iopaint_engine::{ByteBudget, ClientKey};

    use super::*;

    #[tokio::test]
    async fn memory_is_held_until_chunks_are_dropped() {
        let budget = ByteBudget::new(100);
        let memory = CallMemory::default();
        memory.hold(budget.reserve(&ClientKey::new("me"), 60).await);
        let mut body = MeteredBody::new(Body::from("result"), memory);
        let chunk = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(chunk, "result");
        drop(body);
        assert_eq!(budget.reserved(), 60);
        drop(chunk);
        assert_eq!(budget.reserved(), 0);
    }
}
