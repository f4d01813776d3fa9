//! Declarations of `bridge/bridge.h` and ownership of the texts that it returns.

use std::ffi::{CStr, c_char, c_int, c_void};

use torch_sys::C_tensor;

/// A loaded `torch::jit::Module`, opaque to Rust.
#[repr(C)]
pub struct RawModule {
    _private: [u8; 0],
}

/// `iopaint_loading`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RawLoading {
    pub device: c_int,
    pub optimize: bool,
    pub channels_last: bool,
    pub bf16: bool,
}

/// `iopaint_receiver`.
pub type RawReceiver = unsafe extern "C" fn(*mut c_void, *const c_char, *mut C_tensor);

unsafe extern "C" {
    pub fn iopaint_configure(threads: c_int, tf32: bool, error: *mut *mut c_char) -> bool;
    pub fn iopaint_cuda_device_count() -> c_int;
    pub fn iopaint_cuda_limit_memory(device: c_int, fraction: f64, error: *mut *mut c_char) -> bool;
    pub fn iopaint_cuda_release_memory();
    pub fn iopaint_pinned_bytes(count: i64, error: *mut *mut c_char) -> *mut C_tensor;
    pub fn iopaint_module_load_file(
        path: *const c_char,
        loading: *const RawLoading,
        rewrite_counts: *mut *mut c_char,
        error: *mut *mut c_char,
    ) -> *mut RawModule;
    pub fn iopaint_module_load_bytes(
        bytes: *const c_void,
        size: usize,
        loading: *const RawLoading,
        rewrite_counts: *mut *mut c_char,
        error: *mut *mut c_char,
    ) -> *mut RawModule;
    pub fn iopaint_module_compile(
        source: *const c_char,
        names: *const *const c_char,
        tensors: *const *mut C_tensor,
        count: usize,
        loading: *const RawLoading,
        rewrite_counts: *mut *mut c_char,
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
    pub fn iopaint_module_forward_all(
        module: *mut RawModule,
        inputs: *const *mut C_tensor,
        names: *const *const c_char,
        count: usize,
        receive: RawReceiver,
        context: *mut c_void,
        out_of_memory: *mut bool,
        error: *mut *mut c_char,
    ) -> bool;
    fn iopaint_text_free(text: *mut c_char);
    #[cfg(test)]
    fn iopaint_throw(kind: c_int, out_of_memory: *mut bool, error: *mut *mut c_char) -> bool;
}

/// Takes ownership of a text; `None` for null.
///
/// # Safety
/// `text` is null or was returned by the bridge or by fastconv, and isn't used afterwards.
pub unsafe fn take_text(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the text ends with a NUL byte; the caller passes the only pointer to it.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().trim().to_owned();
        iopaint_text_free(text);
        Some(owned)
    }
}

/// Takes ownership of the error message of a failed call.
///
/// # Safety
/// As for [`take_text`].
pub unsafe fn take_error(error: *mut c_char) -> String {
    // SAFETY: the caller's guarantee.
    unsafe { take_text(error) }
        .unwrap_or_else(|| String::from("out of memory: libtorch's error message is lost"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::ptr;

    use super::*;

    #[test]
    fn exceptions_become_error_messages() {
        for (kind, expected_out_of_memory, expected) in [
            (0, false, "c10 error"),
            (1, true, "c10 out of memory"),
            (2, true, "out of memory"),
            (3, false, "standard exception"),
            (4, false, "unknown C++ exception"),
        ] {
            let mut error = ptr::null_mut();
            let mut out_of_memory = false;
            // SAFETY: both results are writable.
            let succeeded = unsafe { iopaint_throw(kind, &raw mut out_of_memory, &raw mut error) };
            assert!(!succeeded, "{expected}");
            assert_eq!(out_of_memory, expected_out_of_memory, "{expected}");
            // SAFETY: the call failed, so `error` is its message.
            let message = unsafe { take_error(error) };
            assert!(message.starts_with(expected), "{message}");
            assert!(!message.contains("frame #"), "a backtrace: {message}");
        }
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files.extend(sources(&path));
            } else {
                files.push(path);
            }
        }
        files
    }

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// The definitions inside `extern "C" { ... }` blocks of a source: signature and body.
    fn entry_points(source: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for block in source.split("\nextern \"C\" {\n").skip(1) {
            let (mut signature, mut body) = (String::new(), None::<String>);
            for line in block.lines() {
                match &mut body {
                    Some(text) => {
                        text.push_str(line);
                        text.push('\n');
                        if line == "}" {
                            found.push((std::mem::take(&mut signature), body.take().unwrap_or_default()));
                        }
                    }
                    None if line == "}" => break,
                    None => {
                        signature.push_str(line);
                        if let Some((_, inline)) = line.split_once(") { ") {
                            found.push((std::mem::take(&mut signature), inline.to_owned()));
                        } else if line.ends_with(") {") {
                            body = Some(String::new());
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_entry_point_is_guarded() {
        let mut names = Vec::new();
        for path in ["bridge", "fastconv"]
            .iter()
            .flat_map(|folder| sources(&root().join(folder)))
        {
            for (signature, body) in entry_points(&fs::read_to_string(&path).unwrap()) {
                assert!(
                    body.contains("iopaint::guarded("),
                    "{}: {signature}",
                    path.display()
                );
                names.push(signature);
            }
        }
        // Each declared function is among them, so that the search misses none.
        for header in ["bridge/bridge.h", "fastconv/fastconv.h"] {
            let header = fs::read_to_string(root().join(header)).unwrap();
            let code: Vec<&str> = header
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            let code = code.join("\n");
            for declaration in code.split(';').filter(|text| text.contains('(')) {
                let name = declaration.split('(').next().unwrap_or_default();
                let name = name.rsplit([' ', '*', '\n']).next().unwrap_or_default();
                let call = format!("{name}(");
                assert!(
                    names.iter().any(|signature| signature.contains(&call)),
                    "{name} isn't defined"
                );
            }
        }
        assert!(names.len() >= 16, "{names:?}");
    }

    #[test]
    fn entry_points_without_guard_are_found() {
        let source = "\nextern \"C\" {\n\nvoid f(void) { g(); }\n\nint h(\n    int x) {\n  return x;\n}\n}\n";
        let found = entry_points(source);
        assert_eq!(found.len(), 2);
        assert!(
            found.iter().all(|(_, body)| !body.contains("guarded")),
            "{found:?}"
        );
    }

    #[test]
    fn fastconv_is_used_through_its_header() {
        for path in sources(&root().join("bridge")) {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let allowed = "#include \"../fastconv/fastconv.h\"";
                assert!(
                    !line.contains("/fastconv/") || line == allowed || line.starts_with("//"),
                    "{}: {line}",
                    path.display()
                );
            }
        }
        for path in sources(&root().join("fastconv")) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains("/bridge/"),
                "{} includes the bridge",
                path.display()
            );
        }
    }
}
