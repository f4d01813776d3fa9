//! Arguments of the tools. The comments of the fields are their descriptions in the tools' schemas.

use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::files::Tab;
use crate::request::from_object;

/// Names of the fields of [`ImageArguments`].
const IMAGE_FIELDS: [&str; 4] = ["image", "file", "folder", "save_as"];

/// Image to edit and destination of the result.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ImageArguments {
    /// Image in base64, bare or as a data URL: PNG, JPEG, WebP, TIFF, BMP or GIF. Set either `image` or
    /// `file`.
    pub image: Option<String>,
    /// Name of an image file in a folder of the server, without a path. Set either `image` or `file`.
    pub file: Option<String>,
    /// Folder of `file`: `input` for images to edit, `output` for saved results. Default: `input`.
    pub folder: Option<ImageFolder>,
    /// Name of the PNG file to save the result as, in the output folder of the server, without a path. If the
    /// name exists, the new file gets a number. Without it, the result is returned as an image.
    pub save_as: Option<String>,
}

/// Folder of an image file.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageFolder {
    /// Images to edit.
    #[default]
    Input,
    /// Saved results.
    Output,
}

/// Arguments of `erase`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EraseArguments {
    /// Mask in base64, bare or as a data URL, of the image's size. White pixels are erased.
    pub mask: Option<String>,
    /// Name of a mask file in the mask folder of the server, without a path, instead of `mask`.
    pub mask_file: Option<String>,
    /// Rectangle to erase completely: x and y of two opposite corners in pixels.
    #[serde(rename = "box")]
    pub area: Option<[f64; 4]>,
    /// True erases all text that is found in the image.
    pub text: Option<bool>,
    /// Clicks that select the object to erase: x and y in pixels, and 1 for a point on the object or 0 for a
    /// point on the background.
    #[schemars(with = "Option<Vec<[f64; 3]>>")]
    pub clicks: Option<Vec<Vec<f64>>>,
    /// Name of the model that fills the erased area; see `list_models`. Default: the server's current model.
    pub model: Option<String>,
}

/// Arguments of `select`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SelectArguments {
    /// Clicks on the image: x and y in pixels, and 1 for a point on the object or 0 for a point on the
    /// background. Without clicks and box, the main object is selected.
    #[schemars(with = "Option<Vec<[f64; 3]>>")]
    pub clicks: Option<Vec<Vec<f64>>>,
    /// Rectangle around the object: x and y of two opposite corners in pixels.
    #[serde(rename = "box")]
    pub area: Option<[f64; 4]>,
}

/// Arguments of `upscale`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpscaleArguments {
    /// Factor of both sides, above 0 and at most 4. Default: 2.
    pub scale: Option<f64>,
}

/// Arguments of a tool without options of its own.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct NoArguments {}

/// Arguments of a tool that edits an image.
#[derive(Debug, JsonSchema)]
pub struct EditArguments<T> {
    /// Image to edit and destination of the result.
    #[schemars(flatten)]
    pub image: ImageArguments,
    /// The tool's own arguments.
    #[schemars(flatten)]
    pub options: T,
}

impl ImageFolder {
    /// Returns the folder of the file manager.
    pub fn tab(self) -> Tab {
        match self {
            Self::Input => Tab::Input,
            Self::Output => Tab::Output,
        }
    }
}

impl<T: DeserializeOwned> EditArguments<T> {
    /// Reads the arguments of a call. Unknown fields are ignored. Flattened by hand: serde's `flatten` loses
    /// the names of fields in errors.
    ///
    /// # Errors
    /// Returns [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) with the field's name.
    pub fn read(mut arguments: Map<String, Value>) -> Result<Self, ApiError> {
        let image = IMAGE_FIELDS
            .iter()
            .filter_map(|field| arguments.remove_entry(*field))
            .collect();
        Ok(Self {
            image: from_object(image)?,
            options: from_object(arguments)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({ "image": 7 }), "image")]
    #[case(json!({ "folder": "etc" }), "folder")]
    #[case(json!({ "box": [1, 2, 3] }), "box")]
    #[case(json!({ "text": "yes" }), "text")]
    fn invalid_argument_is_named(#[case] arguments: Value, #[case] field: &str) {
        let Value::Object(arguments) = arguments else {
            unreachable!()
        };
        let error = EditArguments::<EraseArguments>::read(arguments).unwrap_err();
        assert!(
            error.detail().contains(&format!("`{field}`")),
            "{}",
            error.detail()
        );
    }

    #[test]
    fn null_and_missing_arguments_are_equal() {
        let Value::Object(arguments) = json!({ "image": null, "box": null, "unknown": 1 }) else {
            unreachable!()
        };
        let read = EditArguments::<SelectArguments>::read(arguments).unwrap();
        assert!(read.image.image.is_none() && read.options.area.is_none() && read.options.clicks.is_none());
    }

    #[test]
    fn image_fields_are_those_of_the_schema() {
        let schema = schemars::schema_for!(ImageArguments);
        let properties = schema.get("properties").unwrap().as_object().unwrap();
        assert_eq!(properties.len(), IMAGE_FIELDS.len());
        assert!(IMAGE_FIELDS.iter().all(|field| properties.contains_key(*field)));
    }
}
