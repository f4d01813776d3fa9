//! Compiles the C++ shim against the libtorch that torch-sys found.

mod link;

use std::env;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=link.rs");
    // torch-sys tells its direct dependents where the libraries are; the headers lie beside them.
    let library_dir = env::var_os("DEP_TCH_LIBTORCH_LIB")
        .map(PathBuf::from)
        .ok_or("torch-sys named no libtorch")?;
    let include_dir = link::libtorch()
        .or_else(|| library_dir.parent().map(PathBuf::from))
        .ok_or("libtorch's library folder has no parent")?
        .join("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .include(&include_dir)
        .include(include_dir.join("torch/csrc/api/include"))
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        .file("shim/module.cpp")
        .compile("iopaint_torch_shim");
    link::emit_rpath();
    Ok(())
}
