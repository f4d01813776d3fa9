//! A batch of images, several in flight: while the model runs one, the next is decoded and the previous is
//! written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};

use super::batch_context::BatchContext;
use super::pairing::Pair;
use super::report::FileOutcome;
use super::resume::is_complete;
use super::work::Work;

/// A batch: its work, and the settings of all images.
pub struct Batch {
    pub context: BatchContext,
    pub work: Work,
    /// Skips images with a complete, current result.
    pub resume: bool,
}

impl Batch {
    /// Processes the images of `pairs`, at most `max_in_flight` at a time. Yields outcomes in the order of
    /// `pairs`.
    pub fn process_all(
        self: &Arc<Self>,
        pairs: Vec<Pair>,
        max_in_flight: usize,
    ) -> impl Stream<Item = (Pair, FileOutcome)> {
        let batch = Arc::clone(self);
        stream::iter(pairs)
            .map(move |pair| {
                let batch = Arc::clone(&batch);
                async move {
                    let outcome = batch.process(&pair).await;
                    (pair, outcome)
                }
            })
            .buffered(max_in_flight)
    }

    async fn process(&self, pair: &Pair) -> FileOutcome {
        if pair.mask.is_none() && self.work.needs_mask_file() {
            return FileOutcome::NoMask;
        }
        if self.resume {
            let result = self.context.output.join(&pair.result);
            let inputs = self.work.inputs(&self.context, pair);
            let is_current = move || {
                let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
                is_complete(&result, &inputs)
            };
            if let Ok(true) = self.context.codecs.run(is_current).await {
                return FileOutcome::Skipped;
            }
        }
        match self.work.process(&self.context, pair).await {
            Ok(scaled) => FileOutcome::Done { scaled },
            Err(error) => FileOutcome::Failed(format!("{error:#}")),
        }
    }
}
