//! Request bodies and fields: formats, limits, and lenient conversion.

pub mod base64_image;
mod body_error;
mod body_limits;
pub mod coerce;
mod content_disposition;
mod deadline;
mod inpaint_body;
mod inpaint_choices;
mod inpaint_request;
mod json_body;
mod lama_cleaner_form;
mod multipart_form;
mod patch_form;
pub mod plugin_request;
mod query_fields;

pub use body_limits::{RequestLimits, content_length};
pub use deadline::{X_REQUEST_TIMEOUT_MS, deadline, within};
pub use inpaint_body::{InpaintInput, read_inpaint_body};
pub use inpaint_choices::{Answer, HdStrategyName};
pub use inpaint_request::{InpaintRequest, MAX_DILATE, MAX_FEATHER};
pub use json_body::{JsonBody, expect_json, expect_shallow, from_object, read_body};
pub use lama_cleaner_form::read_lama_cleaner_form;
pub use multipart_form::read_upload;
pub use patch_form::{PatchForm, read_patch_form};
pub use query_fields::QueryFields;
