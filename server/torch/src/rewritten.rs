//! What became of a model's graph when it was loaded.

use std::ffi::CStr;

use crate::shim::{self, RawRewritten};

/// How many nodes of a model's graph run in another way than the file says. All zero: the model runs as it is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten {
    /// Nodes that took the place of all those below.
    pub layers: u64,
    /// Convolutions, transposed ones too.
    pub convolutions: u64,
    /// Paddings that are read in place.
    pub paddings: u64,
    /// Batch norms that went into the weights.
    pub norms: u64,
    /// Activations that are applied where a result is written.
    pub activations: u64,
    /// Sums of two convolutions that became one.
    pub sums: u64,
    /// Images that are added where a result is written.
    pub residuals: u64,
    /// Fourier transforms from and to channels of layers.
    pub transforms: u64,
    /// Layers that take Winograd's way.
    pub winograd: u64,
    /// Layers that answer channel by channel, since what comes after them may ask for that.
    pub contiguous: u64,
}

impl Rewritten {
    /// Says in the log what was done to a model.
    pub(crate) fn log(self) {
        if self.layers > 0 {
            tracing::info!(
                layers = self.layers,
                convolutions = self.convolutions,
                paddings = self.paddings,
                norms = self.norms,
                activations = self.activations,
                sums = self.sums,
                residuals = self.residuals,
                transforms = self.transforms,
                winograd = self.winograd,
                contiguous = self.contiguous,
                instructions = instruction_set(),
                threads = loop_threads(),
                "rewrote the model's graph"
            );
        } else {
            tracing::info!("the model's graph runs as it is");
        }
    }
}

impl From<RawRewritten> for Rewritten {
    fn from(raw: RawRewritten) -> Self {
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Self {
            layers: count(raw.layers),
            convolutions: count(raw.convolutions),
            paddings: count(raw.paddings),
            norms: count(raw.norms),
            activations: count(raw.activations),
            sums: count(raw.sums),
            residuals: count(raw.residuals),
            transforms: count(raw.transforms),
            winograd: count(raw.winograd),
            contiguous: count(raw.contiguous),
        }
    }
}

/// The instruction set that rewritten graphs use on this processor.
fn instruction_set() -> &'static str {
    // SAFETY: the shim answers a text that lives as long as the process.
    unsafe { CStr::from_ptr(shim::iopaint_instruction_set()) }
        .to_str()
        .unwrap_or("unknown")
}

