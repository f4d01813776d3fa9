//! Run paths to libtorch for this crate's tests.

#[path = "../torch/link.rs"]
mod link;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../torch/link.rs");
    link::emit_rpath();
}
