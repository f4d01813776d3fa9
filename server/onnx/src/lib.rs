//! ONNX models through `rten`, on the CPU. Loading and running a file never executes code from it and is
//! memory-safe. The memory and the time that a file uses aren't limited: model files are as trusted as the
//! server's configuration.

mod error;
mod framing;
mod network;

pub use error::ModelFileError;
pub use network::OnnxNetwork;
