//! A TorchScript module: loaded, frozen, run.

use std::ffi::{CStr, CString, c_char, c_void};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use iopaint_inpaint::ForwardError;
use tch::Tensor;
use torch_sys::C_tensor;
use zip::ZipArchive;

use crate::Device;
use crate::bridge::{self, RawLoading, RawModule};
use crate::device::{Precision, optimize_graph, precision};
use crate::rewrite::RewriteCounts;
use crate::tensor::failure;
use crate::tuning::{PASSES, Tuning};

/// A TorchScript file.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file on disk.
    File(&'a Path),
    /// The contents of a file in memory.
    Bytes(&'a [u8]),
}

impl Source<'_> {
    /// Returns true if the file is a zip archive with the code of a TorchScript module.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn is_torchscript(self) -> io::Result<bool> {
        Ok(match self {
            Self::File(path) => contains_code(BufReader::new(File::open(path)?)),
            Self::Bytes(bytes) => contains_code(Cursor::new(bytes)),
        })
    }
}

/// Returns true for a zip archive with the code of a TorchScript module.
fn contains_code(file: impl Read + Seek) -> bool {
    ZipArchive::new(file).is_ok_and(|archive| {
        let mut names = archive.file_names();
        names.any(|name| name.is_ok_and(|name| name.contains("/code/")))
    })
}

/// An error of loading a TorchScript file.
#[derive(Debug, thiserror::Error)]
pub enum TorchScriptError {
    /// The path can't be passed to libtorch.
    #[error("the path of the model file is not valid UTF-8")]
    Path,
    /// libtorch can't read the file.
    #[error("the model file is damaged or not TorchScript ({0})")]
    NotTorchScript(String),
    /// The network's inputs or outputs differ from the model's contract.
    #[error("the model does not accept an image and a mask and return an image ({0})")]
    Contract(String),
    /// The network's input or output differs from the contract of networks for images alone.
    #[error("the model does not accept a batch of images and return a tensor ({0})")]
    ImageContract(String),
}

/// A `torch::jit::Module`, frozen and in evaluation mode.
pub(crate) struct Module {
    raw: Arc<SharedModule>,
    rewrite_counts: RewriteCounts,
    tuning: Option<Tuning>,
}

/// Options of loading a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loading {
    pub device: Device,
    /// Rewrites the graph if the device is the CPU.
    pub optimize: bool,
    /// Stores weights channels-last unless the graph is rewritten.
    pub channels_last: bool,
    /// Number format of the products of a rewritten graph.
    pub precision: Precision,
}

impl Loading {
    /// Returns the options for `device` under the process-wide settings, with products in float32.
    pub fn on(device: Device) -> Self {
        Self {
            device,
            optimize: optimize_graph(),
            channels_last: device.is_cuda(),
            precision: Precision::F32,
        }
    }

    /// Returns the options of networks of LaMa's contract: as [`Loading::on`], with products in the precision
    /// of the process-wide settings.
    pub fn of_lama(device: Device) -> Self {
        Self {
            precision: precision(),
            ..Self::on(device)
        }
    }

    /// Returns true if the graph is to be rewritten.
    pub fn rewrites(self) -> bool {
        self.optimize && !self.device.is_cuda()
    }
}

/// A module of the bridge, which its handles share.
struct SharedModule(NonNull<RawModule>);

// SAFETY: a module has no thread affinity.
unsafe impl Send for SharedModule {}

// SAFETY: forward passes don't change a frozen module: a rewritten graph runs in an interpreter state of its
// own, and libtorch's graph executor locks its plans.
unsafe impl Sync for SharedModule {}

impl Drop for SharedModule {
    fn drop(&mut self) {
        // SAFETY: the pointer came from loading and is freed once.
        unsafe { bridge::iopaint_module_free(self.0.as_ptr()) }
    }
}

impl Module {
    /// Returns another handle of the module on the CPU, for overlapping forward passes. `None` on a GPU,
    /// which runs one pass at a time.
    pub fn share(&self) -> Option<Self> {
        self.tuning.is_none().then(|| Self {
            raw: Arc::clone(&self.raw),
            rewrite_counts: self.rewrite_counts,
            tuning: None,
        })
    }

    /// Loads a TorchScript file to `device` and rewrites its graph if the process-wide settings enable it.
    pub fn load(source: Source<'_>, device: Device) -> Result<Self, TorchScriptError> {
        Self::load_with(source, Loading::on(device))
    }

    /// Loads a TorchScript file with the given options and logs the numbers of rewritten nodes.
    pub fn load_with(source: Source<'_>, loading: Loading) -> Result<Self, TorchScriptError> {
        let module = Self::read(source, loading)?;
        module.rewrite_counts.log();
        Ok(module)
    }

