//! Memory that libtorch and the allocator cache.

use crate::bridge;

/// Returns freed memory to the system. The allocator, which libtorch's tensors use too, keeps free blocks
/// that lie between used ones, up to the peak of a burst. Takes milliseconds and blocks allocations on other
/// threads.
pub fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: moves no used block, and is thread-safe.
        unsafe { libc::malloc_trim(0) };
    }
}

/// Returns the GPU memory that libtorch caches to the driver, for other programs. The next pass allocates it
/// again, which takes some milliseconds.
pub fn release_gpu_memory() {
    // SAFETY: no arguments; the bridge catches every exception.
    unsafe { bridge::iopaint_cuda_release_memory() }
}

/// Environment variable with the capacity of oneDNN's cache of primitives. A primitive is compiled for one
/// image size.
const CACHE_CAPACITY: &str = "ONEDNN_PRIMITIVE_CACHE_CAPACITY";
/// Number of cached primitives, enough for a few image sizes. oneDNN's default of 1024 fills tens of
/// megabytes with primitives for sizes that don't recur.
const CACHED_PRIMITIVES: &str = "128";

/// Size in bytes from which an allocation is mapped separately (`M_MMAP_THRESHOLD`), so that freeing it
/// returns it to the system: tensors of large images. By default, glibc raises the threshold to 32 MB, and
/// large free blocks remain between used ones.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MMAP_THRESHOLD: libc::c_int = 16 << 20;

/// Bytes of free memory that the allocator keeps at the end of the heap until [`release_memory`]
/// (`M_TRIM_THRESHOLD`). Setting `M_MMAP_THRESHOLD` disables glibc's dynamic threshold: all but 128 kB would
/// be returned whenever a tensor is freed, and each operator would fault in new pages.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const TRIM_THRESHOLD: libc::c_int = 64 << 20;

/// Number of heaps (`M_ARENA_MAX`): all threads share the main heap, whose end [`release_memory`] returns.
/// Each further heap would keep up to `TRIM_THRESHOLD` of free memory permanently.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAX_ARENAS: libc::c_int = 1;

/// Limits the memory that the allocator and oneDNN cache, unless the environment sets these limits.
///
/// # Safety
/// Changes the environment: the process must have no other thread yet.
pub unsafe fn bound_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("GLIBC_TUNABLES").is_none() {
        // SAFETY: sets numbers; there is no other thread.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_THRESHOLD);
            libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_THRESHOLD);
            libc::mallopt(libc::M_ARENA_MAX, MAX_ARENAS);
        }
    }
    if std::env::var_os(CACHE_CAPACITY).is_none() {
        // SAFETY: the caller guarantees a single thread.
        unsafe { std::env::set_var(CACHE_CAPACITY, CACHED_PRIMITIVES) };
    }
}
