//! What a run asks between its crops and steps: whether to go on. On the way, its observer is told how far it is.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use iopaint_inpaint::{Monitor, Stop};

use crate::progress::{JobProgress, Observer};

/// Steps may follow each other within microseconds; nobody reads faster than this.
const BETWEEN_STEPS: Duration = Duration::from_millis(200);

/// Stops a run that nobody waits for any more, between two crops or between two steps of a model that has some.
pub(crate) struct JobMonitor<'a> {
    pub cancelled: &'a AtomicBool,
    pub deadline: Option<Instant>,
    pub observer: Option<&'a Arc<dyn Observer>>,
    /// When the run began.
    pub began: Instant,
    /// How long runs take, in seconds, where one has ended before.
    pub mean_forward: Option<f64>,
    /// How many crops are done, of how many.
    crops: Cell<(usize, usize)>,
    told: Cell<Instant>,
}

impl<'a> JobMonitor<'a> {
    pub fn new(
        cancelled: &'a AtomicBool,
        deadline: Option<Instant>,
        observer: Option<&'a Arc<dyn Observer>>,
        began: Instant,
        mean_forward: Option<f64>,
    ) -> Self {
        Self {
            cancelled,
            deadline,
            observer,
            began,
            mean_forward,
            crops: Cell::new((0, 1)),
            told: Cell::new(began),
        }
    }

    fn go_on(&self, now: Instant) -> ControlFlow<Stop> {
        if self.cancelled.load(Ordering::SeqCst) {
            ControlFlow::Break(Stop::Cancelled)
        } else if self.deadline.is_some_and(|deadline| deadline <= now) {
            ControlFlow::Break(Stop::Deadline)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Tells the observer that `done`, from 0 to 1, of the current crop is finished.
    fn tell(&self, now: Instant, done: f64) {
        let Some(observer) = self.observer else { return };
        self.told.set(now);
        let (crop, crops) = self.crops.get();
        let share = (crop as f64 + done) / crops.max(1) as f64;
        let elapsed = now.duration_since(self.began).as_secs_f64();
        let eta = if share > 0.0 {
            Some(elapsed * (1.0 - share) / share)
        } else {
            self.mean_forward
        };
        observer.observe(JobProgress::Running {
            crop,
            crops,
            eta: eta.and_then(|eta| Duration::try_from_secs_f64(eta.max(0.0)).ok()),
        });
    }
}

impl Monitor for JobMonitor<'_> {
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        let now = Instant::now();
        self.go_on(now)?;
        self.crops.set((done, total));
        self.tell(now, 0.0);
        ControlFlow::Continue(())
    }

    fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
        let now = Instant::now();
        self.go_on(now)?;
        if now.duration_since(self.told.get()) >= BETWEEN_STEPS {
            self.tell(now, done as f64 / total.max(1) as f64);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Log(Mutex<Vec<JobProgress>>);

    impl Observer for Log {
        fn is_watched(&self) -> bool {
            true
        }

        fn observe(&self, progress: JobProgress) {
            self.0.lock().unwrap().push(progress);
        }
    }

    #[test]
    fn crops_that_are_done_are_counted_and_the_rest_judged_by_those_that_are_done() {
        let log = Arc::new(Log::default());
        let observer: Arc<dyn Observer> = log.clone();
        let cancelled = AtomicBool::new(false);
        let began = Instant::now().checked_sub(Duration::from_secs(8)).unwrap();
        let monitor = JobMonitor::new(&cancelled, None, Some(&observer), began, Some(5.0));
        for done in 0..3 {
            assert!(monitor.crop(done, 3).is_continue());
        }
        let told = log.0.lock().unwrap().clone();
        let crops: Vec<(usize, usize, u64)> = told
            .iter()
            .map(|progress| match progress {
                JobProgress::Running { crop, crops, eta } => (*crop, *crops, eta.unwrap().as_secs()),
                JobProgress::Queued { .. } => panic!("it runs"),
            })
            .collect();
        assert_eq!(crops, [(0, 3, 5), (1, 3, 16), (2, 3, 4)]);
    }

    #[test]
    fn steps_are_told_now_and_then() {
        let log = Arc::new(Log::default());
        let observer: Arc<dyn Observer> = log.clone();
        let cancelled = AtomicBool::new(false);
        let began = Instant::now();
        let monitor = JobMonitor::new(&cancelled, None, Some(&observer), began, None);
        for step in 0..1000 {
            assert!(monitor.step(step, 1000).is_continue());
        }
        assert!(log.0.lock().unwrap().len() < 100);
    }

    #[test]
    fn a_run_that_nobody_waits_for_is_stopped_and_no_more_is_told() {
        let log = Arc::new(Log::default());
        let observer: Arc<dyn Observer> = log.clone();
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
        assert!(log.0.lock().unwrap().is_empty());
    }
}
