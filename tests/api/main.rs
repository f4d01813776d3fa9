//! The router, driven in-process: real models through libtorch, no network.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod catalogue;
mod clients;
mod coercion;
mod encodings;
mod errors;
mod events;
mod faces;
mod faults;
mod file_names;
mod files;
mod goldens;
mod guards;
mod hang_ups;
mod harness;
mod hostile;
mod jobs;
mod jpeg;
mod keys;
mod limits;
mod mask_edges;
mod mcp;
mod models;
mod orientation;
mod page;
mod patch;
mod pausable;
mod photos;
mod plain_pages;
mod plugins;
mod promises;
mod prompts;
mod root_path;
mod sam2;
mod stateless;
mod surface;
mod zits;
