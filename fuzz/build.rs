//! Run paths to libtorch, which the server's crate brings.

#[path = "../server/torch/link.rs"]
mod link;

fn main() {
    println!("cargo:rerun-if-changed=../server/torch/link.rs");
    link::emit_rpath();
}
