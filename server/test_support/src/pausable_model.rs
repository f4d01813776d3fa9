//! A model without a backend whose forwards pause until the test resumes them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::with_deadline;

/// Red of an image's first pixel that makes a [`PausableModel::by_first_pixel`] panic.
pub const PANIC: u8 = 1;
/// Red of an image's first pixel that makes a [`PausableModel::by_first_pixel`] fail.
pub const FAIL: u8 = 2;
/// Red of an image's first pixel that makes a [`PausableModel::by_first_pixel`] run out of memory.
pub const OUT_OF_MEMORY: u8 = 3;
/// Red of an image's first pixel that makes a [`PausableModel::by_first_pixel`] pause.
pub const PAUSE: u8 = 4;

/// A model whose forwards pause. Clones share one [`ModelControl`].
#[derive(Clone, Debug)]
pub struct PausableModel {
    pauses_always: bool,
    /// Grey level of the output; `None`: the input image is returned.
    output: Option<u8>,
    paused: UnboundedSender<()>,
    resume: Arc<Mutex<Receiver<()>>>,
}

/// The test's end of a [`PausableModel`].
#[derive(Debug)]
pub struct ModelControl {
    paused: UnboundedReceiver<()>,
    resume: Sender<()>,
}

impl PausableModel {
    /// Creates a model that pauses in each forward and returns its input.
    #[must_use]
    pub fn new() -> (Self, ModelControl) {
        let (paused, paused_receiver) = unbounded_channel();
        let (resume, resume_receiver) = channel();
        let model = Self {
            pauses_always: true,
            output: None,
            paused,
            resume: Arc::new(Mutex::new(resume_receiver)),
        };
        let control = ModelControl {
            paused: paused_receiver,
            resume,
        };
        (model, control)
    }

    /// Creates a model that pauses, fails or panics if the red of the image's first pixel is [`PAUSE`],
    /// [`FAIL`] and so on.
    #[must_use]
    pub fn by_first_pixel() -> (Self, ModelControl) {
        let (model, control) = Self::new();
        let model = Self {
            pauses_always: false,
            ..model
        };
        (model, control)
    }

    /// Returns a model that outputs images of one grey level.
    #[must_use]
    pub fn with_output(&self, grey: u8) -> Self {
        Self {
            output: Some(grey),
            ..self.clone()
        }
    }

    fn pause(&self) {
        // Fail if the test has ended, which resumes all forwards.
        let _ = self.paused.send(());
        let _ = self.resume.lock().recv();
    }
}

impl ModelControl {
    /// Waits until a forward pauses.
    ///
    /// # Panics
    /// If none pauses before the deadline.
    pub async fn wait_until_paused(&mut self) {
        let paused = with_deadline("a forward pauses", self.paused.recv()).await;
        assert!(paused.is_some(), "the model was dropped");
    }

    /// Resumes one forward.
    ///
    /// # Panics
    /// If the model was dropped.
    pub fn resume(&self) {
        assert!(self.resume.send(()).is_ok(), "the model was dropped");
    }

    /// Returns true if another forward has paused since the last call of [`ModelControl::wait_until_paused`].
    pub fn has_paused(&mut self) -> bool {
        self.paused.try_recv().is_ok()
    }
}

impl Inpainter for PausableModel {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(self.clone()))
    }

    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    #[expect(clippy::panic, reason = "tests need a model that panics")]
    fn forward(
        &mut self,
        image: &RgbImage,
        _mask: &Coverage,
        _context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let red = image.as_raw().first().copied().unwrap_or_default();
        match red {
            _ if self.pauses_always => self.pause(),
            PANIC => panic!("a model's bug"),
            FAIL => return Err(ForwardError::Failed("failed as requested".into())),
            OUT_OF_MEMORY => return Err(ForwardError::OutOfMemory("failed as requested".into())),
            PAUSE => self.pause(),
            _ => {}
        }
        let output = |grey: u8| RgbImage::from_pixel(image.width(), image.height(), [grey; 3].into());
        Ok(self.output.map_or_else(|| image.clone(), output))
    }
}
