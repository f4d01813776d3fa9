//! What clients send: bodies, fields and their coercion.

mod body;
pub mod coerce;
pub mod data;
mod form;
mod inpaint;
mod json;
mod legacy;
mod limits;
mod query;
mod rate;
mod timing;

pub use body::{Inpaint, read_inpaint};
pub use form::read_upload;
pub use inpaint::{Answer, InpaintRequest};
pub use json::JsonBody;
pub use legacy::read_legacy;
pub use limits::RequestLimits;
pub use query::QueryFields;
pub use rate::{MinBodyRate, TooSlow, limit_rate};
pub use timing::{X_REQUEST_TIMEOUT_MS, deadline, within};
