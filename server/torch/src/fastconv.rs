//! Declarations of `fastconv/fastconv.h`.

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn fastconv_instruction_set() -> *const c_char;
    fn fastconv_loop_threads() -> c_int;
    fn fastconv_supports_bf16() -> bool;
}

/// Returns the instruction set of rewritten graphs on this processor.
pub(crate) fn instruction_set() -> &'static str {
    // SAFETY: fastconv returns a text that lives as long as the process.
    unsafe { CStr::from_ptr(fastconv_instruction_set()) }
        .to_str()
        .unwrap_or("unknown")
}

/// Returns the number of threads that share a loop of a rewritten graph: libtorch's intra-op threads, or one
/// if its OpenMP library isn't supported.
pub(crate) fn loop_threads() -> i32 {
    // SAFETY: no arguments; fastconv catches every exception.
    unsafe { fastconv_loop_threads() }
}

/// Returns true if this processor has the matrix registers (AMX) for convolutions in bfloat16, and libtorch's
/// CPU capability allows them.
pub(crate) fn supports_bf16() -> bool {
    // SAFETY: no arguments; fastconv catches every exception.
    unsafe { fastconv_supports_bf16() }
}

#[cfg(test)]
mod tests;