    /// Returns the numbers of rewritten nodes.
    #[cfg(test)]
    pub fn rewrite_counts(&self) -> RewriteCounts {
        self.rewrite_counts
    }

    /// Loads a TorchScript file with the given options.
    pub fn read(source: Source<'_>, loading: Loading) -> Result<Self, TorchScriptError> {
        let raw_loading = RawLoading {
            device: loading.device.code(),
            optimize: loading.optimize,
            channels_last: loading.channels_last,
            bf16: loading.precision == Precision::Bf16,
        };
        let mut error = ptr::null_mut();
        let mut counts = ptr::null_mut();
        let raw = match source {
            Source::File(path) => {
                let path = path
                    .to_str()
                    .and_then(|path| CString::new(path).ok())
                    .ok_or(TorchScriptError::Path)?;
                // SAFETY: the path outlives the call; both texts are writable.
                unsafe {
                    bridge::iopaint_module_load_file(
                        path.as_ptr(),
                        &raw const raw_loading,
                        &raw mut counts,
                        &raw mut error,
                    )
                }
            }
            // SAFETY: the slice outlives the call and libtorch keeps no reference into it.
            Source::Bytes(bytes) => unsafe {
                bridge::iopaint_module_load_bytes(
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    &raw const raw_loading,
                    &raw mut counts,
                    &raw mut error,
                )
            },
        };
        // SAFETY: the results of loading.
        unsafe { Self::from_raw(raw, counts, error, loading.device) }
            .map_err(TorchScriptError::NotTorchScript)
    }

    /// Compiles `source`, a `TorchScript` function `def forward(self, ...)`, to a module with the attributes
    /// `tensors`, which must be on the CPU.
    ///
    /// # Errors
    /// libtorch's message.
    pub fn compile(source: &str, tensors: Vec<(String, Tensor)>, loading: Loading) -> Result<Self, String> {
        let raw_loading = RawLoading {
            device: loading.device.code(),
            optimize: loading.optimize,
            channels_last: loading.channels_last,
            bf16: loading.precision == Precision::Bf16,
        };
        let text = |text: &str| CString::new(text).map_err(|error| error.to_string());
        let source = text(source)?;
        let (names, mut tensors): (Vec<_>, Vec<_>) = tensors.into_iter().unzip();
        let names = names
            .iter()
            .map(|name| text(name))
            .collect::<Result<Vec<_>, _>>()?;
        let names: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let pointers: Vec<_> = tensors.iter_mut().map(Tensor::as_mut_ptr).collect();
        let mut error = ptr::null_mut();
        let mut counts = ptr::null_mut();
        // SAFETY: the texts and tensors outlive the call; libtorch counts its references to the tensors.
        let raw = unsafe {
            bridge::iopaint_module_compile(
                source.as_ptr(),
                names.as_ptr(),
                pointers.as_ptr(),
                pointers.len(),
                &raw const raw_loading,
                &raw mut counts,
                &raw mut error,
            )
        };
        // SAFETY: the results of loading.
        unsafe { Self::from_raw(raw, counts, error, loading.device) }
    }

