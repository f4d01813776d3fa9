//! Detection of results from an earlier run.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The IEND chunk, the last one of every PNG: length 0, type, CRC.
const PNG_END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Returns true if `result` is a complete PNG that is not older than any of `inputs`. A file that can't be
/// read counts as incomplete.
pub fn is_complete(result: &Path, inputs: &[&Path]) -> bool {
    let Some(result_time) = modified(result) else {
        return false;
    };
    let is_older = |input: &Path| modified(input).is_some_and(|time| time <= result_time);
    inputs.iter().all(|input| is_older(input)) && has_png_ends(result).unwrap_or(false)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Checks the first and last bytes of a file. Results of this program are complete, but other tools may leave
/// partial files.
fn has_png_ends(path: &Path) -> std::io::Result<bool> {
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
    fn complete_results_are_whole_and_current() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (result, image, mask) = (path("result.png"), path("image.png"), path("mask.png"));
        fs::write(&image, "image").unwrap();
        fs::write(&mask, "mask").unwrap();
        assert!(!is_complete(&result, &[&image, &mask]), "missing");

        let whole = [&PNG_SIGNATURE[..], b"pixels", &PNG_END].concat();
        fs::write(&result, &whole[..whole.len() - 1]).unwrap();
        assert!(!is_complete(&result, &[&image, &mask]), "cut off");
        fs::write(&result, "").unwrap();
        assert!(!is_complete(&result, &[&image, &mask]), "empty");
        fs::write(&result, &whole).unwrap();
        assert!(is_complete(&result, &[&image, &mask]));

        let later = SystemTime::now() + Duration::from_mins(1);
        File::options()
            .write(true)
            .open(&mask)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(!is_complete(&result, &[&image, &mask]), "the mask is newer");
        fs::remove_file(&mask).unwrap();
        assert!(!is_complete(&result, &[&image, &mask]), "no mask");
    }
}
