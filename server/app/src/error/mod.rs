//! Errors of the HTTP API: a closed list of codes and one JSON body.
//!
//! Use
//! - [`ApiError`] wherever a request fails: handlers, extractors and middleware return it, and its
//!   [`ErrorCode`] sets the HTTP status. Messages are sentences that a user can act on; causes that may name
//!   paths go to the log.
//! - the error enums of other modules and crates (`thiserror`) below HTTP; a `From` implementation here maps
//!   each variant to a code, so that handlers can use `?`. Errors of a module that returns [`ApiError`]
//!   itself are converted there.
//! - `anyhow::Error` only in the command line, before the server listens.
//!
//! A new failure needs a variant of [`ErrorCode`] only if clients must distinguish it; codes are part of the
//! API.

mod api_error;
mod code;
mod conversions;
mod job_errors;

pub use api_error::{ApiError, ErrorBody};
pub use code::ErrorCode;
pub use job_errors::JobErrors;
