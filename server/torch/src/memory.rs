//! Memory that was freed and that the process still holds.

/// Gives freed memory back to the system. The allocator keeps what was freed between blocks that are in use, up to the
/// peak of a burst; libtorch's tensors come from the same allocator. Takes milliseconds; allocations on other threads
/// wait for it.
pub fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it moves no block that is in use, and may be called from any thread at any time.
        unsafe { libc::malloc_trim(0) };
    }
}
