//! Process exit while libtorch may be running.

/// Ends the process without running destructors. `std::process::exit` runs libtorch's, which crash if a
/// forward pass is running on another thread. Buffered output must be flushed before.
pub fn exit(code: u8) -> ! {
    // SAFETY: no preconditions; does not return.
    unsafe { libc::_exit(i32::from(code)) }
}
