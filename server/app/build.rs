//! Sets the run paths to libtorch for the binary and its tests, and rebuilds when the page changes.

#[path = "../torch/link.rs"]
mod link;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../torch/link.rs");
    println!("cargo:rerun-if-changed=../../web_app/dist");
    link::emit_rpath();
}
