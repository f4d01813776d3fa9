//! What clients send: bodies, fields and their coercion.

mod body;
mod coerce;
mod data;
mod inpaint;
mod json;

pub use body::read_inpaint;
pub use inpaint::{Answer, InpaintRequest};
pub use json::JsonBody;
