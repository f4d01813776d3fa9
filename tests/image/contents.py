"""Tests of the images' contents."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

import images
from images import TARGETS, image_of, inspect, shell


class Contents:
    """The contents of an image."""

    target: str
    max_bytes: int
    #: Libraries that the NVIDIA container toolkit mounts.
    libraries_of_the_driver: frozenset[str] = frozenset()

    def setUp(self) -> None:
        if self.target not in TARGETS:
            self.skipTest("not in IMAGE_TEST_TARGETS")
        self.image = image_of(self.target)

    def test_size(self) -> None:
        size = inspect(self.image)["Size"]
        print(f"{self.target}: {size / 1e6:.0f} MB unpacked", flush=True)
        self.assertLessEqual(size, self.max_bytes)

    def test_no_setuid_program(self) -> None:
        self.assertEqual(shell(self.image, "find / -xdev -type f -perm /6000"), "")

    def test_no_compiler_python_or_node(self) -> None:
        names = ("gcc", "cc", "g++", "clang", "rustc", "cargo", "make", "python3", "python", "node", "npm")
        found = shell(self.image, f"for name in {' '.join(names)}; do command -v $name; done; true")
        self.assertEqual(found, "")
        files = shell(self.image, "find / -xdev -name '*.h' -o -xdev -name '*.rs' -o -xdev -name '*.py'")
        self.assertEqual(files, "")

    def test_no_library_is_missing(self) -> None:
        listed = shell(self.image, "for file in /app/bin/iopaint /app/lib/*; do echo $file; ldd $file; done")
        self.assertRegex(listed, r"libtorch_cpu\.so => /app/.*lib/")
        self.assertEqual(set(re.findall(r"(\S+) => not found", listed)), self.libraries_of_the_driver)

    def test_user_port_and_labels(self) -> None:
        config = inspect(self.image)["Config"]
        self.assertEqual(config["User"], "1000:1000")
        self.assertEqual(list(config["ExposedPorts"]), ["8080/tcp"])
        labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
        self.assertEqual((labels["title"], labels["licenses"], labels["version"]), ("iopaint", "Apache-2.0", "test"))
        head = subprocess.run(["git", "-C", str(images.context), "rev-parse", "HEAD"], capture_output=True, text=True)
        self.assertEqual(labels["revision"], head.stdout.strip())
        self.assertIn("LICENSE", shell(self.image, "ls /app"))


class CpuContents(Contents, unittest.TestCase):
    """The contents of the cpu image."""

    target = "cpu"
    max_bytes = 650_000_000

    def test_every_library_is_used(self) -> None:
        listed = shell(self.image, "ldd /app/bin/iopaint")
        loaded = {Path(line.split("=>")[0].strip()).name for line in listed.splitlines()}
        self.assertLessEqual(set(shell(self.image, "ls /app/lib").split()), loaded)


class GpuContents(Contents, unittest.TestCase):
    """The contents of the gpu image."""

    target = "gpu"
    max_bytes = 5_500_000_000
    libraries_of_the_driver = frozenset({"libcuda.so.1"})

    def test_cuda_libraries_load(self) -> None:
        # The server opens libtorch_cuda.so by name, and takes a failure for the lack of a GPU.
        program = "LD_BIND_NOW=1 LD_PRELOAD=/app/lib/$name iopaint --version 2>&1 || echo $name"
        names = "libtorch_cuda.so libtorch_cuda_linalg.so libcudnn_*.so.9"
        printed = shell(self.image, f"cd /app/lib; for name in {names}; do {program}; done").splitlines()
        self.assertGreater(len(printed), 3)
        self.assertRegex(printed[0], r"^iopaint \d")
        self.assertEqual(set(printed), {printed[0]})
