//! The networks that restore faces.

use iopaint_inpaint::ForwardError;

use crate::network::FaceStages;
use crate::{Network, Tensor};

/// The networks of the stages in which faces are restored, see [`FaceStages`].
pub struct FaceNetworks {
    detector: Box<dyn Network>,
    restorer: Box<dyn Network>,
    parser: Box<dyn Network>,
}

impl FaceNetworks {
    /// Joins three networks.
    #[must_use]
    pub fn new(detector: Box<dyn Network>, restorer: Box<dyn Network>, parser: Box<dyn Network>) -> Self {
        Self {
            detector,
            restorer,
            parser,
        }
    }
}

impl Network for FaceNetworks {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        self.restorer.forward(input)
    }

    fn faces(&mut self) -> Option<FaceStages<'_>> {
        Some(FaceStages {
            detector: self.detector.as_mut(),
            restorer: self.restorer.as_mut(),
            parser: self.parser.as_mut(),
        })
    }
}

/// Runs a network with one output, whose shape must be `expected`; `None` accepts any length.
pub(super) fn single_output<const RANK: usize>(
    network: &mut dyn Network,
    input: Tensor,
    expected: [Option<usize>; RANK],
) -> Result<Vec<f32>, ForwardError> {
    let outputs = network.forward(input)?;
    let Ok([output]) = <[Tensor; 1]>::try_from(outputs) else {
        return Err(ForwardError::Failed(String::from(
            "the network has more than one output",
        )));
    };
    let (shape, values) = output.into_parts();
    let fits = shape.len() == RANK
        && shape
            .iter()
            .zip(expected)
            .all(|(found, expected)| expected.is_none_or(|expected| *found == expected));
    if fits {
        Ok(values)
    } else {
        Err(ForwardError::Failed(format!(
            "the network returned the shape {shape:?}"
        )))
    }
}
