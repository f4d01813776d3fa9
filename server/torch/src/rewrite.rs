//! Counts of the nodes that were rewritten when a model was loaded.

use crate::fastconv::{instruction_set, loop_threads};

/// Declares [`RewriteCounts`], its parser and its log line from one list of names. The names are those of
/// `fastconv/graph/counts.h`; values are matched by name.
macro_rules! rewrite_counts {
    ($($(#[$attribute:meta])* $name:ident),* $(,)?) => {
        /// Numbers of rewritten nodes of a model's graph. All zero if the graph runs unchanged.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub(crate) struct RewriteCounts {
            $($(#[$attribute])* pub $name: u64,)*
        }

        impl RewriteCounts {
            /// Parses "name=number" pairs separated by spaces. Returns `None` if a name is unknown or
            /// missing, or a number is invalid.
            pub fn parse(text: &str) -> Option<Self> {
                let mut counts = Self::default();
                let mut missing = vec![$(stringify!($name)),*];
                for pair in text.split_whitespace() {
                    let (name, number) = pair.split_once('=')?;
                    let number = number.parse().ok()?;
                    match name {
                        $(stringify!($name) => counts.$name = number,)*
                        _ => return None,
                    }
                    missing.retain(|expected| *expected != name);
                }
                missing.is_empty().then_some(counts)
            }

            /// Logs the counts of a loaded model.
            pub fn log(self) {
                if self == Self::default() {
                    tracing::info!("The model's graph runs unchanged");
                } else {
                    tracing::info!(
                        $($name = self.$name,)*
                        instructions = instruction_set(),
                        threads = loop_threads(),
                        "The model's graph was rewritten"
                    );
                }
            }
        }
    };
}

rewrite_counts! {
    /// Fused nodes.
    layers,
    /// Convolutions in fused nodes, including transposed ones.
    convolutions,
    /// Paddings read in place by a convolution.
    paddings,
    /// Batch norms folded into weights.
    norms,
    /// Activations applied when a result is written.
    activations,
    /// Sums of two convolutions fused into one node.
    sums,
    /// Images added when a result is written.
    residuals,
    /// Fourier transforms from and to channels of fused nodes.
    transforms,
    /// Fused nodes computed by Winograd convolution.
    winograd,
    /// Mean poolings of stride 1.
    pools,
    /// Fused nodes with products in bfloat16.
    bf16,
    /// Fused nodes with a contiguous result, because a later operator may rely on that layout.
    contiguous,
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use tch::{Kind, Tensor};

    use super::*;
    use crate::fastconv::supports_bf16;
    use crate::module::{Loading, Module, TorchScriptError};
    use crate::random::seeded;
    use crate::{Device, Precision, Source};

    /// Heights and widths: odd, tiny, narrow, and larger than a strip of tiles.
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

    /// Maximum difference relative to the largest value of the original graph's result. Winograd F(4x4, 3x3)
    /// loses about two of float32's seven digits.
    const TOLERANCE: f64 = 5e-5;

    /// The same for products in bfloat16, whose factors have a relative error of up to 2^-9.
    const BF16_TOLERANCE: f64 = 5e-2;

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

    fn random_inputs(images: i64, height: i64, width: i64) -> [Tensor; 2] {
        let rand = |channels| {
            Tensor::f_rand([images, channels, height, width], (Kind::Float, tch::Device::Cpu)).unwrap()
        };
        seeded(height * 1000 + width, || {
            let mask = rand(1).f_gt(0.6).unwrap();
            [rand(3), mask.f_to_kind(Kind::Float).unwrap()]
        })
    }

    /// Returns the largest difference between two results, relative to the largest expected value.
    fn relative_difference(expected: &Tensor, result: &Tensor) -> f64 {
        let largest = |tensor: &Tensor| tensor.f_abs().unwrap().f_max().unwrap().double_value(&[]);
        largest(&expected.f_sub(result).unwrap()) / largest(expected).max(1e-6)
    }

    fn read(source: Source<'_>, optimize: bool) -> Result<Module, TorchScriptError> {
        let loading = Loading {
            device: Device::Cpu,
            optimize,
            channels_last: false,
            precision: Precision::F32,
        };
        Module::read(source, loading)
    }

    fn compare(path: &Path) {
        // Threads synchronize at every operator, which is slow on a busy machine: two threads for one net
        // only.
        tch::set_num_threads(if name(path) == "lama" { 2 } else { 1 });
        let source = Source::File(path);
        let mut original = read(source, false).unwrap();
        let mut rewritten = read(source, true).unwrap();
        let mut compared = 0;
        for (images, (height, width)) in SIZES
            .into_iter()
            .map(|size| (1, size))
            .chain([(2, (40, 24)), (3, (72, 64))])
        {
            let expected = original.forward(&mut random_inputs(images, height, width));
            let result = rewritten.forward(&mut random_inputs(images, height, width));
            let context = format!("{} at {images}x{height}x{width}", name(path));
            match (expected, result) {
                (Ok(expected), Ok(result)) => {
                    assert_eq!(expected.size(), result.size(), "{context}");
                    let difference = relative_difference(&expected, &result);
                    assert!(difference < TOLERANCE, "{context}: {difference:e}");
                    compared += 1;
                }
                (Err(_), Err(_)) => {}
                (Err(error), Ok(_)) => panic!("{context}: only the original graph fails: {error}"),
                (Ok(_), Err(error)) => panic!("{context}: only the rewritten graph fails: {error}"),
            }
        }
        assert!(compared >= 6, "{}: only {compared} sizes succeeded", name(path));
    }

    #[test]
    fn rewritten_graph_equals_original() {
        let nets = nets();
        assert!(nets.len() > 20);
        for path in &nets {
            compare(path);
        }
    }

    #[test]
    #[cfg_attr(
        not(target_arch = "x86_64"),
        ignore = "only x86-64 has more than one instruction set"
    )]
    fn instruction_sets_give_equal_results() {
        // libtorch chooses its instruction set once per process.
        for set in ["default", "avx2"] {
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "rewrite::tests::rewritten_graph_equals_original"])
                .env("ATEN_CPU_CAPABILITY", set)
                .output()
                .unwrap();
            let output = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success(), "{set}: {output}");
            assert!(output.contains("1 passed"), "{set}: {output}");
        }
    }

    #[test]
    #[cfg_attr(
        not(target_os = "linux"),
        ignore = "OpenMP entry points are known for Linux builds of libtorch only"
    )]
    fn loops_use_libtorchs_threads() {
        for threads in [1, 2, 3] {
            tch::set_num_threads(threads);
            assert_eq!(loop_threads(), threads);
        }
    }

    fn read_bf16(source: Source<'_>) -> Module {
        let loading = Loading {
            precision: Precision::Bf16,
            ..Loading::on(Device::Cpu)
        };
        Module::read(source, loading).unwrap()
    }

    #[test]
    fn bf16_is_close_to_f32() {
        if !supports_bf16() {
            eprintln!("skipped: this processor cannot multiply in bf16");
            return;
        }
        let mut layers = 0;
        for path in nets() {
            let source = Source::File(&path);
            let mut exact = read(source, true).unwrap();
            let mut rounded = read_bf16(source);
            layers += rounded.rewrite_counts().bf16;
            for (height, width) in SIZES {
                let expected = exact.forward(&mut random_inputs(1, height, width));
                let result = rounded.forward(&mut random_inputs(1, height, width));
                assert_eq!(expected.is_ok(), result.is_ok(), "{}", name(&path));
                if let (Ok(expected), Ok(result)) = (expected, result) {
                    let difference = relative_difference(&expected, &result);
                    let context = format!("{} at {height}x{width}", name(&path));
                    assert!(difference < BF16_TOLERANCE, "{context}: {difference:e}");
                }
            }
        }
        assert!(layers > 100, "{layers}");
    }

    #[test]
    fn f32_is_equal_beside_bf16() {
        let path = nets().into_iter().find(|path| name(path) == "lama").unwrap();
        let mut exact = read(Source::File(&path), true).unwrap();
        assert_eq!(exact.rewrite_counts().bf16, 0);
        let expected = exact.forward(&mut random_inputs(1, 64, 72)).unwrap();
        let mut rounded = read_bf16(Source::File(&path));
        let result = rounded.forward(&mut random_inputs(1, 64, 72)).unwrap();
        assert_eq!(result.size(), expected.size());
        assert!(exact.forward(&mut random_inputs(1, 64, 72)).unwrap() == expected);
    }

    #[test]
    fn pools_equal_atens() {
        // Kernel, stride, padding, padding counted.
        for (parameters, rewritten) in [
            ("[3, 3], [1, 1], [1, 1], False, False", true),
            ("[3, 3], [1, 1], [1, 1], False, True", true),
            ("[2, 5], [1, 1], [0, 2], True, False", true),
            ("[7, 1], [1, 1], [3, 0], False, True", true),
            ("[2, 2], [2, 2], [0, 0], True, False", false),
            ("[3, 3], [1, 1], [1, 1], False, False, 2", false),
        ] {
            let source = format!("def forward(self, x):\n    return torch.avg_pool2d(x, {parameters})\n");
            let [mut original, mut fast] = [false, true].map(|optimize| {
                let loading = Loading {
                    optimize,
                    ..Loading::on(Device::Cpu)
                };
                Module::compile(&source, Vec::new(), loading).unwrap()
            });
            assert_eq!(fast.rewrite_counts().pools, u64::from(rewritten), "{parameters}");
            for (height, width) in SIZES.into_iter().chain([(1, 1), (2, 7), (5, 3)]) {
                let [image, _] = random_inputs(2, height, width);
                let channels_last = image.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
                for input in [image, channels_last] {
                    let expected = original.forward(&mut [input.shallow_clone()]);
                    let result = fast.forward(&mut [input]);
                    assert_eq!(
                        expected.is_ok(),
                        result.is_ok(),
                        "{parameters} at {height}x{width}"
                    );
                    if let (Ok(expected), Ok(result)) = (expected, result) {
                        assert!(expected == result, "{parameters} at {height}x{width}");
                    }
                }
            }
        }
    }

    #[test]
    fn rewrites_are_counted() {
        let counts = |net: &str| {
            let path = nets().into_iter().find(|path| name(path) == net).unwrap();
            read(Source::File(&path), true).unwrap().rewrite_counts()
        };
        // Scripted and traced: each of LaMa's blocks is a sum of two convolutions, a batch norm and a ReLU.
        for net in ["lama", "lama-traced"] {
            let counts = counts(net);
            assert_eq!(counts.convolutions, 21, "{net}");
            assert_eq!(counts.sums, 4, "{net}");
            assert_eq!(counts.layers, 17, "{net}");
            assert_eq!(counts.winograd, 4, "{net}");
            assert_eq!(counts.norms, 16, "{net}");
            // The skip connections of a block's local and global channels.
            assert_eq!(counts.residuals, 2, "{net}");
            // Two spectral transforms, forward and inverse.
            assert_eq!(counts.transforms, 4, "{net}");
        }
        assert_eq!(counts("residuals").residuals, 10);
        // Scripted code queries the rank of the input and of the result of a resize.
        for net in ["resized", "resized-traced"] {
            assert_eq!(counts(net).contiguous, 1, "{net}");
        }
        // Complex numbers with other users are left to libtorch.
        assert_eq!(counts("spectra").transforms, 7);
        assert_eq!(counts("frequencies-traced").transforms, 2);
        assert_eq!(counts("sums").sums, 3);
        // Grouped convolutions are left to libtorch, and so are nets that modify tensors in place.
        assert_eq!(counts("groups").convolutions, 2);
        assert_eq!(counts("in-place"), RewriteCounts::default());
        assert_eq!(counts("circular").paddings, 0);
        assert_eq!(counts("reflect").paddings, 6);
    }

    /// Returns the seconds of processor time that this thread spends in `work`.
    fn thread_time(work: impl FnOnce()) -> f64 {
        let now = || {
            let mut now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: writes the struct it is given.
            unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
            now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
        };
        let start = now();
        work();
        now() - start
    }

    /// `OMP_NUM_THREADS=1` must be set: only the calling thread's time is measured.
    #[test]
    #[ignore = "a timing: `make bench-rewrite` runs it"]
    fn rewritten_graph_is_not_slower() {
        let built_in = Source::Bytes(include_bytes!("../../../models/builtin/lama-mini.pt"));
        let [mut original, mut rewritten] = [false, true].map(|optimize| read(built_in, optimize).unwrap());
        let mut ratios: Vec<f64> = (0..5)
            .map(|_| {
                let [original, rewritten] = [&mut original, &mut rewritten].map(|module| {
                    let mut inputs = random_inputs(1, 256, 256);
                    thread_time(|| drop(module.forward(&mut inputs).unwrap()))
                });
                original / rewritten
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        assert!(ratios[2] > 0.95, "original to rewritten: {ratios:?}");
    }

    #[test]
    fn channels_last_weights_give_equal_results() {
        for path in nets() {
            let loading = Loading {
                device: Device::Cpu,
                optimize: false,
                channels_last: true,
                precision: Precision::F32,
            };
            let mut original = read(Source::File(&path), false).unwrap();
            let mut channels_last = Module::read(Source::File(&path), loading).unwrap();
            let [image, mask] = random_inputs(1, 72, 64);
            // Channels-last, like the bytes of a photo.
            let interleaved = image.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
            let expected = original.forward(&mut [image, mask.shallow_clone()]).unwrap();
            let result = channels_last.forward(&mut [interleaved, mask]).unwrap();
            let difference = relative_difference(&expected, &result);
            assert!(difference < TOLERANCE, "{}: {difference:e}", name(&path));
        }
    }

    /// A reassigned attribute, and weights that a pass changes in place.
    #[test]
    fn modules_with_state_keep_it() {
        for change in ["self.state = self.state * 2.0", "self.state.mul_(2.0)"] {
            let source = format!(
                "def forward(self, image: Tensor, mask: Tensor) -> Tensor:\n    {change}\n    \
                 return torch.conv2d(image, self.state)\n"
            );
            let loading = Loading {
                optimize: true,
                ..Loading::on(Device::Cpu)
            };
            let weight = Tensor::ones([1, 3, 1, 1], (Kind::Float, tch::Device::Cpu));
            let tensors = vec![("state".to_owned(), weight)];
            let mut module = Module::compile(&source, tensors, loading).unwrap();
            for expected in [6.0, 12.0, 24.0] {
                let image = Tensor::ones([1, 3, 1, 1], (Kind::Float, tch::Device::Cpu));
                let output = module.forward(&mut [image.shallow_clone(), image]).unwrap();
                assert!(
                    (output.double_value(&[0, 0, 0, 0]) - expected).abs() < 1e-9,
                    "{change}"
                );
            }
        }
    }

    #[test]
    fn rewriting_can_be_disabled() {
        for path in nets() {
            let module = read(Source::File(&path), false).unwrap();
            assert_eq!(module.rewrite_counts(), RewriteCounts::default());
        }
    }

    #[test]
    fn reflection_larger_than_image_is_error() {
        let path = nets().into_iter().find(|path| name(path) == "reflect").unwrap();
        let mut module = read(Source::File(&path), true).unwrap();
        let error = module.forward(&mut random_inputs(1, 3, 40)).unwrap_err();
        assert!(error.to_string().contains("reflection padding"), "{error}");
        assert!(module.forward(&mut random_inputs(1, 32, 40)).is_ok());
    }

    #[test]
    fn counts_are_parsed_by_name() {
        let text = "winograd=9 layers=1 convolutions=2 paddings=3 norms=4 activations=5 sums=6 residuals=7 \
                    transforms=8 contiguous=10 bf16=11 pools=12";
        let counts = RewriteCounts::parse(text).unwrap();
        assert_eq!((counts.layers, counts.winograd, counts.contiguous), (1, 9, 10));
        for wrong in [
            "",
            "layers=1",
            text.replace("sums", "terms").as_str(),
            text.replace("=4", "=x").as_str(),
        ] {
            assert_eq!(RewriteCounts::parse(wrong), None, "{wrong}");
        }
    }
}
