"""Base images: the real ones, or stand-ins from Debian packages without access to a registry.

Images built on stand-ins are for these tests only and must not be published.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from emulation import MACHINES, own_architecture
from engine import docker

DEBIAN = "bookworm"
REAL = "debian:bookworm-slim"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
#: Makes a stand-in's programs trust the certificates in `BUNDLE`.
TRUSTING = [
    f"ENV {name}=/{BUNDLE}" for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "CARGO_HTTP_CAINFO")
]
#: The folders of Rust, as in the official image.
RUST = [
    "ENV CARGO_HOME=/usr/local/cargo",
    "ENV PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
]


def cache() -> Path:
    """Returns the folder that keeps the stand-ins' packages between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "iopaint" / "image-test"


def build_arguments(work: Path, architecture: str) -> dict[str, str]:
    """Returns the Dockerfile's arguments for its bases: none if the real bases can be pulled."""
    if docker("pull", "--quiet", "--platform", f"linux/{architecture}", REAL, check=False).returncode == 0:
        return {}
    own = own_architecture()
    runtime, page, compiler = f"standin-debian-{architecture}", "standin-node", f"standin-rust-for-{architecture}"
    if missing(page):
        imported(node(debootstrapped(work, own)), page, own, TRUSTING)
    if missing(compiler):
        imported(rust(debootstrapped(work, own), architecture), compiler, own, [*TRUSTING, *RUST])
    if missing(runtime):
        imported(debootstrapped(work, architecture), runtime, architecture)
    return {"RUNTIME_IMAGE": runtime, "NODE_IMAGE": page, "RUST_IMAGE": compiler}


def missing(image: str) -> bool:
    """Returns True if the engine has no image of this name."""
    return not docker("images", "--quiet", image).stdout.strip()


def debootstrapped(work: Path, architecture: str) -> Path:
    """Returns a folder with a minimal Debian, without caches and documentation."""
    archive = cache() / f"{DEBIAN}-{architecture}.tar"
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work / "fresh", ignore_errors=True)
        command = ["debootstrap", f"--arch={architecture}", "--variant=minbase", "--include=ca-certificates"]
        subprocess.run([*command, DEBIAN, str(work / "fresh")], check=True, stdout=subprocess.DEVNULL)
        for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
            shutil.rmtree(work / "fresh" / unneeded, ignore_errors=True)
        for needed in ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial"):
            (work / "fresh" / needed).mkdir(parents=True)
        partial = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", str(work / "fresh"), "-cf", str(partial), "."], check=True)
        partial.rename(archive)
    root.mkdir()
    subprocess.run(["tar", "-C", str(root), "-xpf", str(archive)], check=True)
    return root


def imported(root: Path, name: str, architecture: str, instructions: Iterable[str] = ()) -> None:
    """Makes an image of a folder, followed by more instructions of a Dockerfile, and removes the folder.

    `docker import` would label every image with this machine's architecture.
    """
    context = root.with_name(f"{root.name}-context")
    context.mkdir()
    subprocess.run(["tar", "-C", str(root), "-cf", str(context / "root.tar"), "."], check=True)
    (context / "Dockerfile").write_text("\n".join(["FROM scratch", "ADD root.tar /", *instructions, ""]))
    shutil.rmtree(root)
    try:
        docker("build", "--platform", f"linux/{architecture}", "--tag", f"{name}:latest", str(context))
    finally:
        shutil.rmtree(context)


def node(debian: Path) -> Path:
    """Adds this machine's Node, npm and certificates to a Debian."""
    program = Path(shutil.which("node") or "node").resolve()
    npm = Path(shutil.which("npm") or "npm").resolve().parent.parent
    shutil.copy2(program, debian / "usr/local/bin/node")
    subprocess.run(["cp", "-a", str(npm), str(debian / "usr/local/lib/npm")], check=True)
    (debian / "usr/local/bin/npm").symlink_to("../lib/npm/bin/npm-cli.js")
    (debian / "usr/local/bin/npx").symlink_to("../lib/npm/bin/npx-cli.js")
    shutil.copyfile(f"/{BUNDLE}", debian / BUNDLE)
    return debian


def rust(debian: Path, architecture: str) -> Path:
    """Adds this machine's Rust, where the official image has it, and its certificates to a Debian."""
    target = f"{MACHINES[architecture][0]}-unknown-linux-gnu"
    if not Path(printed_by_rustc("target-libdir", "--target", target)).is_dir():
        subprocess.run(["rustup", "target", "add", target], check=True)
    home = debian / "usr/local/rust"
    home.mkdir(parents=True)
    for part in ("bin", "lib", "libexec"):
        source = Path(printed_by_rustc("sysroot")) / part
        if source.exists():
            subprocess.run(["cp", "-a", str(source), str(home)], check=True)
    shutil.copyfile(f"/{BUNDLE}", debian / BUNDLE)
    return debian


def printed_by_rustc(what: str, *arguments: str) -> str:
    command = ["rustc", "--print", what, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
