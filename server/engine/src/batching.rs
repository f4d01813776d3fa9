//! Forward passes of several jobs in one batch.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, Window};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::engine_metrics::EngineMetrics;

/// Interval at which a waiting pass checks for cancellation and its deadline.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Limits of the batches of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchOptions {
    /// Maximum number of images in a batch; 1: no batches.
    pub max_images: usize,
    /// Maximum time for which the first pass of a batch waits for others. Without other jobs on the model it
    /// doesn't wait.
    pub max_wait: Duration,
}

impl Default for BatchOptions {
    /// No batches.
    fn default() -> Self {
        Self {
            max_images: 1,
            max_wait: Duration::from_millis(2),
        }
    }
}

/// Returns `count` handles of a model whose overlapping passes run in batches.
///
/// # Errors
/// The model, unchanged, if it runs no batches or `options` allow none.
pub(crate) fn batching_handles(
    model: Box<dyn Inpainter>,
    count: usize,
    options: BatchOptions,
    metrics: Arc<dyn EngineMetrics>,
) -> Result<Vec<BatchingInpainter>, Box<dyn Inpainter>> {
    if options.max_images < 2 || count < 2 || !model.runs_batches() {
        return Err(model);
    }
    let batcher = Arc::new(Batcher {
        padding: model.padding(),
        window: model.window(),
        max_forward_pixels: model.max_forward_pixels(),
        max_hole_depth_px: model.max_hole_depth_px(),
        options,
        metrics,
        model: Mutex::new(model),
        state: Mutex::new(BatcherState {
            max_pixels: u64::MAX,
            ..BatcherState::default()
        }),
        changed: Condvar::new(),
    });
    Ok((0..count)
        .map(|_| BatchingInpainter(Arc::clone(&batcher)))
        .collect())
}

/// A handle of a model whose passes run in batches with those of the other handles.
pub(crate) struct BatchingInpainter(Arc<Batcher>);

/// The rendezvous of the passes of one model on one device. The threads of the handles take turns at running
/// batches: while one runs, the others wait or add their passes to the queue.
struct Batcher {
    padding: Padding,
    window: Option<Window>,
    max_forward_pixels: Option<u64>,
    max_hole_depth_px: f32,
    options: BatchOptions,
    metrics: Arc<dyn EngineMetrics>,
    model: Mutex<Box<dyn Inpainter>>,
    state: Mutex<BatcherState>,
    changed: Condvar,
}

#[derive(Default)]
struct BatcherState {
    /// Passes that wait, oldest first.
    waiting: Vec<Pass>,
    /// Results that their threads haven't taken yet, by the id of the pass.
    finished: Vec<(u64, PassResult)>,
    /// True while a thread collects or runs a batch.
    busy: bool,
    /// True if the last batch had several images, or other passes waited at its end: more are likely to come.
    crowded: bool,
    /// Largest batch in pixels; lowered when a batch runs out of memory.
    max_pixels: u64,
    next_id: u64,
}

/// A pass that waits. Image and mask are copies, as another thread runs them.
struct Pass {
    id: u64,
    image: RgbImage,
    mask: Coverage,
    /// Largest batch in pixels that the pass may be a part of.
    max_pixels: u64,
}

/// The result of a pass, or the payload of its panic.
type PassResult = Result<Result<RgbImage, ForwardError>, Box<dyn Any + Send>>;

impl Inpainter for BatchingInpainter {
    fn padding(&self) -> Padding {
        self.0.padding
    }

    fn window(&self) -> Option<Window> {
        self.0.window
    }

    fn max_forward_pixels(&self) -> Option<u64> {
        self.0.max_forward_pixels
    }

