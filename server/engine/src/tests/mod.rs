//! The engine with models that do what a test says.

mod default_model;
mod fake;
mod jobs;
mod life;
mod switching;
