//! Passes that meet in batches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use iopaint_inpaint::{InpaintOptions, Monitor, Stop, Unmonitored};

use super::*;
use crate::engine_metrics::NoMetrics;

const PANIC: u8 = 1;
const FAIL: u8 = 2;

/// Returns its input. Each pass reports its number of images, and waits until the test resumes it.
struct Recorder {
    began: Sender<usize>,
    resume: Receiver<()>,
    batch_error: Option<ForwardError>,
}

impl Inpainter for Recorder {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    fn forward(&mut self, image: &RgbImage, _: &Coverage, _: &Context<'_>) -> Result<RgbImage, ForwardError> {
        self.began.send(1).unwrap();
        self.resume.recv().unwrap();
        match image.as_raw().first().copied() {
            Some(PANIC) => panic!("a model's bug"),
            Some(FAIL) => Err(ForwardError::Failed("failed as requested".into())),
            _ => Ok(image.clone()),
        }
    }

    fn runs_batches(&self) -> bool {
        true
    }

    fn forward_batch(
        &mut self,
        inputs: &[(&RgbImage, &Coverage)],
        _: &Context<'_>,
    ) -> Result<Vec<RgbImage>, ForwardError> {
        self.began.send(inputs.len()).unwrap();
        self.resume.recv().unwrap();
        match &self.batch_error {
            Some(error) => Err(error.clone()),
            None => Ok(inputs.iter().map(|(image, _)| (*image).clone()).collect()),
        }
    }
}

struct StopFlag<'a>(&'a AtomicBool);

