//! The HTTP API, one file per subject.

pub mod catalogue;
pub mod config;
pub mod decode;
pub mod files;
pub mod gen_info;
pub mod inpaint;
pub mod job;
pub mod legacy;
pub mod mask;
pub mod media;
pub mod model;
pub mod plugins;
pub mod probes;
pub mod prometheus;
pub mod session;
