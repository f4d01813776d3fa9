//! The wait policy of libtorch's OpenMP threads.
//!
//! OpenMP threads spin at barriers. On a busy machine a spinning thread takes processor time from the thread
//! that it waits for: with GNU's default of 300,000 iterations, a forward pass beside one busy process takes
//! up to 30 times as long. A short spin has no measurable cost on an idle machine (docs/performance.md).

use std::ffi::{CStr, c_char, c_int};

/// Iterations of GNU libgomp's spin loop before a thread sleeps on a futex. Chosen by measurement; see
/// docs/performance.md, "Beside other work".
const GNU_SPIN: &CStr = c"GOMP_SPINCOUNT=300";

/// The policy as OpenMP defines it. GNU's library follows [`GNU_SPIN`] for the count; LLVM's and Intel's
/// sleep at once.
const PASSIVE: &CStr = c"OMP_WAIT_POLICY=PASSIVE";

/// Variables that set a policy. If any of them is set, none is changed.
const CHOICES: [&CStr; 3] = [c"OMP_WAIT_POLICY=", c"GOMP_SPINCOUNT=", c"KMP_BLOCKTIME="];

/// Sets the wait policy for OpenMP libraries that read the environment when their first team starts: LLVM's
/// (macOS) and Intel's (MKL builds of libtorch). GNU's reads it when it is loaded; see
/// [`reexecute_with_wait_policy`].
///
/// # Safety
/// Changes the environment: the process must have no other thread yet.
pub unsafe fn set_wait_policy() {
    let name = |assignment: &'static CStr| {
        let (name, value) = assignment.to_str().ok()?.split_once('=')?;
        Some((name, value))
    };
    let chosen = |assignment| name(assignment).is_some_and(|(name, _)| std::env::var_os(name).is_some());
    if CHOICES.into_iter().any(chosen) {
        return;
    }
    for (name, value) in [GNU_SPIN, PASSIVE].into_iter().filter_map(name) {
        // SAFETY: the caller guarantees a single thread.
        unsafe { std::env::set_var(name, value) };
    }
}

/// Maximum number of environment variables that [`reexecute_with_wait_policy`] copies (16 kB of pointers on
/// the stack). With more, libgomp keeps its own policy.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAX_VARIABLES: usize = 2000;

/// Maximum length of the executable's path in bytes, including the terminating zero (Linux: `PATH_MAX`).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAX_PATH: usize = 4096;

/// Re-executes the program with the wait policy in the environment, unless the environment has one.
///
/// GNU's libgomp reads its variables in a constructor, before `main`, and has no call to change the policy
/// later. In `.preinit_array` this function runs before the constructors of all libraries, so that the second
/// start costs about 15 ms (mapping and relocation) instead of 300 ms (libtorch's constructors). The process
/// id, the arguments and open files are kept. Returns if the executable's path is unknown or `execve` fails.
///
/// # Safety
/// To be called by the dynamic linker only, through `.preinit_array`: the C library's constructors have not
/// run, so nothing but system calls may be used.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub unsafe extern "C" fn reexecute_with_wait_policy(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) {
    let mut variables = [std::ptr::null::<c_char>(); MAX_VARIABLES + 3];
    let mut count = 0;
    loop {
        // SAFETY: the environment is an array that ends with a null pointer, and the loop ends there.
        let variable = unsafe { *environment.add(count) };
        if variable.is_null() {
            break;
        }
        // SAFETY: each variable is a string that ends with a zero byte.
        let bytes = unsafe { CStr::from_ptr(variable) }.to_bytes();
        let chosen = CHOICES.iter().any(|name| bytes.starts_with(name.to_bytes()));
        if chosen || count == MAX_VARIABLES {
            return;
        }
        variables[count] = variable;
        count += 1;
    }
    variables[count] = GNU_SPIN.as_ptr();
    variables[count + 1] = PASSIVE.as_ptr();
    let mut path = [0_u8; MAX_PATH];
    // SAFETY: readlink writes at most the length that it is given.
    let length =
        unsafe { libc::readlink(c"/proc/self/exe".as_ptr(), path.as_mut_ptr().cast(), MAX_PATH - 1) };
    let Some(executable) = usize::try_from(length).ok().and_then(|length| path.get(..length)) else {
        return;
    };
    // `ld-linux.so.2 iopaint` runs the linker; its path with these arguments would be another program.
    let name = executable.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if executable.is_empty() || name.starts_with(b"ld-") || name.starts_with(b"ld.so") {
        return;
    }
    // SAFETY: all pointers are strings or arrays that end as execve requires; on failure the process is as
    // before.
    unsafe { libc::execve(path.as_ptr().cast(), arguments, variables.as_ptr()) };
}
