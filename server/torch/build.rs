//! Compiles the C++ shim against the libtorch that torch-sys found.

mod link;

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=link.rs");
    // torch-sys tells its direct dependents where the libraries are; the headers lie beside them.
    let library_dir =
        PathBuf::from(env::var_os("DEP_TCH_LIBTORCH_LIB").expect("torch-sys names its libtorch"));
    let include_dir = link::libtorch()
        .or_else(|| library_dir.parent().map(PathBuf::from))
        .expect("libtorch has a parent folder")
        .join("include");
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .include(&include_dir)
        .include(include_dir.join("torch/csrc/api/include"))
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .file("shim/module.cpp")
        .compile("iopaint_torch_shim");
    link::emit_rpath();
}
