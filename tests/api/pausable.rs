//! A loader of models whose forwards pause until the test resumes them.

use std::sync::Arc;

use iopaint_engine::{LoadedModel, ModelFile, ModelLoadError, ModelLoader, ModelSpec};
use iopaint_test_support::{ModelControl, PausableModel};

struct PausableLoader(PausableModel);

/// Returns a loader of pausable models and their control.
pub fn pausable_models() -> (Arc<dyn ModelLoader>, ModelControl) {
    let (model, control) = PausableModel::new();
    (Arc::new(PausableLoader(model)), control)
}

impl ModelLoader for PausableLoader {
    fn load(&self, _: &ModelSpec, _: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        Ok(Box::new(self.0.clone()).into())
    }
}