    fn max_hole_depth_px(&self) -> f32 {
        self.0.max_hole_depth_px
    }

    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self(Arc::clone(&self.0))))
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        match self.0.run(image, mask, context) {
            Ok(result) => result,
            // Ends the job of this pass, as without batches.
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Batcher {
    /// Adds a pass to the queue and returns its result, which this thread or another one computes.
    fn run(&self, image: &RgbImage, mask: &Coverage, context: &Context<'_>) -> PassResult {
        let mut state = self.state.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.waiting.push(Pass {
            id,
            image: image.clone(),
            mask: mask.clone(),
            max_pixels: context.options.max_forward_pixels,
        });
        // The thread that collects a batch waits for this.
        self.changed.notify_all();
        loop {
            if let Some(index) = state.finished.iter().position(|(other, _)| *other == id) {
                return state.finished.swap_remove(index).1;
            }
            if let Some(index) = state.waiting.iter().position(|pass| pass.id == id)
                && let ControlFlow::Break(stop) = context.monitor.step(0, 1)
            {
                state.waiting.remove(index);
                return Ok(Err(stop.into()));
            }
            if state.busy {
                self.changed.wait_for(&mut state, CHECK_INTERVAL);
                continue;
            }
            state.busy = true;
            let batch = self.collect(&mut state);
            let (results, out_of_memory) =
                MutexGuard::unlocked(&mut state, || self.run_batch(&batch, context));
            if out_of_memory {
                let pixels: u64 = batch.iter().map(Pass::pixels).sum();
                state.max_pixels = state.max_pixels.min(pixels / 2);
            }
            state.crowded = batch.len() > 1 || !state.waiting.is_empty();
            let ids = batch.into_iter().map(|pass| pass.id);
            state.finished.extend(ids.zip(results));
            state.busy = false;
            self.changed.notify_all();
        }
    }

    /// Removes the passes of the next batch from the queue: those of the oldest pass's size, the oldest
    /// first. If other passes are likely to come, waits for them until the batch is full, at most for the
    /// maximum time.
    fn collect(&self, state: &mut MutexGuard<'_, BatcherState>) -> Vec<Pass> {
        let ends = Instant::now() + self.options.max_wait;
        let limit = self.options.max_images;
        while state.crowded && state.batch_len(limit) < state.max_images(limit) {
            if self.changed.wait_until(state, ends).timed_out() {
                break;
            }
        }
        let len = state.batch_len(limit);
        let Some(size) = state.waiting.first().map(|pass| pass.image.dimensions()) else {
            return Vec::new();
        };
        let (mut batch, mut rest) = (Vec::new(), Vec::new());
        for pass in std::mem::take(&mut state.waiting) {
            if batch.len() < len && pass.image.dimensions() == size {
                batch.push(pass);
            } else {
                rest.push(pass);
            }
        }
        state.waiting = rest;
        batch
    }

    /// Runs a batch. If it fails as a whole, for example for lack of memory, its passes run one by one. Also
    /// returns true if the batch ran out of memory.
    fn run_batch(&self, batch: &[Pass], context: &Context<'_>) -> (Vec<PassResult>, bool) {
        let mut model = self.model.lock();
        let mut out_of_memory = false;
        if batch.len() > 1 {
            let inputs: Vec<_> = batch.iter().map(|pass| (&pass.image, &pass.mask)).collect();
            let run = AssertUnwindSafe(|| model.forward_batch(&inputs, context));
            match catch_unwind(run) {
                Ok(Ok(results)) if results.len() == batch.len() => {
                    self.metrics.batch_ended(batch.len());
                    let results = results.into_iter().map(|result| Ok(Ok(result)));
                    return (results.collect(), false);
                }
                Ok(Err(error)) => {
                    out_of_memory = matches!(error, ForwardError::OutOfMemory(_));
                    tracing::warn!(images = batch.len(), %error, "A batch failed; its images run one by one");
                }
                // A panic was logged by the panic hook.
                Ok(Ok(_)) | Err(_) => {
                    tracing::error!(
                        images = batch.len(),
                        "A batch returned no results; its images run one by one"
                    );
                }
            }
        }
        let forward = |pass: &Pass| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                model.forward(&pass.image, &pass.mask, context)
            }));
            self.metrics.batch_ended(1);
            result
        };
        (batch.iter().map(forward).collect(), out_of_memory)
    }
}

impl BatcherState {
    /// Returns the number of waiting passes that fit a batch with the oldest one.
    fn batch_len(&self, max_images: usize) -> usize {
        let Some(size) = self.waiting.first().map(|pass| pass.image.dimensions()) else {
            return 0;
        };
        let same_size = self.waiting.iter().filter(|pass| pass.image.dimensions() == size);
        same_size.count().min(self.max_images(max_images))
    }

    /// Returns the largest number of images in a batch with the oldest waiting pass, at most `limit`.
    fn max_images(&self, limit: usize) -> usize {
        let by_pixels = self.waiting.first().map_or(0, |oldest| {
            oldest.max_pixels.min(self.max_pixels) / oldest.pixels().max(1)
        });
        usize::try_from(by_pixels).unwrap_or(usize::MAX).clamp(1, limit)
    }
}

impl Pass {
    fn pixels(&self) -> u64 {
        u64::from(self.image.width()) * u64::from(self.image.height())
    }
}

#[cfg(test)]
mod tests;
