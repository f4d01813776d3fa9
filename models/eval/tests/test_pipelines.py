"""Tests of other programs' pipelines, with functions in place of networks."""

from __future__ import annotations

import importlib.util
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER / "removals"))

INSTALLED = all(importlib.util.find_spec(name) for name in ("torch", "numpy", "PIL", "cv2"))

if INSTALLED:
    import numpy as np
    from pipelines import LamaSidecar, SnapOtter


class Recorder:
    """Paints a colour into the hole and records the sizes that it runs at."""

    def __init__(self, colour: int = 200, shift: int = 0) -> None:
        self.colour, self.shift = colour, shift
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        self.sizes.append(hole.shape)
        out = np.where(hole[..., None], np.uint8(self.colour), image)
        return np.clip(out.astype(int) + self.shift, 0, 255).astype(np.uint8)


def scene(height: int, width: int, *holes: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns a gray image with texture, and holes given as top, left, height, width."""
    image = np.full((height, width, 3), 120, np.uint8)
    image += np.random.default_rng(1).integers(0, 9, image.shape, dtype=np.uint8)
    mask = np.zeros((height, width), bool)
    for top, left, rows, columns in holes:
        mask[top : top + rows, left : left + columns] = True
    return image, mask


@unittest.skipUnless(INSTALLED, "PyTorch, Pillow or OpenCV isn't installed")
class LamaSidecarPipeline(unittest.TestCase):
    """Scales, regions and colours of lama-sidecar's pipeline."""

    def test_thin_hole_runs_at_full_size(self) -> None:
        image, mask = scene(700, 1300, (300, 100, 60, 1100))
        network = Recorder()
        LamaSidecar()(network, image, mask)
        self.assertEqual(network.sizes, [(700, 1300)])

    def test_deep_hole_is_reduced_and_its_edge_refined(self) -> None:
        # 700 and 800 pixels with the growth: the longer edge reaches 512 before the thickness reaches 384.
        image, mask = scene(1300, 1400, (300, 300, 690, 790))
        network = Recorder()
        LamaSidecar()(network, image, mask)
        reduced, band = network.sizes
        self.assertAlmostEqual(reduced[1] / 1400, 512 / 800, delta=0.01)
        # The hole and 192 pixels of context.
        self.assertEqual(band, (700 + 2 * 192, 800 + 2 * 192))

    def test_far_holes_run_separately_and_near_ones_together(self) -> None:
        image, mask = scene(400, 2600, (200, 200, 20, 20), (200, 250, 20, 20), (200, 2300, 20, 20))
        network = Recorder()
        LamaSidecar()(network, image, mask)
        self.assertEqual(len(network.sizes), 2)

    def test_shifted_colours_are_matched(self) -> None:
        image, mask = scene(400, 400, (150, 150, 90, 90))
        shifted = Recorder(colour=124, shift=-15)
        matched = LamaSidecar()(shifted, image, mask)[mask].mean()
        unmatched = LamaSidecar(match_colours=False)(shifted, image, mask)[mask].mean()
        self.assertAlmostEqual(matched, 124, delta=2)
        self.assertAlmostEqual(unmatched, 109, delta=2)

    def test_only_the_grown_hole_changes(self) -> None:
        image, mask = scene(900, 900, (100, 100, 500, 500), (700, 700, 30, 30))
        out = LamaSidecar()(Recorder(), image, mask)
        grown = np.zeros_like(mask)
        grown[95:605, 95:605] = grown[695:735, 695:735] = True
        self.assertTrue((out == image)[~grown].all())
        self.assertTrue((out != image).any(2)[mask].mean() > 0.9)


@unittest.skipUnless(INSTALLED, "PyTorch, Pillow or OpenCV isn't installed")
class SnapOtterPipeline(unittest.TestCase):
    """Crop, size and paste mask of SnapOtter's pipeline."""

    def test_network_runs_once_on_its_square(self) -> None:
        image, mask = scene(900, 1200, (200, 200, 100, 100), (600, 900, 50, 100))
        network = Recorder()
        SnapOtter()(network, image, mask)
        self.assertEqual(network.sizes, [(512, 512)])

    def test_pixels_near_the_hole_change_and_far_ones_stay(self) -> None:
        image, mask = scene(900, 1200, (300, 300, 300, 400))
        out = SnapOtter()(Recorder(), image, mask)
        # Growth of 4 % of the diagonal of 500 pixels, and at most 10 pixels of feathering.
        changed = np.argwhere((out != image).any(2))
        self.assertTrue((changed.min(0) >= 300 - 30).all() and (changed.min(0) <= 300 - 20).all())
        self.assertTrue((np.abs(out[mask].astype(int) - 200) <= 1).all())


if __name__ == "__main__":
    unittest.main()