    /// Returns the module, or the error message, of a loading function of the bridge.
    ///
    /// # Safety
    /// The arguments are the results of such a function and aren't used afterwards.
    unsafe fn from_raw(
        raw: *mut RawModule,
        counts: *mut c_char,
        error: *mut c_char,
        device: Device,
    ) -> Result<Self, String> {
        // SAFETY: null, or a text of fastconv's.
        let counts = unsafe { bridge::take_text(counts) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Self {
                raw: Arc::new(SharedModule(raw)),
                rewrite_counts: counts
                    .as_deref()
                    .and_then(RewriteCounts::parse)
                    .unwrap_or_default(),
                tuning: device.is_cuda().then(Tuning::default),
            }),
            // SAFETY: the call failed, so `error` is its message.
            None => Err(first_line(&unsafe { bridge::take_error(error) })),
        }
    }

    /// Calls the module's `forward`, which must return one tensor.
    pub fn forward(&mut self, inputs: &mut [Tensor]) -> Result<Tensor, ForwardError> {
        let tune = match (&mut self.tuning, inputs.first().map(Tensor::size).as_deref()) {
            (Some(tuning), Some([.., height, width])) => tuning.is_worthwhile((*height, *width)),
            _ => false,
        };
        let inputs: Vec<_> = inputs.iter_mut().map(Tensor::as_mut_ptr).collect();
        let _pass = self.tuning.is_some().then(|| PASSES.begin(tune));
        let mut error = ptr::null_mut();
        let mut out_of_memory = false;
        // SAFETY: the module and the tensors are borrowed for the duration of the call.
        let output = unsafe {
            bridge::iopaint_module_forward(
                self.raw.0.as_ptr(),
                inputs.as_ptr(),
                inputs.len(),
                tune,
                &raw mut out_of_memory,
                &raw mut error,
            )
        };
        if output.is_null() {
            // SAFETY: the call failed, so `error` is its message.
            return Err(unsafe { forward_failure(error, out_of_memory) });
        }
        // SAFETY: the bridge returns a new heap-allocated tensor, as tch's own constructors do.
        Ok(unsafe { Tensor::from_ptr(output) })
    }

    /// Calls the module's `forward`, which may return a tensor, a tuple of tensors or a dictionary with
    /// tensors and integers. The graph must not have been rewritten. `inputs`: the parameter of each input,
    /// or `None` for a positional one.
    pub fn forward_all(&mut self, inputs: &mut [(Option<&CStr>, Tensor)]) -> Result<Outputs, ForwardError> {
        let names: Vec<_> = inputs
            .iter()
            .map(|(name, _)| name.map_or(ptr::null(), CStr::as_ptr))
            .collect();
        let tensors: Vec<_> = inputs.iter_mut().map(|(_, input)| input.as_mut_ptr()).collect();
        let _pass = self.tuning.is_some().then(|| PASSES.begin(false));
        let mut outputs = Outputs::default();
        let mut error = ptr::null_mut();
        let mut out_of_memory = false;
        // SAFETY: the module, the names and the tensors are borrowed for the duration of the call, during
        // which only `receive` uses `outputs`.
        let succeeded = unsafe {
            bridge::iopaint_module_forward_all(
                self.raw.0.as_ptr(),
                tensors.as_ptr(),
                names.as_ptr(),
                tensors.len(),
                receive,
                (&raw mut outputs).cast(),
                &raw mut out_of_memory,
                &raw mut error,
            )
        };
        if succeeded {
            Ok(outputs)
        } else {
            // SAFETY: the call failed, so `error` is its message.
            Err(unsafe { forward_failure(error, out_of_memory) })
        }
    }
}

/// The tensors that a module returned, in order, with their keys if they came in a dictionary.
#[derive(Default)]
pub(crate) struct Outputs(Vec<(Option<String>, Tensor)>);

impl Outputs {
    /// Returns the tensor of a key of the dictionary.
    pub fn get(&self, key: &str) -> Option<&Tensor> {
        let mut outputs = self.0.iter();
        outputs
            .find(|(name, _)| name.as_deref() == Some(key))
            .map(|(_, tensor)| tensor)
    }

    /// Returns the elements of a tuple of `COUNT` tensors; `None` for other results.
    pub fn tuple<const COUNT: usize>(self) -> Option<[Tensor; COUNT]> {
        let tensors: Option<Vec<Tensor>> = self
            .0
            .into_iter()
            .map(|(name, tensor)| name.is_none().then_some(tensor))
            .collect();
        tensors?.try_into().ok()
    }
}

/// Appends a tensor to the [`Outputs`] at `context`.
///
/// # Safety
/// `context` points to [`Outputs`] that nothing else uses, `key` is null or a text, and `tensor` is owned by
/// the callee.
unsafe extern "C" fn receive(context: *mut c_void, key: *const c_char, tensor: *mut C_tensor) {
    // SAFETY: the caller's guarantee.
    unsafe {
        let key = (!key.is_null()).then(|| CStr::from_ptr(key).to_string_lossy().into_owned());
        let outputs = &mut *context.cast::<Outputs>();
        outputs.0.push((key, Tensor::from_ptr(tensor)));
    }
}

/// Takes the error message of a failed forward pass.
///
/// # Safety
/// `error` was set by such a pass and isn't used afterwards.
unsafe fn forward_failure(error: *mut c_char, out_of_memory: bool) -> ForwardError {
    // SAFETY: the caller's guarantee.
    let message = first_line(&unsafe { bridge::take_error(error) });
    if out_of_memory {
        ForwardError::OutOfMemory(message)
    } else {
        failure(message)
    }
}

/// Returns the reason of a TorchScript error: the last line with a `RuntimeError`, or else the first line, up
/// to 300 characters. The rest is a trace of the interpreter.
fn first_line(text: &str) -> String {
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| line.starts_with("RuntimeError:"))
        .or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty()))
        .unwrap_or(text)
        .trim_start_matches("RuntimeError:")
        .trim()
        .chars()
        .take(300)
        .collect()
}
