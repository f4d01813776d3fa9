//! Declarations of `shim/module.h` and `shim/device.h`, and ownership of the texts it hands out.

use std::ffi::{CStr, c_char, c_int, c_void};

use torch_sys::C_tensor;

/// A loaded `torch::jit::Module`, opaque to Rust.
#[repr(C)]
pub struct RawModule {
    _private: [u8; 0],
}

/// `iopaint_rewritten`.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
pub struct RawRewritten {
    pub layers: i64,
    pub convolutions: i64,
    pub paddings: i64,
    pub norms: i64,
    pub activations: i64,
    pub sums: i64,
    pub residuals: i64,
    pub transforms: i64,
    pub winograd: i64,
    pub contiguous: i64,
}

/// `iopaint_loading`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawLoading {
    pub device: c_int,
    pub optimize: bool,
    pub channels_last: bool,
}

unsafe extern "C" {
    pub fn iopaint_configure(threads: c_int, tf32: bool);
    pub fn iopaint_instruction_set() -> *const c_char;
    pub fn iopaint_loop_threads() -> c_int;
    pub fn iopaint_cuda_device_count() -> c_int;
    pub fn iopaint_cuda_limit_memory(device: c_int, share: f64, error: *mut *mut c_char) -> bool;
    pub fn iopaint_cuda_release_memory();
    pub fn iopaint_pinned_bytes(count: i64, error: *mut *mut c_char) -> *mut C_tensor;
    pub fn iopaint_module_load_file(
        path: *const c_char,
        loading: *const RawLoading,
        rewritten: *mut RawRewritten,
        error: *mut *mut c_char,
    ) -> *mut RawModule;
    pub fn iopaint_module_load_bytes(
        bytes: *const c_void,
        size: usize,
        loading: *const RawLoading,
        rewritten: *mut RawRewritten,
        error: *mut *mut c_char,
    ) -> *mut RawModule;
    pub fn iopaint_module_free(module: *mut RawModule);
    pub fn iopaint_module_forward(
        module: *mut RawModule,
        inputs: *const *mut C_tensor,
        count: usize,
        tune: bool,
        out_of_memory: *mut bool,
        error: *mut *mut c_char,
    ) -> *mut C_tensor;
    fn iopaint_text_free(text: *mut c_char);
}

/// Takes over an error text of the shim.
///
/// # Safety
/// `text` is null or was left by a call of the shim and isn't used afterwards.
pub unsafe fn take_text(text: *mut c_char) -> String {
    if text.is_null() {
        return String::from("libtorch gave no reason");
    }
    // SAFETY: the shim leaves NUL-terminated texts; the caller hands over the only pointer to this one.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().trim().to_owned();
        iopaint_text_free(text);
        owned
    }
}
