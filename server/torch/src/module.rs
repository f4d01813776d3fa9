//! A TorchScript module: loaded, frozen, run.

use std::ffi::CString;
use std::path::Path;
use std::ptr::{self, NonNull};

use iopaint_inpaint::ForwardError;
use tch::Tensor;

use crate::device::optimize_graph;
use crate::shim::{self, RawLoading, RawModule, RawRewritten};
use crate::tensor::failure;
use crate::tuning::Tuning;
use crate::{Device, Rewritten};

/// Where the bytes of a TorchScript file are.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file on disk.
    File(&'a Path),
    /// The whole file in memory.
    Bytes(&'a [u8]),
}

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The path can't be handed to libtorch.
    #[error("the path of the model file is not valid UTF-8")]
    Path,
    /// libtorch can't read the file.
    #[error("the model file is damaged or not TorchScript ({0})")]
    NotTorchScript(String),
    /// The file loads, but doesn't do what an inpainting model of this kind does.
    #[error("the model does not take an image and a mask and answer an image ({0})")]
    Contract(String),
}

/// An owned `torch::jit::Module`, frozen and in evaluation mode.
pub(crate) struct Module {
    raw: NonNull<RawModule>,
    rewritten: Rewritten,
    tuning: Option<Tuning>,
}

/// How a module is loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loading {
    pub device: Device,
    /// Rewrites the graph where it runs on the CPU.
    pub optimize: bool,
    /// Lays weights out with their channels last, where the graph isn't rewritten.
    pub channels_last: bool,
}

// SAFETY: a module is moved between threads as a whole and used by one at a time (`&mut` in `forward`).
unsafe impl Send for Module {}

impl Module {
    /// Reads a TorchScript file to `device` and rewrites its graph, if the process's settings say so.
    pub fn load(source: Source<'_>, device: Device) -> Result<Self, LoadError> {
        let module = Self::read(
            source,
            Loading {
                device,
                optimize: optimize_graph(),
                channels_last: device.is_cuda(),
            },
        )?;
        module.rewritten.log();
        Ok(module)
    }

    /// What became of the graph.
    #[cfg(test)]
    pub fn rewritten(&self) -> Rewritten {
        self.rewritten
    }

    /// Reads a TorchScript file.
    pub fn read(source: Source<'_>, loading: Loading) -> Result<Self, LoadError> {
        let raw_loading = RawLoading {
            device: loading.device.code(),
            optimize: loading.optimize,
            channels_last: loading.channels_last,
        };
        let mut error = ptr::null_mut();
        let mut rewritten = RawRewritten::default();
        let raw = match source {
            Source::File(path) => {
                let path = path
                    .to_str()
                    .and_then(|path| CString::new(path).ok())
                    .ok_or(LoadError::Path)?;
                // SAFETY: the path outlives the call, `error` is writable.
                unsafe {
                    shim::iopaint_module_load_file(
                        path.as_ptr(),
                        &raw const raw_loading,
                        &raw mut rewritten,
                        &raw mut error,
                    )
                }
            }
            // SAFETY: the slice outlives the call and libtorch keeps no reference into it.
            Source::Bytes(bytes) => unsafe {
                shim::iopaint_module_load_bytes(
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    &raw const raw_loading,
                    &raw mut rewritten,
                    &raw mut error,
                )
            },
        };
        match NonNull::new(raw) {
            Some(raw) => Ok(Self {
                raw,
                rewritten: rewritten.into(),
                tuning: loading.device.is_cuda().then(Tuning::default),
            }),
            // SAFETY: the call failed, so `error` is its text.
            None => Err(LoadError::NotTorchScript(first_line(&unsafe {
                shim::take_text(error)
            }))),
        }
    }

    /// Calls the module's `forward` and gives its one tensor.
    pub fn forward(&mut self, inputs: &mut [Tensor]) -> Result<Tensor, ForwardError> {
        let tune = match (&mut self.tuning, inputs.first().map(Tensor::size).as_deref()) {
            (Some(tuning), Some([.., height, width])) => tuning.is_worthwhile((*height, *width)),
            _ => false,
        };
        let inputs: Vec<_> = inputs.iter_mut().map(Tensor::as_mut_ptr).collect();
        let mut error = ptr::null_mut();
        let mut out_of_memory = false;
        // SAFETY: the module and the tensors are alive and borrowed for the length of the call.
        let output = unsafe {
            shim::iopaint_module_forward(
                self.raw.as_ptr(),
                inputs.as_ptr(),
                inputs.len(),
                tune,
                &raw mut out_of_memory,
                &raw mut error,
            )
        };
        if output.is_null() {
            // SAFETY: the call failed, so `error` is its text.
            let message = first_line(&unsafe { shim::take_text(error) });
            return Err(if out_of_memory {
                ForwardError::OutOfMemory(message)
            } else {
                failure(message)
            });
        }
        // SAFETY: the shim hands over a new heap-allocated tensor, as tch's own constructors do.
        Ok(unsafe { Tensor::from_ptr(output) })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a load and is freed once.
        unsafe { shim::iopaint_module_free(self.raw.as_ptr()) }
    }
}

/// TorchScript's errors are pages of interpreter traces; the last line of substance is the reason.
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
