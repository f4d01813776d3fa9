//! The result of a tool call: image content, or a file in the output folder.

use iopaint_engine::Reservation;
use iopaint_imaging::ImageFormat;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::json;

use super::arguments::ImageArguments;
use super::call::ToolCall;
use crate::error::ApiError;
use crate::file_access::save_image;
use crate::files::FileName;

/// Destination of a result.
#[derive(Debug)]
pub enum ImageOutput {
    /// Content of the tool's result.
    Content,
    /// A file in the output folder.
    File(FileName),
}

impl ImageOutput {
    /// Returns the destination of the field `save_as`, which is checked before the tool runs.
    ///
    /// # Errors
    /// Returns [`ErrorCode::NotOffered`](crate::error::ErrorCode::NotOffered) without an output folder, and
    /// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) for an invalid name.
    pub fn of(call: &ToolCall<'_>, arguments: &ImageArguments) -> Result<Self, ApiError> {
        let Some(name) = &arguments.save_as else {
            return Ok(Self::Content);
        };
        call.state.files.output()?;
        let name = FileName::parse(name)
            .map_err(|error| ApiError::field("save_as", error))?
            .for_image(ImageFormat::Png);
        if !name.has_extension(&["png"]) {
            return Err(ApiError::field(
                "save_as",
                "must end in `.png`; results are PNG files",
            ));
        }
        Ok(Self::File(name))
    }

    /// Delivers a PNG. `memory` is that of the PNG.
    ///
    /// # Errors
    /// Those of the output folder.
    pub async fn deliver(
        self,
        call: &ToolCall<'_>,
        png: Vec<u8>,
        mut memory: Reservation,
    ) -> Result<CallToolResult, ApiError> {
        match self {
            Self::Content => {
                let encode = move || base64_simd::STANDARD.encode_to_string(png);
                let text = call.state.codecs.run(encode).await?;
                // The content, and the response that is serialised from it.
                memory.shrink_to(2 * text.len() as u64);
                call.memory.hold(memory);
                let image = ContentBlock::image(text, ImageFormat::Png.mime());
                Ok(CallToolResult::success(vec![image]))
            }
            Self::File(name) => {
                let files = &call.state.files;
                let name = save_image(files, "save_as", name, ImageFormat::Png, png.into(), false).await?;
                Ok(CallToolResult::structured(json!({ "saved_as": name.as_str() })))
            }
        }
    }
}
