"""Tests of the build's cache and its context."""

from __future__ import annotations

import re
import unittest

import images
from containers import STRICT, address, container, request, wait_until_ready
from images import EMULATED, TARGETS, build, image_of, was_cached

MAX_CONTEXT_BYTES = 30_000_000


class Building:
    """The build's cache and its context."""

    target: str

    NPM = "RUN --mount=type=cache,target=/root/.npm npm ci"
    PAGE = "RUN npm run build"
    CARGO = "RUN --mount=type=cache,target=/usr/local/cargo/registry     "
    SHARED_DEPENDENCIES = f"{CARGO}cargo chef cook --no-build"

    def setUp(self) -> None:
        if self.target not in TARGETS or EMULATED:
            self.skipTest("not in IMAGE_TEST_TARGETS" if self.target not in TARGETS else "the same for every processor")
        mounted = f"{self.CARGO}--mount=type=bind,from=libtorch-{self.target},source=/opt,target=/opt     "
        self.dependencies = f"{mounted}cargo chef cook"
        # The last build command is longer by an `install`.
        self.crates = f"{mounted}cargo build --profile dist --locked --package iopaint     && cargo clean"

    def edit(self, file: str, before: str, after: str) -> None:
        """Edits a file of the context within the test."""
        path = images.context / file
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after, 1))
        self.addCleanup(path.write_text, text)

    def test_page_edit_compiles_only_the_server(self) -> None:
        mark = f"<!-- edited for {self.target} -->"
        self.edit("web_app/index.html", "</head>", f"{mark}</head>")
        output = build(self.target, "an edit of the page")
        self.assertTrue(was_cached(output, self.NPM))
        self.assertFalse(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertTrue(was_cached(output, self.crates))
        with container(*STRICT, image_of(self.target)) as name:
            wait_until_ready(name)
            self.assertIn(mark.encode(), request(address(name))[1])

    def test_server_edit_compiles_only_the_server(self) -> None:
        self.edit("server/app/src/main.rs", "//!", "//! Edited.\n//!")
        output = build(self.target, "an edit of the server")
        self.assertTrue(was_cached(output, self.NPM))
        self.assertTrue(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertTrue(was_cached(output, self.crates))


class CpuBuilding(Building, unittest.TestCase):
    """Builds of the cpu image."""

    target = "cpu"

    def test_crate_edit_compiles_no_dependency(self) -> None:
        self.edit("server/torch/src/lib.rs", "//!", "//! Edited.\n//!")
        output = build(self.target, "an edit of the crate over libtorch")
        self.assertTrue(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertFalse(was_cached(output, self.crates))

    def test_the_context_is_small(self) -> None:
        sizes = re.findall(r"transferring context: ([\d.]+)(k|M|)B", images.first_builds["cpu"])
        largest = max(float(size) * {"": 1, "k": 1e3, "M": 1e6}[unit] for size, unit in sizes)
        print(f"context: {largest / 1e6:.1f} MB", flush=True)
        self.assertLess(largest, MAX_CONTEXT_BYTES)


class GpuBuilding(Building, unittest.TestCase):
    """Builds of the gpu image."""

    target = "gpu"

    def test_page_and_dependencies_are_built_once_for_both_images(self) -> None:
        if "cpu" not in TARGETS:
            self.skipTest("the cpu image is not built")
        self.assertTrue(was_cached(images.first_builds["gpu"], self.PAGE))
        self.assertTrue(was_cached(images.first_builds["gpu"], self.SHARED_DEPENDENCIES))
