//! The HTTP API, one file a subject.

pub mod catalogue;
pub mod config;
pub mod decode;
pub mod files;
pub mod gen_info;
pub mod health;
pub mod inpaint;
pub mod job;
pub mod legacy;
pub mod mask;
pub mod media;
pub mod metrics;
pub mod model;
pub mod plugins;
pub mod session;
