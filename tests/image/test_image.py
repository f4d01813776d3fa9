"""Tests of the images, built from a clean checkout and run with the strictest flags.

`make image-test` runs this; most of its time is compilation. Environment, all optional:

  IMAGE_TEST_TARGETS  images to test, `cpu gpu` by default. The gpu image runs without a GPU here.
  IMAGE_TEST_WORK     a folder that is kept, with layers for the next run
  IMAGE_TEST_ARCH     arm64 tests contents and behaviour of the image under emulation; `cpu` only
  CUDA_VARIANT        libtorch of the gpu image; cu126 by default, which the package index has too
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import images
from building import CpuBuilding, GpuBuilding
from compose import Compose
from contents import CpuContents, GpuContents
from running import Running, WithoutGpu

# `unittest.main` loads the tests of the classes that this module names.
__all__ = ["Compose", "CpuBuilding", "CpuContents", "GpuBuilding", "GpuContents", "Running", "WithoutGpu"]


class Runner(unittest.TextTestRunner):
    """Builds the images once for the tests of all modules."""

    def run(self, test: unittest.TestSuite | unittest.TestCase) -> unittest.TestResult:
        with images.prepared():
            return super().run(test)


if __name__ == "__main__":
    unittest.main(testRunner=Runner, verbosity=2)
