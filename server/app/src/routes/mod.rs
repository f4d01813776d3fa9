//! The HTTP API, one file a subject.

pub mod catalogue;
pub mod config;
pub mod health;
pub mod inpaint;
pub mod job;
pub mod model;
