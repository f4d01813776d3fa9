//! Summary of a batch, and its exit code.

use std::fmt;

/// Exit code if some images failed and others succeeded.
pub const SOME_FAILED: u8 = 3;
/// Exit code if no image was processed.
pub const NONE_DONE: u8 = 1;

/// Outcome of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOutcome {
    /// The result was written.
    Done {
        /// True if a region was too large for one forward pass and ran scaled down.
        scaled: bool,
    },
    /// The result exists and is current.
    Skipped,
    /// No mask has the name of the image.
    NoMask,
    /// No result was written, for this reason.
    Failed(String),
}

/// Summary of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Past participle of the work: "filled".
    participle: &'static str,
    done: usize,
    scaled: usize,
    skipped: usize,
    without_mask: Vec<String>,
    failed: Vec<(String, String)>,
}

impl Report {
    /// Creates an empty report. `participle` describes a finished image: "filled".
    pub fn new(participle: &'static str) -> Self {
        Self {
            participle,
            done: 0,
            scaled: 0,
            skipped: 0,
            without_mask: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds the outcome of an image.
    pub fn add(&mut self, image: &str, outcome: FileOutcome) {
        match outcome {
            FileOutcome::Done { scaled } => {
                self.done += 1;
                self.scaled += usize::from(scaled);
            }
            FileOutcome::Skipped => self.skipped += 1,
            FileOutcome::NoMask => self.without_mask.push(image.to_owned()),
            FileOutcome::Failed(reason) => self.failed.push((image.to_owned(), reason)),
        }
    }

    /// Returns 0 if all images with a mask are done or there are none, [`SOME_FAILED`], or [`NONE_DONE`].
    pub fn exit_code(&self) -> u8 {
        let done = self.done + self.skipped > 0;
        match (done, self.failed.is_empty()) {
            (true, true) => 0,
            (true, false) => SOME_FAILED,
            (false, true) if self.without_mask.is_empty() => 0,
            (false, _) => NONE_DONE,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.done, self.participle)?;
        if self.scaled > 0 {
            write!(f, " ({} scaled down to --max-forward-pixels)", self.scaled)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        if !self.without_mask.is_empty() {
            write!(f, ", {} without a mask", self.without_mask.len())?;
        }
        if !self.failed.is_empty() {
            write!(f, ", {} failed", self.failed.len())?;
        }
        for image in &self.without_mask {
            write!(f, "\n  {image}: no mask with this name")?;
        }
        for (image, reason) in &self.failed {
            write!(f, "\n  {image}: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const DONE: FileOutcome = FileOutcome::Done { scaled: false };

    fn failed() -> FileOutcome {
        FileOutcome::Failed("The file is damaged.".into())
    }

    #[rstest]
    #[case(vec![], 0)]
    #[case(vec![DONE], 0)]
    #[case(vec![FileOutcome::Skipped], 0)]
    #[case(vec![DONE, FileOutcome::NoMask], 0)]
    #[case(vec![FileOutcome::NoMask], 1)]
    #[case(vec![failed()], 1)]
    #[case(vec![failed(), FileOutcome::NoMask], 1)]
    #[case(vec![failed(), DONE], 3)]
    #[case(vec![failed(), FileOutcome::Skipped], 3)]
    fn exit_code_depends_on_outcomes(#[case] outcomes: Vec<FileOutcome>, #[case] expected: u8) {
        let mut report = Report::new("filled");
        for outcome in outcomes {
            report.add("photo.png", outcome);
        }
        assert_eq!(report.exit_code(), expected, "{report}");
    }

    #[test]
    fn failures_are_listed_last() {
        let mut report = Report::new("filled");
        report.add("a.png", failed());
        report.add("b.png", FileOutcome::Done { scaled: true });
        report.add("c.png", FileOutcome::NoMask);
        report.add("d.png", FileOutcome::Skipped);
        assert_eq!(
            report.to_string(),
            "1 filled (1 scaled down to --max-forward-pixels), 1 skipped, 1 without a mask, 1 failed\n  \
             c.png: no mask with this name\n  a.png: The file is damaged."
        );
    }
}
