//! What a file carries beside its pixels.

/// The parts of a file's metadata that outlive an edit, cleaned of what would lie or leak.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata {
    /// ICC profile of the pixels' own (RGB) colour space.
    pub icc: Option<Vec<u8>>,
}
