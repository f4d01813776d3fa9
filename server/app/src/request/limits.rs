//! What a request may contain.

use axum::extract::FromRef;

use crate::state::AppState;

/// The bounds of what is inside a body.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Objects and lists within each other.
    pub max_json_depth: usize,
    /// Parts of a form.
    pub max_form_parts: usize,
    /// Places of a plugin's request that were clicked on.
    pub max_clicks: usize,
    /// By how many pixels a mask grows or shrinks; more counts as so many.
    pub max_kernel_size: u8,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_json_depth: 16,
            max_form_parts: 100,
            max_clicks: 256,
            max_kernel_size: iopaint_imaging::morphology::MAX_RADIUS,
        }
    }
}

impl FromRef<AppState> for RequestLimits {
    fn from_ref(state: &AppState) -> Self {
        state.limits.request
    }
}
