"""Tests that exported models equal IOPaint's networks."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

INSTALLED = all(importlib.util.find_spec(name) for name in ("torch", "iopaint"))


@unittest.skipUnless(INSTALLED, "IOPaint isn't installed, whose definitions of the networks are exported")
class Export(unittest.TestCase):
    """Random weights stand in for the published ones."""

    def compare(self, name: str, call) -> None:
        import torch
        from export_torchscript import MODELS, export

        network, _, example, _ = MODELS[name]
        torch.manual_seed(5)
        original = network().eval()
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            path = export(name, original.state_dict(), Path(folder))
            exported = torch.jit.load(str(path)).eval()
            self.assertIn("format", (Path(folder) / f"{name}.toml").read_text())
            # Other input than the traced example.
            torch.manual_seed(6)
            inputs = example()
            # MAT draws from torch's generator in each pass.
            torch.manual_seed(7)
            due = call(original, *inputs)
            torch.manual_seed(7)
            got = exported(*inputs)
        self.assertEqual(got.shape, (1, 3, 512, 512))
        pixels = (due * 127.5 + 127.5).round().clamp(0, 255) - (got * 127.5 + 127.5).round().clamp(0, 255)
        self.assertLessEqual(pixels.abs().max().item(), 1)
        self.assertGreater(due.std().item(), 0)

    def test_mat_answers_as_in_iopaint(self) -> None:
        import numpy as np
        import torch

        # IOPaint's seed and generator.
        np.random.seed(240)
        latent = torch.from_numpy(np.random.randn(1, 512)).float()

        def call(network, image, kept):
            label = torch.zeros([1, network.c_dim])
            return network(image, kept, latent, label, truncation_psi=1, noise_mode="none")

        self.compare("mat", call)

    def test_fcf_answers_as_in_iopaint(self) -> None:
        import torch

        def call(network, x):
            return network(x, torch.zeros([1, network.c_dim]), truncation_psi=0.1, noise_mode="none")

        self.compare("fcf", call)


if __name__ == "__main__":
    unittest.main()