impl Monitor for StopFlag<'_> {
    fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }

    fn step(&self, _: usize, _: usize) -> ControlFlow<Stop> {
        if self.0.load(Ordering::SeqCst) {
            ControlFlow::Break(Stop::Cancelled)
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The result of a pass's thread.
type JoinedResult = thread::Result<Result<RgbImage, ForwardError>>;

struct Bench {
    batcher: Arc<Batcher>,
    began: Mutex<Receiver<usize>>,
    resume: Sender<()>,
    max_forward_pixels: u64,
}

impl Bench {
    fn new(max_images: usize, batch_error: Option<ForwardError>) -> Self {
        let (began_sender, began) = channel();
        let (resume, resume_receiver) = channel();
        let model = Box::new(Recorder {
            began: began_sender,
            resume: resume_receiver,
            batch_error,
        });
        let options = BatchOptions {
            max_images,
            max_wait: Duration::from_millis(1),
        };
        let handles = batching_handles(model, 8, options, Arc::new(NoMetrics));
        let mut handles = handles.ok().unwrap();
        Self {
            batcher: handles.swap_remove(0).0,
            began: Mutex::new(began),
            resume,
            max_forward_pixels: 1 << 20,
        }
    }

    fn forward(&self, red: u8, side: u32, monitor: &dyn Monitor) -> Result<RgbImage, ForwardError> {
        let image = RgbImage::from_pixel(side, side, [red, 0, 0].into());
        let mask = iopaint_imaging::Mask::empty(side, side).into_coverage();
        let options = InpaintOptions {
            max_forward_pixels: self.max_forward_pixels,
            ..InpaintOptions::default()
        };
        let context = Context {
            options: &options,
            monitor,
        };
        BatchingInpainter(Arc::clone(&self.batcher)).forward(&image, &mask, &context)
    }

    /// Waits until `count` passes are in the queue.
    fn wait_for_queue(&self, count: usize) {
        let ends = Instant::now() + Duration::from_secs(30);
        while self.batcher.state.lock().waiting.len() != count {
            assert!(Instant::now() < ends, "{count} passes are in the queue");
            thread::yield_now();
        }
    }

    /// Resumes the next pass and returns its number of images.
    fn next_batch(&self) -> usize {
        let images = self.wait_for_pass();
        self.resume.send(()).unwrap();
        images
    }

    /// Waits until a pass begins and returns its number of images.
    fn wait_for_pass(&self) -> usize {
        let began = self.began.lock();
        began.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    /// Runs a pass, and others (red, side) that wait for its end; returns the results of these and the
    /// numbers of images of all `batches`.
    fn run(&self, passes: &[(u8, u32)], batches: usize) -> (Vec<JoinedResult>, Vec<usize>) {
        thread::scope(|scope| {
            let first = scope.spawn(|| self.forward(0, 4, &Unmonitored));
            let images = self.wait_for_pass();
            let mut running = Vec::new();
            for (index, (red, side)) in passes.iter().enumerate() {
                running.push(scope.spawn(move || self.forward(*red, *side, &Unmonitored)));
                self.wait_for_queue(index + 1);
            }
            self.resume.send(()).unwrap();
            let mut sizes = vec![images];
            sizes.extend((0..batches).map(|_| self.next_batch()));
            assert!(first.join().unwrap().is_ok());
            (
                running.into_iter().map(thread::ScopedJoinHandle::join).collect(),
                sizes,
            )
        })
    }
}

#[test]
fn waiting_passes_of_one_size_run_in_one_batch() {
    let bench = Bench::new(8, None);
    let passes = [(10, 4), (11, 6), (12, 4), (13, 4), (14, 6)];
    let (results, batches) = bench.run(&passes, 2);
    assert_eq!(batches, [1, 3, 2]);
    for ((red, side), result) in passes.iter().zip(results) {
        let result = result.unwrap().unwrap();
        assert_eq!((result.get_pixel(0, 0).0[0], result.width()), (*red, *side));
    }
}

#[test]
fn batches_are_limited_in_images_and_pixels() {
    let passes = [(10, 4), (11, 4), (12, 4), (13, 4), (14, 4)];
    assert_eq!(Bench::new(2, None).run(&passes, 3).1, [1, 2, 2, 1]);
    let mut bench = Bench::new(8, None);
    bench.max_forward_pixels = 3 * 4 * 4 + 1;
    assert_eq!(bench.run(&passes, 2).1, [1, 3, 2]);
    bench.max_forward_pixels = 1;
    assert_eq!(bench.run(&passes, 5).1, [1; 6]);
}

#[test]
fn failed_batch_runs_one_by_one() {
    let bench = Bench::new(8, Some(ForwardError::Failed("no batches".into())));
    let (results, batches) = bench.run(&[(10, 4), (FAIL, 4), (PANIC, 4), (13, 4)], 5);
    assert_eq!(batches, [1, 4, 1, 1, 1, 1]);
    assert!(matches!(&results[0], Ok(Ok(image)) if image.get_pixel(0, 0).0[0] == 10));
    assert!(matches!(&results[1], Ok(Err(ForwardError::Failed(_)))));
    assert!(results[2].is_err(), "the panic ends its own job");
    assert!(matches!(&results[3], Ok(Ok(_))));
    assert_eq!(bench.batcher.state.lock().max_pixels, u64::MAX);
}

#[test]
fn batches_shrink_after_running_out_of_memory() {
    let bench = Bench::new(8, Some(ForwardError::OutOfMemory("too large".into())));
    let passes = [(10, 4), (11, 4), (12, 4), (13, 4)];
    assert_eq!(bench.run(&passes, 5).1, [1, 4, 1, 1, 1, 1]);
    assert_eq!(bench.run(&passes, 5).1, [1, 2, 1, 1, 1, 1]);
    assert_eq!(bench.batcher.state.lock().max_pixels, 16);
}

#[test]
fn stopped_pass_leaves_the_queue() {
    let bench = Bench::new(8, None);
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let first = scope.spawn(|| bench.forward(0, 4, &Unmonitored));
        let images = bench.wait_for_pass();
        let waiting = scope.spawn(|| bench.forward(10, 4, &StopFlag(&stopped)));
        bench.wait_for_queue(1);
        stopped.store(true, Ordering::SeqCst);
        let result = waiting.join().unwrap();
        assert_eq!(result, Err(ForwardError::Stopped(Stop::Cancelled)));
        bench.resume.send(()).unwrap();
        assert!(first.join().unwrap().is_ok());
        assert_eq!(images, 1);
    });
    assert!(bench.batcher.state.lock().waiting.is_empty());
    assert!(
        bench.began.lock().try_recv().is_err(),
        "the stopped pass never ran"
    );
}

#[test]
fn lone_passes_do_not_wait() {
    let bench = Bench::new(8, None);
    for _ in 0..3 {
        thread::scope(|scope| {
            scope.spawn(|| bench.next_batch());
            assert!(bench.forward(0, 4, &Unmonitored).is_ok());
        });
        assert!(!bench.batcher.state.lock().crowded);
    }
}

#[test]
fn no_result_is_lost_under_load() {
    let (bench, passes) = (Bench::new(4, None), AtomicUsize::new(0));
    for _ in 0..10_000 {
        bench.resume.send(()).unwrap();
    }
    thread::scope(|scope| {
        for number in 0..6_u8 {
            let (bench, passes) = (&bench, &passes);
            scope.spawn(move || {
                for round in 0..200_u8 {
                    let red = 3 + number + round;
                    let side = 2 + u32::from(round % 3 == 0);
                    let result = bench.forward(red, side, &Unmonitored).unwrap();
                    assert_eq!((result.get_pixel(0, 0).0[0], result.width()), (red, side));
                    passes.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(passes.into_inner(), 1200);
    let state = bench.batcher.state.lock();
    assert!(state.finished.is_empty() && state.waiting.is_empty() && !state.busy);
}

#[test]
fn models_without_batches_are_returned() {
    let model = Box::new(iopaint_classical::Cv2);
    let options = BatchOptions {
        max_images: 4,
        ..BatchOptions::default()
    };
    assert!(batching_handles(model, 4, options, Arc::new(NoMetrics)).is_err());
}

#[test]
fn single_images_or_threads_need_no_batching() {
    for (max_images, threads) in [(1, 4), (4, 1)] {
        let (began, _began) = channel();
        let (_resume, resume) = channel();
        let model = Box::new(Recorder {
            began,
            resume,
            batch_error: None,
        });
        let options = BatchOptions {
            max_images,
            ..BatchOptions::default()
        };
        assert!(batching_handles(model, threads, options, Arc::new(NoMetrics)).is_err());
    }
}
