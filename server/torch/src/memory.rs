//! Memory that libtorch and the allocator keep.

use crate::shim;

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

/// Gives what libtorch keeps of GPUs' memory for later back to the driver, so that other programs can have it. The next pass
/// asks for it anew, which takes it some milliseconds.
pub fn release_gpu_memory() {
    // SAFETY: no arguments; the shim catches every exception.
    unsafe { shim::iopaint_cuda_release_memory() }
}

/// What oneDNN keeps for each size of picture that a convolution has run on; it is compiled for that size.
const CACHE_CAPACITY: &str = "ONEDNN_PRIMITIVE_CACHE_CAPACITY";
/// How many of them: those of a few sizes, of which the last one counts most. Its own 1024 are tens of megabytes that
/// fill up with the sizes of photos long gone.
const PRIMITIVES: &str = "128";

/// From this size on, in bytes, memory goes back to the system as soon as it is freed. Tensors of large pictures are such;
/// smaller ones are kept for the next. Left alone, glibc raises the size to 32 MB, and what is freed lies between what is
/// in use.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 16 << 20;

/// How much the allocator keeps at the end of its memory until [`release_memory`]. With a `LARGE` of its own it would give
/// back all but 128 kB whenever a tensor is freed, and each operator would wait for fresh pages.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: libc::c_int = 64 << 20;

/// Threads share one heap, the one whose end [`release_memory`] gives back. Of the heaps that glibc would make for them each
/// keeps what is free at its end, up to `KEPT`, for good.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 1;

/// Bounds what is kept of memory that was freed, and of what was compiled for each size of picture, unless the
/// environment says how much that may be.
///
/// # Safety
/// It changes the environment: the process must have no other thread yet.
pub unsafe fn bound_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("GLIBC_TUNABLES").is_none() {
        // SAFETY: they set numbers, and there is no other thread.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
            libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        }
    }
    if std::env::var_os(CACHE_CAPACITY).is_none() {
        // SAFETY: the caller sees to it that nobody reads the environment now.
        unsafe { std::env::set_var(CACHE_CAPACITY, PRIMITIVES) };
    }
}
