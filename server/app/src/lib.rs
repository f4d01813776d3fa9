//! The server around the engine: HTTP, the page inside the binary, the command line.

mod blocking;
pub mod cli;
mod codec;
pub mod error;
mod events;
pub mod files;
mod guard;
pub mod health;
mod jobs;
pub mod manual;
pub mod model_files;
mod reference;
mod request;
mod root_path;
mod router;
mod routes;
pub mod run;
pub mod server;
pub mod settings;
mod shutdown;
mod startup;
mod state;
pub mod telemetry;
mod ui;

pub use codec::CodecPool;
pub use events::Events;
pub use guard::{AllowedHosts, AllowedOrigins};
pub use jobs::Jobs;
pub use root_path::RootPath;
pub use router::{openapi, router};
pub use state::{AppState, ServerLimits};
