//! Progress of work that consists of two jobs.

use std::sync::Arc;

use iopaint_engine::{JobProgress, Observer};

/// Reports the progress of one of two jobs as half of the whole. Estimated times are those of the job.
#[derive(Debug)]
pub(super) struct HalfProgress {
    whole: Arc<dyn Observer>,
    is_second: bool,
}

impl HalfProgress {
    /// Returns the observers of the first and the second job; `whole` receives the progress of both.
    pub fn observers(whole: &Arc<dyn Observer>) -> [Arc<dyn Observer>; 2] {
        [false, true].map(|is_second| -> Arc<dyn Observer> {
            Arc::new(Self {
                whole: Arc::clone(whole),
                is_second,
            })
        })
    }
}

impl Observer for HalfProgress {
    fn is_watched(&self) -> bool {
        self.whole.is_watched()
    }

    fn observe(&self, progress: JobProgress) {
        self.whole.observe(match progress {
            JobProgress::Running { crop, crops, eta } => {
                let crops = crops.max(1);
                JobProgress::Running {
                    crop: if self.is_second { crops + crop } else { crop },
                    crops: 2 * crops,
                    eta,
                }
            }
            // Between the jobs the whole is half done.
            JobProgress::Queued { eta, .. } if self.is_second => JobProgress::Running {
                crop: 1,
                crops: 2,
                eta,
            },
            JobProgress::Queued { .. } => progress,
        });
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<JobProgress>>);

    impl Observer for Recorder {
        fn is_watched(&self) -> bool {
            true
        }

        fn observe(&self, progress: JobProgress) {
            self.0.lock().push(progress);
        }
    }

    #[test]
    fn two_jobs_are_one_progress() {
        let recorder = Arc::new(Recorder::default());
        let whole: Arc<dyn Observer> = recorder.clone();
        let queued = JobProgress::Queued {
            position: 3,
            eta: None,
        };
        let running = |crop, crops| JobProgress::Running {
            crop,
            crops,
            eta: None,
        };
        let [first, second] = HalfProgress::observers(&whole);
        assert!(first.is_watched() && second.is_watched());
        first.observe(queued);
        first.observe(running(1, 3));
        second.observe(queued);
        second.observe(running(1, 2));
        // An image without faces.
        second.observe(running(0, 0));
        assert_eq!(
            *recorder.0.lock(),
            [queued, running(1, 6), running(1, 2), running(3, 4), running(1, 2)]
        );
    }
}
