//! Checks for cancellation and reports progress between the crops and steps of a run.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use iopaint_inpaint::{Monitor, Stop};

use crate::progress::{JobProgress, Observer};

/// Minimum time between two reports of steps, which may take microseconds each.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// Stops a run that was cancelled or passed its deadline, between two crops or two steps of an iterative
/// model.
pub(crate) struct JobMonitor<'a> {
    pub cancelled: &'a AtomicBool,
    pub deadline: Option<Instant>,
    pub observer: Option<&'a Arc<dyn Observer>>,
    /// Start of the run.
    pub began: Instant,
    /// Expected duration of the run in seconds; `None` before the first run has ended.
    pub mean_s: Option<f64>,
    /// Numbers of finished crops and of all crops.
    crops: Cell<(usize, usize)>,
    last_report: Cell<Instant>,
}

impl<'a> JobMonitor<'a> {
    pub fn new(
        cancelled: &'a AtomicBool,
        deadline: Option<Instant>,
        observer: Option<&'a Arc<dyn Observer>>,
        began: Instant,
        mean_s: Option<f64>,
    ) -> Self {
        Self {
            cancelled,
            deadline,
            observer,
            began,
            mean_s,
            crops: Cell::new((0, 1)),
            last_report: Cell::new(began),
        }
    }

    fn check_stop(&self, now: Instant) -> ControlFlow<Stop> {
        if self.cancelled.load(Ordering::SeqCst) {
            ControlFlow::Break(Stop::Cancelled)
        } else if self.deadline.is_some_and(|deadline| deadline <= now) {
            ControlFlow::Break(Stop::Deadline)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Reports to the observer that the fraction `done` (0 to 1) of the current crop is finished.
    fn report(&self, now: Instant, done: f64) {
        let Some(observer) = self.observer else { return };
        self.last_report.set(now);
        let (crop, crops) = self.crops.get();
        let fraction = (crop as f64 + done) / crops.max(1) as f64;
        let elapsed_s = now.duration_since(self.began).as_secs_f64();
        let eta_s = if fraction > 0.0 {
            Some(elapsed_s * (1.0 - fraction) / fraction)
        } else {
            self.mean_s
        };
        observer.observe(JobProgress::Running {
            crop,
            crops,
            eta: eta_s.and_then(|eta_s| Duration::try_from_secs_f64(eta_s.max(0.0)).ok()),
        });
    }
}

impl Monitor for JobMonitor<'_> {
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        let now = Instant::now();
        self.check_stop(now)?;
        self.crops.set((done, total));
        self.report(now, 0.0);
        ControlFlow::Continue(())
    }

    fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        let now = Instant::now();
        self.check_stop(now)?;
        if now.duration_since(self.last_report.get()) >= REPORT_INTERVAL {
            self.report(now, done as f64 / total.max(1) as f64);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<JobProgress>>);

    impl Observer for Recorder {
        fn is_watched(&self) -> bool {
            true
        }

        fn observe(&self, progress: JobProgress) {
            self.0.lock().unwrap().push(progress);
        }
    }

    #[test]
    fn eta_follows_finished_crops() {
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        let cancelled = AtomicBool::new(false);
        let began = Instant::now().checked_sub(Duration::from_secs(8)).unwrap();
        let monitor = JobMonitor::new(&cancelled, None, Some(&observer), began, Some(5.0));
        for done in 0..3 {
            assert!(monitor.crop(done, 3).is_continue());
        }
        let reports = recorder.0.lock().unwrap().clone();
        let crops: Vec<(usize, usize, u64)> = reports
            .iter()
            .map(|progress| match progress {
                JobProgress::Running { crop, crops, eta } => (*crop, *crops, eta.unwrap().as_secs()),
                JobProgress::Queued { .. } => panic!("the job is running"),
            })
            .collect();
        assert_eq!(crops, [(0, 3, 5), (1, 3, 16), (2, 3, 4)]);
    }

    #[test]
    fn step_reports_are_rate_limited() {
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        let cancelled = AtomicBool::new(false);
        let began = Instant::now();
        let monitor = JobMonitor::new(&cancelled, None, Some(&observer), began, None);
        for step in 0..1000 {
            assert!(monitor.step(step, 1000).is_continue());
        }
        assert!(recorder.0.lock().unwrap().len() < 100);
    }

    #[test]
    fn cancelled_run_stops_without_report() {
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        let cancelled = AtomicBool::new(true);
        let monitor = JobMonitor::new(&cancelled, None, Some(&observer), Instant::now(), None);
        assert_eq!(monitor.crop(0, 1), ControlFlow::Break(Stop::Cancelled));
        let running = AtomicBool::new(false);
        let monitor = JobMonitor::new(
            &running,
            Some(Instant::now()),
            Some(&observer),
            Instant::now(),
            None,
        );
        assert_eq!(monitor.crop(0, 1), ControlFlow::Break(Stop::Deadline));
        assert!(recorder.0.lock().unwrap().is_empty());
    }
}
