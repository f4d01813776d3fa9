//! Adds run paths to libtorch, which the server links.

#[path = "../server/torch/link.rs"]
mod link;

fn main() {
    println!("cargo:rerun-if-changed=../server/torch/link.rs");
    link::emit_rpath();
}
