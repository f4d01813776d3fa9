//! Compiles the C++ of `bridge/` and `fastconv/` against the libtorch that torch-sys found.

mod link;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Translation units and their sources. Parsing libtorch's headers takes most of a file's compile time, so
/// sources are grouped by the headers that they need, across the two libraries. Names in anonymous namespaces
/// must differ within a group.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "convolution",
        &[
            "fastconv/conv/bf16_conv.cpp",
            "fastconv/conv/few_outputs.cpp",
            "fastconv/conv/fourier.cpp",
            "fastconv/conv/gemm.cpp",
            "fastconv/conv/geometry.cpp",
            "fastconv/conv/im2col.cpp",
            "fastconv/conv/layer.cpp",
            "fastconv/conv/mean_pool.cpp",
            "fastconv/conv/parallel.cpp",
            "fastconv/conv/pointwise.cpp",
            "fastconv/conv/transposed.cpp",
            "fastconv/conv/weights.cpp",
            "fastconv/conv/winograd.cpp",
        ],
    ),
    (
        "graph",
        &[
            "bridge/archive.cpp",
            "bridge/device.cpp",
            "bridge/frozen_graph.cpp",
            "bridge/layout.cpp",
            "bridge/memory.cpp",
            "bridge/module.cpp",
            "bridge/specialize.cpp",
            "common/pure_graph.cpp",
            "fastconv/fastconv.cpp",
            "fastconv/graph/convolution.cpp",
            "fastconv/graph/fourier.cpp",
            "fastconv/graph/fourier_nodes.cpp",
            "fastconv/graph/pooling.cpp",
            "fastconv/graph/ranks.cpp",
            "fastconv/graph/rewrite.cpp",
        ],
    ),
];

/// Translation units that include none of libtorch's large headers.
const SOURCES: &[&str] = &["fastconv/conv/kernels.cpp", "fastconv/conv/kernels_portable.cpp"];

/// Instruction sets above the baseline and their compiler flags. The program chooses one at run time.
const INSTRUCTION_SETS: &[(&str, &[&str])] = &[
    ("avx2", &["-mavx2", "-mfma"]),
    ("avx512", &["-mavx512f", "-mfma"]),
    (
        "amx",
        &[
            "-mavx512f",
            "-mavx512bw",
            "-mavx512vl",
            "-mavx512bf16",
            "-mamx-tile",
            "-mamx-bf16",
            "-mfma",
        ],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    for folder in ["bridge", "common", "fastconv", "link.rs"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    println!("cargo:rerun-if-env-changed=IOPAINT_SANITIZE");
    // torch-sys passes the library folder to its direct dependents; the headers are next to it.
    let library_dir = env::var_os("DEP_TCH_LIBTORCH_LIB")
        .map(PathBuf::from)
        .ok_or("torch-sys set no DEP_TCH_LIBTORCH_LIB")?;
    let include_dir = link::libtorch()
        .or_else(|| library_dir.parent().map(PathBuf::from))
        .ok_or("libtorch's library folder has no parent")?
        .join("include");
    let cuda_headers = cuda_headers(&library_dir, &include_dir)?;
    // For example "address": sanitizers for this crate's C++ only, for `make sanitize`.
    let sanitizer = env::var("IOPAINT_SANITIZE")
        .ok()
        .filter(|name| !name.is_empty())
        .map(|name| format!("-fsanitize={name}"));
    let new_build = || {
        let mut build = cc::Build::new();
        if let Some(flag) = &sanitizer {
            // The check of virtual calls needs type information that libtorch doesn't export.
            build.flag(flag).flag("-fno-sanitize=vptr");
            build.flag("-fno-omit-frame-pointer").debug(true);
        }
        build
            .cpp(true)
            .std("c++17")
            .warnings(true)
            .extra_warnings(true)
            // GCC warns of values that only its sanitizers' own code could leave uninitialized.
            .warnings_into_errors(sanitizer.is_none())
            // Debug builds too: they run whole networks.
            .opt_level(3)
            .define("_GLIBCXX_USE_CXX11_ABI", "1");
        // System headers: no warnings from libtorch or CUDA.
        for folder in [include_dir.clone(), include_dir.join("torch/csrc/api/include")] {
            build.flag("-isystem").flag(folder);
        }
        if let Some(headers) = &cuda_headers {
            build.flag("-isystem").flag(headers).define("IOPAINT_CUDA", None);
        }
        build
    };
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        for (name, flags) in INSTRUCTION_SETS {
            let mut build = new_build();
            for flag in *flags {
                build.flag(flag);
            }
            build
                .file(format!("fastconv/conv/kernels_{name}.cpp"))
                .compile(&format!("iopaint_fastconv_{name}"));
        }
    }
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo set no OUT_DIR")?);
    new_build()
        .files(SOURCES)
        .files(write_groups(&output)?)
        .compile("iopaint_torch_cpp");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        write_empty_libgomp(&output)?;
    }
    link::emit_rpath();
    // rustc links without the sanitizers' run-time libraries, which the C++ compiler would add.
    for (name, library) in [("address", "asan"), ("undefined", "ubsan")] {
        if sanitizer.as_ref().is_some_and(|flag| flag.contains(name)) {
            println!("cargo:rustc-link-arg=-l{library}");
        }
    }
    Ok(())
}

/// Writes a translation unit for each of [`GROUPS`] into `output` and returns their paths.
fn write_groups(output: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let root = env::current_dir()?;
    let write = |(name, sources): &(&str, &[&str])| {
        let includes: Vec<String> = sources
            .iter()
            .map(|source| format!("#include \"{}\"", root.join(source).display()))
            .collect();
        let path = output.join(format!("{name}.cpp"));
        std::fs::write(&path, includes.join("\n") + "\n")?;
        Ok(path)
    };
    GROUPS.iter().map(write).collect()
}

/// Returns the folder of CUDA's headers if libtorch is built for CUDA, and links the CUDA library that the
/// bridge calls.
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
            "libtorch is built for CUDA, but CUDA's headers were not found: set CUDA_HOME to the toolkit's \
             folder, or fetch libtorch with scripts/setup_libtorch.py --variant, which includes them",
        )?;
    println!("cargo:rustc-link-lib=dylib=c10_cuda");
    Ok(Some(headers))
}

/// Writes an empty archive where the linker first looks for the OpenMP library that torch-sys requests by
/// `-lgomp`.
///
/// libtorch ships its own OpenMP library, which `libtorch_cpu.so` loads under another name. Linkers that
/// resolve the dependencies of libraries (GNU's, not LLVM's) would make the program load the system's library
/// too, which many machines lack, and which would add a second thread pool.
fn write_empty_libgomp(folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join("libgomp.a"), b"!<arch>\n")
}
