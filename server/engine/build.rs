//! Run paths to libtorch for this crate's tests, and the compressed model files of the program.

#[path = "../torch/link.rs"]
mod link;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folder of the model files.
const FOLDER: &str = "../../models/builtin";

/// Level of zlib: a higher one saves less than 0.1 %.
const LEVEL: u8 = 9;

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../torch/link.rs");
    println!("cargo:rerun-if-changed={FOLDER}");
    link::emit_rpath();
    compress_models(&PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()))
}

/// Writes each model file compressed, and the list of names, sizes and contents that the registry includes.
fn compress_models(out: &Path) -> io::Result<()> {
    let mut list = String::from("&[");
    let mut paths = fs::read_dir(FOLDER)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let content = fs::read(&path)?;
        let name = path.file_name().unwrap_or_default().display().to_string();
        let compressed = out.join(format!("{name}.zz"));
        fs::write(
            &compressed,
            miniz_oxide::deflate::compress_to_vec_zlib(&content, LEVEL),
        )?;
        // Writing to a string can't fail.
        let _ = write!(
            list,
            "({name:?}, {}, include_bytes!({:?})),",
            content.len(),
            compressed.display().to_string()
        );
    }
    fs::write(out.join("builtin_files.rs"), list + "]")
}
