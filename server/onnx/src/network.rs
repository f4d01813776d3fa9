//! A loaded ONNX model.

use std::any::Any;
use std::fmt::Write;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use iopaint_inpaint::ForwardError;
use iopaint_vision::{Network, Tensor};
use rten::{
    DataType, Dimension, LoadError, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueType,
};
use rten_tensor::Layout;

use crate::ModelFileError;
use crate::framing::has_model_fields;

/// An ONNX model with one input, a batch of images `[N, C, H, W]`, on its own thread pool.
pub struct OnnxNetwork {
    model: Model,
    input: NodeId,
    shape: [Option<usize>; 4],
    threads: Arc<ThreadPool>,
    thread_count: usize,
}

impl OnnxNetwork {
    /// Loads a model from the content of a file. It runs on `threads` threads.
    ///
    /// # Errors
    /// [`ModelFileError`] if the content isn't an ONNX model, is damaged, refers to other files, or has
    /// another input than one batch of images.
    pub fn load_bytes(bytes: Vec<u8>, threads: usize) -> Result<Self, ModelFileError> {
        expect_model(Cursor::new(&bytes))?;
        Self::load(|| options().load(bytes), threads)
    }

    /// Loads the model of a file `*.onnx`, with the weights of the files beside it that it refers to. It runs
    /// on `threads` threads.
    ///
    /// # Errors
    /// [`ModelFileError`] if the file can't be read, isn't an ONNX model, is damaged, or has another input
    /// than one batch of images.
    pub fn load_file(path: &Path, threads: usize) -> Result<Self, ModelFileError> {
        let file = File::open(path).map_err(|error| ModelFileError::Read(error.to_string()))?;
        expect_model(file)?;
        Self::load(|| options().load_file(path), threads)
    }

    /// Returns the shape of the input, `[N, C, H, W]`, with `None` for lengths that the caller chooses.
    #[must_use]
    pub fn input_shape(&self) -> [Option<usize>; 4] {
        self.shape
    }

    /// Loads a model in its thread pool, where `rten` computes the constant part of the graph.
    fn load(
        load: impl FnOnce() -> Result<Model, LoadError> + Send,
        threads: usize,
    ) -> Result<Self, ModelFileError> {
        let thread_count = threads.max(1);
        let threads = Arc::new(ThreadPool::with_num_threads(thread_count));
        let model = catch_unwind(AssertUnwindSafe(|| threads.run(load)))
            .map_err(|panic| ModelFileError::Damaged(panic_message(&*panic)))??;
        let (input, shape) = image_input(&model)?;
        Ok(Self {
            model,
            input,
            shape,
            threads,
            thread_count,
        })
    }

    /// Checks an input against the declared lengths.
    fn check_shape(&self, shape: &[usize]) -> Result<(), ForwardError> {
        let fits =
            |(declared, length): (&Option<usize>, &usize)| declared.is_none_or(|fixed| fixed == *length);
        if shape.len() == self.shape.len() && self.shape.iter().zip(shape).all(fits) {
            return Ok(());
        }
        Err(ForwardError::Failed(format!(
            "the model's input has the shape {}, not {shape:?}",
            describe(&self.shape)
        )))
    }

    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        self.check_shape(input.shape())?;
        let (shape, values) = input.into_parts();
        let input = Value::from_shape(shape, values).map_err(|error| failed(&error))?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let run = || {
            let inputs = vec![(self.input, input.into())];
            self.model.run(inputs, self.model.output_ids(), Some(options))
        };
        catch_unwind(AssertUnwindSafe(run))
            .map_err(|panic| ForwardError::Failed(panic_message(&*panic)))?
            .map_err(|error| failed(&error))?
            .into_iter()
            .map(to_tensor)
            .collect()
    }
}

impl Network for OnnxNetwork {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        self.run(input)
    }

    /// Runs as many inputs at the same time as there are threads: operators that use one thread leave the
    /// others to the operators of another input.
    fn forward_all(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Vec<Tensor>>, ForwardError> {
        let (count, threads) = (inputs.len(), self.thread_count);
        let waiting = Mutex::new(inputs.into_iter().enumerate());
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let run = || {
            let indexed = iter::from_fn(next).map(|(index, input)| (index, self.run(input)));
            indexed.collect::<Vec<_>>()
        };
        let mut results = thread::scope(|scope| {
            let others: Vec<_> = (1..count.min(threads)).map(|_| scope.spawn(run)).collect();
            let mut results = run();
            results.extend(
                others
                    .into_iter()
                    .filter_map(|thread| thread.join().ok())
                    .flatten(),
            );
            results
        });
        if results.len() != count {
            return Err(ForwardError::Failed(
                "a thread of the ONNX runtime panicked".to_owned(),
            ));
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, outputs)| outputs).collect()
    }
}