/// How many threads share a loop of a rewritten graph: as many as libtorch was told to use, or one where its OpenMP library
/// isn't one that is known.
fn loop_threads() -> i32 {
    // SAFETY: takes nothing and answers a number.
    unsafe { shim::iopaint_loop_threads() }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use tch::{Kind, Tensor};

    use super::*;
    use crate::module::{LoadError, Loading, Module};
    use crate::random::seeded;
    use crate::{Device, Source};

    /// Heights and widths: odd, tiny, narrow, larger than a strip of tiles.
    const SIZES: [(i64, i64); 8] = [
        (16, 16),
        (17, 23),
        (64, 64),
        (33, 70),
        (9, 100),
        (130, 66),
        (24, 40),
        (200, 136),
    ];

    /// Of the largest value that the plain graph answers. Winograd's way costs about two of float32's seven digits.
    const TOLERANCE: f64 = 5e-5;

    fn nets() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/nets");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pt"))
            .collect();
        files.sort();
        files
    }

    fn name(path: &Path) -> String {
        path.file_stem().unwrap().to_string_lossy().into_owned()
    }

    fn pictures(images: i64, height: i64, width: i64) -> [Tensor; 2] {
        let rand = |channels| {
            Tensor::f_rand([images, channels, height, width], (Kind::Float, tch::Device::Cpu)).unwrap()
        };
        seeded(height * 1000 + width, || {
            let mask = rand(1).f_gt(0.6).unwrap();
            [rand(3), mask.f_to_kind(Kind::Float).unwrap()]
        })
    }

    /// The largest difference between two answers, in parts of the largest value.
    fn difference(expected: &Tensor, result: &Tensor) -> f64 {
        let largest = |tensor: &Tensor| tensor.f_abs().unwrap().f_max().unwrap().double_value(&[]);
        largest(&expected.f_sub(result).unwrap()) / largest(expected).max(1e-6)
    }

    fn read(source: Source<'_>, optimize: bool) -> Result<Module, LoadError> {
        let loading = Loading {
            device: Device::Cpu,
            optimize,
            channels_last: false,
        };
        Module::read(source, loading)
    }

    fn compare(path: &Path) {
        // Threads wait for each other at every operator, which takes long where a machine is busy: one net is enough.
        tch::set_num_threads(if name(path) == "lama" { 2 } else { 1 });
        let source = Source::File(path);
        let mut plain = read(source, false).unwrap();
        let mut rewritten = read(source, true).unwrap();
        let mut compared = 0;
        for (images, (height, width)) in SIZES
            .into_iter()
            .map(|size| (1, size))
            .chain([(2, (40, 24)), (3, (72, 64))])
        {
            let expected = plain.forward(&mut pictures(images, height, width));
            let result = rewritten.forward(&mut pictures(images, height, width));
            let place = format!("{} at {images}x{height}x{width}", name(path));
            match (expected, result) {
                (Ok(expected), Ok(result)) => {
                    assert_eq!(expected.size(), result.size(), "{place}");
                    let difference = difference(&expected, &result);
                    assert!(difference < TOLERANCE, "{place}: {difference:e}");
                    compared += 1;
                }
                (Err(_), Err(_)) => {}
                (Err(error), Ok(_)) => panic!("{place}: only the plain graph fails: {error}"),
                (Ok(_), Err(error)) => panic!("{place}: only the rewritten graph fails: {error}"),
            }
        }
        assert!(
            compared >= 6,
            "{}: only {compared} sizes were answered",
            name(path)
        );
    }

    #[test]
    fn a_rewritten_graph_answers_what_the_plain_one_does() {
        let nets = nets();
        assert!(nets.len() > 20);
        for path in &nets {
            compare(path);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_answers() {
        if cfg!(not(target_arch = "x86_64")) {
            return;
        }
        // libtorch asks once a process which instructions it may use.
        for set in ["default", "avx2"] {
            let child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "rewritten::tests::a_rewritten_graph_answers_what_the_plain_one_does",
                ])
                .env("ATEN_CPU_CAPABILITY", set)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success(), "{set}: {said}");
            assert!(said.contains("1 passed"), "{set}: {said}");
        }
    }

    #[test]
    fn a_rewritten_graph_shares_its_loops_among_libtorchs_threads() {
        if cfg!(not(target_os = "linux")) {
            return;
        }
        for threads in [1, 2, 3] {
            tch::set_num_threads(threads);
            assert_eq!(loop_threads(), threads);
        }
    }

    #[test]
    fn what_is_rewritten_is_counted() {
        let counts = |net: &str| {
            let path = nets().into_iter().find(|path| name(path) == net).unwrap();
            read(Source::File(&path), true).unwrap().rewritten()
        };
        // Scripted and traced, LaMa's blocks are sums of two convolutions, a batch norm and a ReLU.
        for net in ["lama", "lama-traced"] {
            let counts = counts(net);
            assert_eq!(counts.convolutions, 21, "{net}");
            assert_eq!(counts.sums, 4, "{net}");
            assert_eq!(counts.layers, 17, "{net}");
            assert_eq!(counts.winograd, 4, "{net}");
            assert_eq!(counts.norms, 16, "{net}");
            // What a block is given is added to what it answers, locally and globally.
            assert_eq!(counts.residuals, 2, "{net}");
            // Two spectral transforms, there and back.
            assert_eq!(counts.transforms, 4, "{net}");
        }
        assert_eq!(counts("residuals").residuals, 10);
        // Scripted code asks for the rank of what it scales, and for that of what comes of it.
        for net in ["resized", "resized-traced"] {
            assert_eq!(counts(net).contiguous, 1, "{net}");
        }
        // Numbers that are needed as such elsewhere stay with libtorch.
        assert_eq!(counts("spectra").transforms, 7);
        assert_eq!(counts("frequencies-traced").transforms, 2);
        assert_eq!(counts("sums").sums, 3);
        // Groups stay with libtorch, and so does a net that changes tensors in place.
        assert_eq!(counts("groups").convolutions, 2);
        assert_eq!(counts("in-place"), Rewritten::default());
        assert_eq!(counts("circular").paddings, 0);
        assert_eq!(counts("reflect").paddings, 6);
    }

    /// Seconds that this thread computed.
    fn thread_time(work: impl FnOnce()) -> f64 {
        let now = || {
            let mut now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: writes the one struct it is given.
            unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
            now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
        };
        let began = now();
        work();
        now() - began
    }

    /// In a process of its own, since it needs one thread.
    #[test]
    #[ignore = "a_rewritten_graph_is_not_slower runs it"]
    fn time_both_graphs() {
        let built_in = Source::Bytes(include_bytes!("../../../models/builtin/lama-mini.pt"));
        let [mut plain, mut rewritten] = [false, true].map(|optimize| read(built_in, optimize).unwrap());
        let mut ratios: Vec<f64> = (0..5)
            .map(|_| {
                let [plain, rewritten] = [&mut plain, &mut rewritten].map(|module| {
                    let mut inputs = pictures(1, 256, 256);
                    thread_time(|| drop(module.forward(&mut inputs).unwrap()))
                });
                plain / rewritten
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        assert!(ratios[2] > 0.95, "plain to rewritten: {ratios:?}");
    }

    #[test]
    fn a_rewritten_graph_is_not_slower() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "rewritten::tests::time_both_graphs"])
            .env("OMP_NUM_THREADS", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn weights_with_their_channels_last_give_the_same_answers() {
        for path in nets() {
            let loading = Loading {
                device: Device::Cpu,
                optimize: false,
                channels_last: true,
            };
            let mut plain = read(Source::File(&path), false).unwrap();
            let mut channels_last = Module::read(Source::File(&path), loading).unwrap();
            let [image, mask] = pictures(1, 72, 64);
            // Laid out as a photo's bytes are.
            let interleaved = image.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
            let expected = plain.forward(&mut [image, mask.shallow_clone()]).unwrap();
            let result = channels_last.forward(&mut [interleaved, mask]).unwrap();
            let difference = difference(&expected, &result);
            assert!(difference < TOLERANCE, "{}: {difference:e}", name(&path));
        }
    }

    #[test]
    fn rewriting_can_be_turned_off() {
        for path in nets() {
            let module = read(Source::File(&path), false).unwrap();
            assert_eq!(module.rewritten(), Rewritten::default());
        }
    }

    #[test]
    fn a_picture_smaller_than_its_reflection_is_an_error() {
        let path = nets().into_iter().find(|path| name(path) == "reflect").unwrap();
        let mut module = read(Source::File(&path), true).unwrap();
        let error = module.forward(&mut pictures(1, 3, 40)).unwrap_err();
        assert!(error.to_string().contains("reflection padding"), "{error}");
        assert!(module.forward(&mut pictures(1, 32, 40)).is_ok());
    }
}
