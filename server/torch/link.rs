//! Link arguments with which an executable finds libtorch at run time.
//!
//! Shared by the build scripts of every crate that links libtorch into an executable: cargo doesn't propagate
//! link arguments from a dependency.

use std::env;
use std::path::PathBuf;

/// Returns the folder of libtorch from `LIBTORCH`, which `make setup` writes to `.cargo/config.toml`.
pub fn libtorch() -> Option<PathBuf> {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    env::var_os("LIBTORCH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Emits run paths: `lib/` beside the binary's folder for a release archive, then the libtorch of this build.
pub fn emit_rpath() {
    let target_os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let origin = match target_os.as_str() {
        "linux" => "$ORIGIN",
        "macos" => "@loader_path",
        _ => return,
    };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}/../lib");
    if let Some(libtorch) = libtorch() {
        println!(
            "cargo:rustc-link-arg=-Wl,-rpath,{}",
            libtorch.join("lib").display()
        );
    }
}