/// Returns an error unless the content has the fields of an ONNX model.
fn expect_model(content: impl Read + Seek) -> Result<(), ModelFileError> {
    match has_model_fields(content) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ModelFileError::Damaged(
            "it has other fields than a model".to_owned(),
        )),
        Err(error) => Err(ModelFileError::Read(error.to_string())),
    }
}

/// Returns the load options. Packed weights take memory once and save time in each forward pass.
fn options() -> ModelOptions {
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    options
}

/// Returns the model's only input and its shape.
fn image_input(model: &Model) -> Result<(NodeId, [Option<usize>; 4]), ModelFileError> {
    let &[id] = model.input_ids() else {
        return Err(ModelFileError::Input(format!(
            "{} inputs",
            model.input_ids().len()
        )));
    };
    let node = model.node_info(id);
    let kind = node.as_ref().and_then(rten::NodeInfo::dtype);
    if kind != Some(ValueType::Tensor(DataType::Float)) {
        let kind = kind.map_or_else(|| "no type".to_owned(), |kind| format!("the type {kind}"));
        return Err(ModelFileError::Input(kind));
    }
    let lengths: Vec<_> = node
        .and_then(|node| node.shape())
        .unwrap_or_default()
        .iter()
        .map(|length| match length {
            Dimension::Fixed(length) => Some(*length),
            Dimension::Symbolic(_) => None,
        })
        .collect();
    let shape = <[_; 4]>::try_from(lengths)
        .map_err(|lengths| ModelFileError::Input(format!("the shape {}", describe(&lengths))))?;
    Ok((id, shape))
}

/// Formats a shape as `[1, 3, ?, ?]`.
fn describe(shape: &[Option<usize>]) -> String {
    let mut text = String::from("[");
    for (index, length) in shape.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let length = length.map_or_else(|| "?".to_owned(), |length| length.to_string());
        // Writing to a string can't fail.
        let _ = write!(text, "{separator}{length}");
    }
    text + "]"
}

/// Converts an output.
fn to_tensor(value: Value) -> Result<Tensor, ForwardError> {
    let Value::FloatTensor(tensor) = value else {
        return Err(ForwardError::Failed(format!(
            "an output of the model is no float tensor but a {}",
            value.dtype()
        )));
    };
    let shape = tensor.shape().to_vec();
    Tensor::new(shape, tensor.into_data()).map_err(|error| failed(&error))
}

fn failed(error: &impl ToString) -> ForwardError {
    ForwardError::Failed(error.to_string())
}

