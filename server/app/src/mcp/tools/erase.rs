//! Erases an area, an object or text.

use bytes::Bytes;
use iopaint_engine::PluginKind;
use iopaint_imaging::{EncodeOptions, Header, Mask};
use iopaint_vision::TextOptions;
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, EraseArguments, ImageArguments};
use super::super::call::ToolCall;
use super::super::image_input::{ImageInput, ImageSource, read_input};
use super::super::image_output::ImageOutput;
use super::select::selection;
use crate::error::{ApiError, ErrorCode};
use crate::files::Tab;
use crate::fill::OutputForm;
use crate::image_jobs::{EncodedImage, FillMask, FillRequest, run_fill, run_plugin};
use crate::plugins::{self, PluginOutput, PluginStatus, PluginTask};
use crate::request::{HdStrategyName, InpaintRequest};

/// The part of the image to erase.
#[derive(Debug)]
enum Target {
    Mask(ImageSource),
    Box([f64; 4]),
    Found(Search),
}

/// A part that the server finds.
#[derive(Debug)]
enum Search {
    Text,
    Object(Vec<Vec<f64>>),
}

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    arguments: EditArguments<EraseArguments>,
) -> Result<CallToolResult, ApiError> {
    let EditArguments {
        image: mut source,
        mut options,
    } = arguments;
    let output = ImageOutput::of(call, &source)?;
    let model = options.model.take().filter(|name| !name.is_empty());
    let target = target(options)?;
    let (input, mask, steps) = find(call, &mut source, target).await?;
    let request = FillRequest {
        image: input.image,
        mask,
        fields: InpaintRequest {
            model,
            hd_strategy: HdStrategyName::Auto,
            ..InpaintRequest::default()
        },
        form: OutputForm::Png,
    };
    let observer = call.step(steps - 1, steps);
    let result = run_fill(call.state, call.caller, request, input.memory, observer).await?;
    output.deliver(call, result.encoded.bytes, result.memory).await
}

/// Reads the image and the mask, or finds the part to erase. Returns the number of jobs of the call too.
async fn find(
    call: &ToolCall<'_>,
    source: &mut ImageArguments,
    target: Target,
) -> Result<(ImageInput, FillMask, u8), ApiError> {
    let image = ImageSource::image(source)?;
    match target {
        Target::Mask(mask) => {
            let mut input = read_input(call, image, Some(mask)).await?;
            let mask = FillMask::Encoded(input.mask.take().unwrap_or_default());
            Ok((input, mask, 1))
        }
        Target::Box(corners) => Ok((read_input(call, image, None).await?, FillMask::Box(corners), 1)),
        Target::Found(search) => {
            let input = read_input(call, image, None).await?;
            let mask = detect(call, input.image.clone(), search).await?;
            Ok((input, FillMask::Decoded(mask), 2))
        }
    }
}

/// Finds text or an object, as the first job of two.
async fn detect(call: &ToolCall<'_>, bytes: Bytes, search: Search) -> Result<Mask, ApiError> {
    let state = call.state;
    // The fill needs the encoded image too: its memory stays reserved.
    let image = EncodedImage { bytes, memory: None };
    let prepare = |_: &Header| -> Result<(PluginStatus, PluginTask), ApiError> {
        match search {
            Search::Object(clicks) => selection(state, &clicks, None),
            Search::Text => {
                let plugin = state.plugins.of_kind(PluginKind::SelectText)?;
                Ok((plugin, PluginTask::SelectText(TextOptions::default())))
            }
        }
    };
    let encode = |output: PluginOutput, _: &EncodeOptions| plugins::mask(output);
    let result = run_plugin(state, call.caller, image, call.step(0, 2), prepare, encode).await?;
    // Dropped with `result`: the memory of the decoded image. The fill reserves its own, and a call that
    // waited for memory while it holds some could deadlock with another.
    Ok(result.value)
}

/// Returns the part to erase.
///
/// # Errors
/// Returns [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) unless exactly one is set.
fn target(options: EraseArguments) -> Result<Target, ApiError> {
    let candidates = [
        options
            .mask
            .map(|text| Target::Mask(ImageSource::Base64("mask", text))),
        options
            .mask_file
            .map(|name| Target::Mask(ImageSource::File("mask_file", Tab::Mask, name))),
        options.area.map(Target::Box),
        options
            .text
            .filter(|text| *text)
            .map(|_| Target::Found(Search::Text)),
        options
            .clicks
            .filter(|clicks| !clicks.is_empty())
            .map(|clicks| Target::Found(Search::Object(clicks))),
    ];
    let mut set = candidates.into_iter().flatten();
    match (set.next(), set.next()) {
        (Some(target), None) => Ok(target),
        _ => Err(ApiError::new(
            ErrorCode::InvalidField,
            "set exactly one of `mask`, `mask_file`, `box`, `text` and `clicks`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<Target, ApiError> {
        let Value::Object(options) = options else {
            unreachable!()
        };
        target(EditArguments::<EraseArguments>::read(options)?.options)
    }

    #[rstest]
    #[case(json!({ "mask": "x" }))]
    #[case(json!({ "mask_file": "x.png" }))]
    #[case(json!({ "box": [1, 2, 3, 4], "text": false, "clicks": [] }))]
    #[case(json!({ "text": true, "mask": null }))]
    #[case(json!({ "clicks": [[1, 2, 1]] }))]
    fn one_target_is_accepted(#[case] options: Value) {
        assert!(read(options).is_ok());
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({ "text": false }))]
    #[case(json!({ "mask": "x", "text": true }))]
    #[case(json!({ "box": [1, 2, 3, 4], "clicks": [[1, 2, 1]] }))]
    fn other_numbers_of_targets_are_rejected(#[case] options: Value) {
        assert!(read(options).unwrap_err().detail().contains("exactly one"));
    }
}
