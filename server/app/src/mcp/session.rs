//! Ids that connect the requests of one client, without a stored session.
//!
//! The response to `initialize` has a random `Mcp-Session-Id`, which clients send with later requests. It
//! distinguishes the JSON-RPC ids of several clients with one API key, so that a cancellation finds its job.

use axum::http::{HeaderMap, HeaderName};
use rmcp::model::RequestId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::middleware::client_id::ClientId;

/// Header with the session's id.
pub const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Response headers that pages of allowed origins may read.
pub const EXPOSED_HEADERS: [HeaderName; 1] = [MCP_SESSION_ID];
/// Request headers that pages of allowed origins may send.
pub const REQUEST_HEADERS: [HeaderName; 4] = [
    MCP_SESSION_ID,
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-name"),
];

/// A client and its session.
#[derive(Clone, Debug)]
pub struct Session {
    client: String,
    id: Option<Vec<u8>>,
}

impl Session {
    /// Returns the session of a request.
    pub fn of(client: &ClientId, headers: &HeaderMap) -> Self {
        Self {
            client: client.to_string(),
            id: headers.get(MCP_SESSION_ID).map(|id| id.as_bytes().to_vec()),
        }
    }

    /// Returns the id of the job that runs the JSON-RPC request `request`; `None` without a session id.
    pub fn job_id(&self, request: &RequestId) -> Option<Uuid> {
        let id = self.id.as_ref()?;
        let request = serde_json::to_vec(request).ok()?;
        let mut hash = Sha256::new();
        for part in [self.client.as_bytes(), id, &request] {
            // The lengths keep the parts apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let bytes = hash.finalize();
        Some(uuid::Builder::from_custom_bytes(bytes.first_chunk().copied()?).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn session(client: &str, id: Option<&'static str>) -> Session {
        let mut headers = HeaderMap::new();
        if let Some(id) = id {
            headers.insert(MCP_SESSION_ID, HeaderValue::from_static(id));
        }
        Session::of(&ClientId::default().with_key(client), &headers)
    }

    #[test]
    fn job_id_differs_by_client_session_and_request() {
        let number = RequestId::Number(1);
        let ids = [
            session("a", Some("s")).job_id(&number),
            session("b", Some("s")).job_id(&number),
            session("a", Some("t")).job_id(&number),
            session("a", Some("s")).job_id(&RequestId::Number(2)),
            session("a", Some("s")).job_id(&RequestId::String("1".into())),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(id.is_some() && !ids[..index].contains(id));
        }
        assert_eq!(ids[0], session("a", Some("s")).job_id(&number));
        assert_eq!(session("a", None).job_id(&number), None);
    }
}
