//! Tests of the engine with models without a backend.

mod default_model;
mod devices;
mod fixture;
mod jobs;
mod lifecycle;
mod networks;
mod switching;