/// Returns the message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the ONNX runtime panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A result of ONNX Runtime on the same file; `models/export/make_onnx_nets.py` wrote both.
    #[derive(Deserialize)]
    struct Expected {
        shape: Vec<usize>,
        values: Vec<f32>,
    }

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/onnx");

    fn read(name: &str) -> Vec<u8> {
        std::fs::read(Path::new(FOLDER).join(name)).unwrap()
    }

    fn load(name: &str) -> Result<OnnxNetwork, ModelFileError> {
        OnnxNetwork::load_bytes(read(name), 1)
    }

    /// An image of 5 x 4 pixels with values from -1 to 1.
    fn image() -> Tensor {
        let values = (0..60).map(|at| -1.0 + 2.0 * at as f32 / 59.0).collect();
        Tensor::new(vec![1, 3, 4, 5], values).unwrap()
    }

    fn error(name: &str) -> String {
        load(name).err().unwrap().to_string()
    }

    #[test]
    fn simultaneous_runs_keep_their_order() {
        let mut network = OnnxNetwork::load_bytes(read("convolution.onnx"), 2).unwrap();
        let scaled = |factor: f32| {
            let values = image().values().iter().map(|value| value * factor).collect();
            Tensor::new(vec![1, 3, 4, 5], values).unwrap()
        };
        let inputs: Vec<_> = (1_u8..=5).map(|factor| scaled(f32::from(factor))).collect();
        let single: Vec<_> = inputs
            .iter()
            .map(|input| network.forward(input.clone()).unwrap())
            .collect();
        let together = network.forward_all(inputs).unwrap();
        let values = |outputs: &[Vec<Tensor>]| -> Vec<Vec<f32>> {
            outputs
                .iter()
                .map(|outputs| outputs[0].values().to_vec())
                .collect()
        };
        assert_eq!(values(&together), values(&single));
        let wrong = Tensor::new(vec![1, 1, 4, 5], vec![0.0; 20]).unwrap();
        assert!(network.forward_all(vec![image(), wrong, image()]).is_err());
        assert!(network.forward_all(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn outputs_match_onnx_runtime() {
        let expected: Vec<Expected> = serde_json::from_slice(&read("convolution.json")).unwrap();
        let file = Path::new(FOLDER).join("convolution.onnx");
        for mut network in [
            load("convolution.onnx").unwrap(),
            OnnxNetwork::load_file(&file, 2).unwrap(),
        ] {
            assert_eq!(network.input_shape(), [Some(1), Some(3), None, None]);
            for _ in 0..2 {
                let outputs = network.forward(image()).unwrap();
                assert_eq!(outputs.len(), expected.len());
                for (output, expected) in outputs.iter().zip(&expected) {
                    assert_eq!(output.shape(), expected.shape);
                    for (value, expected) in output.values().iter().zip(&expected.values) {
                        assert!((value - expected).abs() < 1e-5, "{value} instead of {expected}");
                    }
                }
            }
        }
    }

    /// `BiRefNet`'s published files have this form of the operator.
    #[test]
    fn exported_deformable_convolution_matches_torchvision() {
        let expected: Vec<Expected> = serde_json::from_slice(&read("gathered-deformable.json")).unwrap();
        let mut network = load("gathered-deformable.onnx").unwrap();
        let outputs = network.forward(image()).unwrap();
        assert_eq!(outputs[0].shape(), expected[0].shape);
        for (value, expected) in outputs[0].values().iter().zip(&expected[0].values) {
            assert!((value - expected).abs() < 1e-5, "{value} instead of {expected}");
        }
    }

    #[test]
    fn other_shapes_than_declared_fail() {
        let mut network = load("fixed-size.onnx").unwrap();
        assert_eq!(network.input_shape(), [Some(1), Some(3), Some(4), Some(5)]);
        assert!(network.forward(image()).is_ok());
        let wide = Tensor::new(vec![1, 3, 4, 6], vec![0.0; 72]).unwrap();
        let message = network.forward(wide).unwrap_err().to_string();
        assert_eq!(
            message,
            "the model's input has the shape [1, 3, 4, 5], not [1, 3, 4, 6]"
        );
        let flat = Tensor::new(vec![60], vec![0.0; 60]).unwrap();
        assert!(network.forward(flat).is_err());
    }

    #[test]
    fn unsupported_operators_are_named() {
        let message = error("deformable.onnx");
        assert!(
            message.starts_with("the model uses an operator that is not supported"),
            "{message}"
        );
        assert!(message.contains("DeformConv"), "{message}");
    }

    #[test]
    fn other_inputs_than_images_are_errors() {
        let prefix = "the model must have one input, a float tensor of shape [N, C, H, W], but has";
        assert_eq!(error("matrix-input.onnx"), format!("{prefix} the shape [3, 4]"));
        assert_eq!(
            error("integer-input.onnx"),
            format!("{prefix} the type tensor(i32)")
        );
        assert_eq!(error("two-inputs.onnx"), format!("{prefix} 2 inputs"));
    }

    #[test]
    fn missing_file_is_a_read_error() {
        let error = OnnxNetwork::load_file(&Path::new(FOLDER).join("missing.onnx"), 1)
            .err()
            .unwrap();
        assert!(matches!(error, ModelFileError::Read(_)), "{error}");
    }

    #[test]
    fn other_content_is_damaged() {
        for content in [&b""[..], b"RTEN", b"not a model", &[0xff; 64], &[0; 64]] {
            let error = OnnxNetwork::load_bytes(content.to_vec(), 1).err().unwrap();
            assert!(
                matches!(error, ModelFileError::Damaged(_)),
                "{content:?}: {error}"
            );
        }
    }

    /// A cut file may still be a valid one (weights are optional in the format), but never panics.
    #[test]
    fn truncated_files_load_or_fail() {
        let whole = read("convolution.onnx");
        let mut failed = 0;
        for length in 0..whole.len() {
            match OnnxNetwork::load_bytes(whole[..length].to_vec(), 1) {
                Ok(mut network) => failed += usize::from(network.forward(image()).is_err()),
                Err(_) => failed += 1,
            }
        }
        assert!(
            failed * 10 > whole.len() * 9,
            "only {failed} of {} failed",
            whole.len()
        );
    }

    #[test]
    fn damaged_files_do_not_panic() {
        // Loaded only: a damaged size may make a forward pass arbitrarily long.
        let whole = read("convolution.onnx");
        for at in 0..whole.len() {
            for flipped in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flipped;
                let _ = OnnxNetwork::load_bytes(bytes, 1);
            }
        }
    }
}
