"""Emulation of another processor with QEMU."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from engine import EngineError

REGISTRY = Path("/proc/sys/fs/binfmt_misc")
#: Architectures of images, with their names in uname and their e_machine in ELF.
MACHINES = {"amd64": ("x86_64", 62), "arm64": ("aarch64", 183)}


def own_architecture() -> str:
    """Returns this machine's architecture as images name it."""
    machine = platform.machine()
    return next((name for name, (other, _) in MACHINES.items() if other == machine), machine)


def header(elf_machine: int) -> tuple[bytes, bytes]:
    """Returns the first bytes of a 64-bit little-endian ELF program, and a mask of their significant bits.

    Fields as in the ELF specification: identification (16 bytes, the ABI's masked out), type (executable or shared, hence
    one bit masked out) and machine.
    """
    identification = b"\x7fELF\x02\x01\x01" + bytes(9)
    return (
        identification + b"\x02\x00" + elf_machine.to_bytes(2, "little"),
        b"\xff" * 7 + bytes(9) + b"\xfe\xff\xff\xff",
    )


@contextlib.contextmanager
def of(architecture: str) -> Iterator[None]:
    """Registers QEMU for programs of `architecture` within the block, unless the kernel can run them."""
    machine, elf_machine = MACHINES[architecture]
    entry = REGISTRY / f"qemu-{machine}"
    if architecture == own_architecture() or entry.exists():
        yield
        return
    interpreter = shutil.which(f"qemu-{machine}-static")
    if interpreter is None:
        install()
        interpreter = shutil.which(f"qemu-{machine}-static")
    if entry.exists():  # Debian's package registers itself where it can.
        yield
        return
    if not (REGISTRY / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(REGISTRY)], check=True)
    magic, mask = ("".join(f"\\x{byte:02x}" for byte in part) for part in header(elf_machine))
    # F: the interpreter is opened at registration, so that the images needn't contain it.
    (REGISTRY / "register").write_text(f":{entry.name}:M::{magic}:{mask}:{interpreter}:F")
    try:
        yield
    finally:
        entry.write_text("-1")


def install() -> None:
    """Installs Debian's QEMU as root; raises elsewhere."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise EngineError("Images for another processor need qemu-user-static, and only root on Debian can install it.")
    command = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "qemu-user-static"]
    subprocess.run(command, check=True)
