//! A model whose forwards wait until the test lets them go on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use iopaint_engine::{ModelFile, ModelLoadError, ModelLoader, ModelSpec};
use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};

/// The test's end: knows of forwards that wait, and lets them go on.
pub struct Gate {
    arrived: Receiver<()>,
    open: Sender<()>,
}

/// The models' end.
#[derive(Clone)]
struct Gated {
    arrived: Sender<()>,
    open: Arc<Mutex<Receiver<()>>>,
}

/// A loader of such models and its gate.
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
    /// Waits until a forward waits.
    pub async fn arrival(self) -> Self {
        tokio::task::spawn_blocking(move || {
            self.arrived.recv().unwrap();
            self
        })
        .await
        .unwrap()
    }

    /// Lets one forward go on.
    pub fn open(&self) {
        self.open.send(()).unwrap();
    }

    /// Whether a forward has begun since the last arrival.
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
        // A test that is over holds nothing up.
        let _ = self.arrived.send(());
        let _ = self.open.lock().unwrap().recv();
        Ok(image.clone())
    }
}
