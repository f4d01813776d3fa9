//! Compiles the C++ shim against the libtorch that torch-sys found.

mod link;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Sources that are compiled together, in one translation unit each: parsing libtorch's headers takes most of the time of
/// a file. Names in their anonymous namespaces must therefore differ within a group.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "convolution",
        &[
            "conv/few_outputs.cpp",
            "conv/fourier.cpp",
            "conv/gemm.cpp",
            "conv/geometry.cpp",
            "conv/layer.cpp",
            "conv/parallel.cpp",
            "conv/patches.cpp",
            "conv/pointwise.cpp",
            "conv/transposed.cpp",
            "conv/winograd.cpp",
        ],
    ),
    (
        "graph",
        &[
            "device.cpp",
            "graph/convolution.cpp",
            "graph/fourier.cpp",
            "graph/fourier_nodes.cpp",
            "graph/layout.cpp",
            "graph/ranks.cpp",
            "graph/rewrite.cpp",
            "module.cpp",
        ],
    ),
];

/// Sources on their own: they need none of libtorch's headers.
const SOURCES: &[&str] = &["shim/conv/kernels.cpp", "shim/conv/kernels_portable.cpp"];

/// Files that are compiled for more than the least that a processor has; which one runs is chosen at run time.
const INSTRUCTION_SETS: &[(&str, &[&str])] = &[
    ("avx2", &["-mavx2", "-mfma"]),
    ("avx512", &["-mavx512f", "-mfma"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=link.rs");
    println!("cargo:rerun-if-env-changed=IOPAINT_SANITIZE");
    // torch-sys tells its direct dependents where the libraries are; the headers lie beside them.
    let library_dir = env::var_os("DEP_TCH_LIBTORCH_LIB")
        .map(PathBuf::from)
        .ok_or("torch-sys named no libtorch")?;
    let include_dir = link::libtorch()
        .or_else(|| library_dir.parent().map(PathBuf::from))
        .ok_or("libtorch's library folder has no parent")?
        .join("include");
    let cuda_headers = cuda_headers(&library_dir, &include_dir)?;
    // Such as "address": checks of the shim alone, for `make sanitize`.
    let sanitizer = env::var("IOPAINT_SANITIZE")
        .ok()
        .filter(|name| !name.is_empty())
        .map(|name| format!("-fsanitize={name}"));
    let shim = || {
        let mut build = cc::Build::new();
        if let Some(flag) = &sanitizer {
            // libtorch keeps to itself what the checks of virtual calls compare with.
            build.flag(flag).flag("-fno-sanitize=vptr");
            build.flag("-fno-omit-frame-pointer").debug(true);
        }
        if let Some(headers) = &cuda_headers {
            build.include(headers).define("IOPAINT_CUDA", None);
        }
        build
            .cpp(true)
            .std("c++17")
            .warnings(false)
            // Convolutions run here; a debug build that crawled would be of no use.
            .opt_level(3)
            .include(&include_dir)
            .include(include_dir.join("torch/csrc/api/include"))
            .define("_GLIBCXX_USE_CXX11_ABI", "1");
        build
    };
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        for (name, flags) in INSTRUCTION_SETS {
            let mut build = shim();
            for flag in *flags {
                build.flag(flag);
            }
            build
                .file(format!("shim/conv/kernels_{name}.cpp"))
                .compile(&format!("iopaint_torch_{name}"));
        }
    }
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo named no OUT_DIR")?);
    shim()
        .files(SOURCES)
        .files(grouped(&output)?)
        .compile("iopaint_torch_shim");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        stand_in_for_openmp(&output)?;
    }
    link::emit_rpath();
    // rustc links without the compiler's own libraries, where these would come from by themselves.
    for (name, library) in [("address", "asan"), ("undefined", "ubsan")] {
        if sanitizer.as_ref().is_some_and(|flag| flag.contains(name)) {
            println!("cargo:rustc-link-arg=-l{library}");
        }
    }
    Ok(())
}

/// Writes a translation unit for each of [`GROUPS`] into `output` and returns their paths.
fn grouped(output: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let shim = env::current_dir()?.join("shim");
    let write = |(name, sources): &(&str, &[&str])| {
        let includes: Vec<String> = sources
            .iter()
            .map(|source| format!("#include \"{}\"", shim.join(source).display()))
            .collect();
        let path = output.join(format!("{name}.cpp"));
        std::fs::write(&path, includes.join("\n") + "\n")?;
        Ok(path)
    };
    GROUPS.iter().map(write).collect()
}

/// Where CUDA's own headers are, if libtorch is built for CUDA; then links what the shim calls of it.
fn cuda_headers(library_dir: &Path, include_dir: &Path) -> Result<Option<PathBuf>, Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=CUDA_HOME");
    if !library_dir.join("libc10_cuda.so").exists() {
        return Ok(None);
    }
    let named = env::var_os("CUDA_HOME").map(|home| PathBuf::from(home).join("include"));
    let headers = named
        .into_iter()
        .chain([include_dir.join("cuda"), PathBuf::from("/usr/local/cuda/include")])
        .find(|folder| folder.join("cuda_runtime_api.h").exists())
        .ok_or(
            "libtorch is built for CUDA, and CUDA's headers are not there: set CUDA_HOME to the toolkit's folder, or let \
             scripts/setup_libtorch.py --variant get libtorch, which brings them",
        )?;
    println!("cargo:rustc-link-lib=dylib=c10_cuda");
    Ok(Some(headers))
}

/// Puts an archive of nothing where the linker looks first for the OpenMP library that torch-sys asks for by `-lgomp`.
///
/// libtorch brings its own, which `libtorch_cpu.so` loads under another name. Linkers that follow what libraries need
/// (GNU's, not LLVM's) would make the program load the system's too: absent from many machines, and a second set of
/// threads where it is present.
fn stand_in_for_openmp(folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join("libgomp.a"), b"!<arch>\n")
}
