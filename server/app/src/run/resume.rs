//! Which results needn't be made again.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The chunk that ends every PNG.
const PNG_END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Whether `result` is a whole PNG that is as new as what it is made of. Anything that can't be read is no result.
pub fn is_done(result: &Path, image: &Path, mask: &Path) -> bool {
    let Some(made) = modified(result) else {
        return false;
    };
    let older = |input: &Path| modified(input).is_some_and(|changed| changed <= made);
    older(image) && older(mask) && is_whole_png(result).unwrap_or(false)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Looks at both ends of a file. This program writes results whole or not at all; other tools may not.
fn is_whole_png(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let (mut start, mut end) = ([0; PNG_SIGNATURE.len()], [0; PNG_END.len()]);
    file.read_exact(&mut start)?;
    file.seek(SeekFrom::End(-(PNG_END.len() as i64)))?;
    file.read_exact(&mut end)?;
    Ok(start == PNG_SIGNATURE && end == PNG_END)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_result_counts_that_is_whole_and_not_older_than_its_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (result, image, mask) = (path("result.png"), path("image.png"), path("mask.png"));
        fs::write(&image, "image").unwrap();
        fs::write(&mask, "mask").unwrap();
        assert!(!is_done(&result, &image, &mask), "there is none");

        let whole = [&PNG_SIGNATURE[..], b"pixels", &PNG_END].concat();
        fs::write(&result, &whole[..whole.len() - 1]).unwrap();
        assert!(!is_done(&result, &image, &mask), "it is cut off");
        fs::write(&result, "").unwrap();
        assert!(!is_done(&result, &image, &mask), "it is empty");
        fs::write(&result, &whole).unwrap();
        assert!(is_done(&result, &image, &mask));

        let later = SystemTime::now() + Duration::from_mins(1);
        File::options()
            .write(true)
            .open(&mask)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(!is_done(&result, &image, &mask), "the mask is newer");
        fs::remove_file(&mask).unwrap();
        assert!(!is_done(&result, &image, &mask), "there is no mask");
    }
}
