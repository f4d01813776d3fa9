//! Which model, when and in what order: the registry of models, their files on disk and from the network, the queue
//! and the thread that owns a loaded model.

mod locate;
mod registry;
mod verify;

pub use locate::{ModelFile, ModelStore, NoModelDir};
pub use registry::{
    FileSpec, Format, Hashes, ModelInfo, ModelSpec, ModelType, Origin, Registry, RegistryError,
};
pub use verify::{Digest, Verdict, VerifyError, verify};
