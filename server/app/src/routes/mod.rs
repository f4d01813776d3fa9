//! The HTTP API, one file per subject.

pub mod catalogue;
pub mod config;
pub mod decode;
pub mod detect;
pub mod files;
pub mod gen_info;
pub mod inpaint;
pub mod job;
pub mod job_request;
pub mod legacy;
pub mod mask;
pub mod media;
pub mod model;
pub mod patch;
mod plugin_job;
pub mod plugins;
pub mod probes;
pub mod prometheus;
mod server_timing;
pub mod session;
pub mod upscale;
