//! A model whose forward passes block until the test resumes them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use iopaint_engine::{ModelFile, ModelLoadError, ModelLoader, ModelSpec};
use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};

/// The test's side: waits for blocked forward passes and resumes them.
pub struct Gate {
    arrived: Receiver<()>,
    open: Sender<()>,
}

/// The models' side.
#[derive(Clone)]
struct Gated {
    arrived: Sender<()>,
    open: Arc<Mutex<Receiver<()>>>,
}

/// Returns a loader of such models and its gate.
pub fn gate() -> (Arc<dyn ModelLoader>, Gate) {
    let (arrived, arrivals) = channel();
    let (open, opened) = channel();
    let gated = Gated {
        arrived,
        open: Arc::new(Mutex::new(opened)),
    };
    (
        Arc::new(gated),
        Gate {
            arrived: arrivals,
            open,
        },
    )
}

impl Gate {
    /// Waits until a forward pass blocks.
    pub async fn arrival(self) -> Self {
        tokio::task::spawn_blocking(move || {
            self.arrived.recv().unwrap();
            self
        })
        .await
        .unwrap()
    }

    /// Resumes one forward pass.
    pub fn open(&self) {
        self.open.send(()).unwrap();
    }

    /// Returns true if a forward pass has started since the last arrival.
    pub fn has_arrived(&self) -> bool {
        self.arrived.try_recv().is_ok()
    }
}

impl ModelLoader for Gated {
    fn load(&self, _spec: &ModelSpec, _files: &[ModelFile]) -> Result<Box<dyn Inpainter>, ModelLoadError> {
        Ok(Box::new(self.clone()))
    }
}

impl Inpainter for Gated {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        _mask: &GrayImage,
        _context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        // The end of a test resumes everything.
        let _ = self.arrived.send(());
        let _ = self.open.lock().unwrap().recv();
        Ok(image.clone())
    }
}
