//! Hook for displaying the progress of downloads.

use std::fmt::Debug;

use crate::download::DownloadProgress;

/// Displays the progress of downloads.
pub trait DownloadReporter: Debug + Send + Sync {
    /// Begins the display of one file. `label` is the model's name, followed by the file name if the model
    /// has several files. The returned callback receives the progress, and is dropped at the end of the
    /// download.
    fn begin(&self, label: &str) -> Box<dyn Fn(DownloadProgress) + Send + Sync>;
}

/// Displays nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoDownloadReporter;

impl DownloadReporter for NoDownloadReporter {
    fn begin(&self, _: &str) -> Box<dyn Fn(DownloadProgress) + Send + Sync> {
        Box::new(|_| {})
    }
}
