//! What clients send: bodies, fields and their coercion.

mod body;
mod coding;
pub mod coerce;
pub mod data;
mod disposition;
mod form;
mod inpaint;
mod json;
mod legacy;
mod limits;
mod query;
mod rate;
mod timing;

pub use body::{Inpaint, read_inpaint};
pub use coding::{DecodingError, decode_content};
pub use form::read_upload;
pub use inpaint::{Answer, InpaintRequest};
pub use json::JsonBody;
pub use legacy::read_legacy;
pub use limits::{RequestLimits, content_length, limit_length};
pub use query::QueryFields;
pub use rate::{MinBodyRate, RatedBody, TooSlow, limit_rate};
pub use timing::{X_REQUEST_TIMEOUT_MS, deadline, within};
