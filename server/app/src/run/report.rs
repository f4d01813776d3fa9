//! How a batch went, for people and as an exit code.

use std::fmt;

/// The exit code where some pictures failed and others didn't.
pub const SOME_FAILED: u8 = 3;
/// The exit code where nothing could be done.
pub const NOTHING_DONE: u8 = 1;

/// How one picture ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was filled. `scaled`: a part of it was too large for one forward and ran scaled down.
    Filled {
        /// Whether a part ran scaled down.
        scaled: bool,
    },
    /// Its result was there.
    Skipped,
    /// No mask has its stem.
    NoMask,
    /// It could not be filled; the sentence says why.
    Failed(String),
}

/// How a batch went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    filled: usize,
    scaled: usize,
    skipped: usize,
    without_mask: Vec<String>,
    failed: Vec<(String, String)>,
}

impl Report {
    /// Takes the next picture's outcome.
    pub fn add(&mut self, image: &str, outcome: Outcome) {
        match outcome {
            Outcome::Filled { scaled } => {
                self.filled += 1;
                self.scaled += usize::from(scaled);
            }
            Outcome::Skipped => self.skipped += 1,
            Outcome::NoMask => self.without_mask.push(image.to_owned()),
            Outcome::Failed(reason) => self.failed.push((image.to_owned(), reason)),
        }
    }

    /// 0: everything that has a mask is done; [`NOTHING_DONE`]; [`SOME_FAILED`]. An empty share is done.
    pub fn exit_code(&self) -> u8 {
        let done = self.filled + self.skipped > 0;
        match (done, self.failed.is_empty()) {
            (true, true) => 0,
            (true, false) => SOME_FAILED,
            (false, true) if self.without_mask.is_empty() => 0,
            (false, _) => NOTHING_DONE,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} filled", self.filled)?;
        if self.scaled > 0 {
            write!(f, " ({} scaled down to --max-forward-pixels)", self.scaled)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} done before", self.skipped)?;
        }
        if !self.without_mask.is_empty() {
            write!(f, ", {} without a mask", self.without_mask.len())?;
        }
        if !self.failed.is_empty() {
            write!(f, ", {} failed", self.failed.len())?;
        }
        for image in &self.without_mask {
            write!(f, "\n  {image}: no mask has this name")?;
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

    const FILLED: Outcome = Outcome::Filled { scaled: false };

    fn failed() -> Outcome {
        Outcome::Failed("The file is damaged.".into())
    }

    #[rstest]
    #[case(vec![], 0)]
    #[case(vec![FILLED], 0)]
    #[case(vec![Outcome::Skipped], 0)]
    #[case(vec![FILLED, Outcome::NoMask], 0)]
    #[case(vec![Outcome::NoMask], 1)]
    #[case(vec![failed()], 1)]
    #[case(vec![failed(), Outcome::NoMask], 1)]
    #[case(vec![failed(), FILLED], 3)]
    #[case(vec![failed(), Outcome::Skipped], 3)]
    fn the_exit_code_tells_all_from_some_from_none(#[case] outcomes: Vec<Outcome>, #[case] expected: u8) {
        let mut report = Report::default();
        for outcome in outcomes {
            report.add("photo.png", outcome);
        }
        assert_eq!(report.exit_code(), expected, "{report}");
    }

    #[test]
    fn what_went_wrong_is_listed_at_the_end() {
        let mut report = Report::default();
        report.add("a.png", failed());
        report.add("b.png", Outcome::Filled { scaled: true });
        report.add("c.png", Outcome::NoMask);
        report.add("d.png", Outcome::Skipped);
        assert_eq!(
            report.to_string(),
            "1 filled (1 scaled down to --max-forward-pixels), 1 done before, 1 without a mask, 1 failed\n  \
             c.png: no mask has this name\n  a.png: The file is damaged."
        );
    }
}
