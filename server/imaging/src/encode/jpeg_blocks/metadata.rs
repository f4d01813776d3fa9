//! The metadata of a result in the stored frame of its file.

use image::metadata::Orientation;

use crate::colour;
use crate::decode::jpeg::{collect, frame::Colour};
use crate::metadata::{Extras, Metadata, exif, xmp};

/// Returns the metadata of a file whose stored pixels of `size` keep their orientation: without previews,
/// with a profile of the file's colour space only. If `strip` is true, only profile and orientation remain.
pub(super) fn of_file(
    file: &[u8],
    size: (u32, u32),
    orientation: Orientation,
    colour: Colour,
    strip: bool,
) -> Metadata {
    let mut metadata = Metadata::default();
    collect(file, &mut metadata);
    let fits = |icc: &Vec<u8>| match (colour, colour::space(icc)) {
        (Colour::Gray, Some(space)) => matches!(&space, b"GRAY" | b"RGB "),
        (Colour::Rgb | Colour::YCbCr, Some(space)) => &space == b"RGB ",
        (Colour::Cmyk | Colour::Ycck, Some(space)) => &space == b"CMYK",
        (_, None) => false,
    };
    let orientation = Some(orientation.to_exif()).filter(|value| *value > 1);
    let kept = metadata.exif.filter(|_| !strip);
    Metadata {
        icc: metadata.icc.filter(fits),
        exif: exif::of_stored_frame(kept, size, orientation),
        xmp: metadata.xmp.filter(|_| !strip).and_then(|xmp| xmp::cleaned(&xmp)),
        extras: if strip { Extras::None } else { metadata.extras },
    }
}
