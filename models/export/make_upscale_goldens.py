"""Runs IOPaint 1.6.0's RealESRGAN plugin on small seeded networks and writes `tests/fixtures/upscale`.

    python make_upscale_goldens.py FOLDER

NET.pth are state dicts, image.png the input, NET-SCALE-TILE.png the results for a scale and a tile's side. The networks'
last layers are scaled so that results use the whole range of values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from iopaint.plugins.basicsr import RRDBNet
from iopaint.plugins.realesrgan import RealESRGANer, SRVGGNetCompact
from script_paths import script_paths
from torch import Tensor, nn

SEED = 11
WIDTH, HEIGHT = 45, 38


def networks() -> dict[str, tuple[nn.Module, int, str]]:
    """Returns network, scale and key of its tensors by name."""
    return {
        "compact-4": (SRVGGNetCompact(num_feat=16, num_conv=3, upscale=4), 4, "params"),
        "rrdb-4": (RRDBNet(3, 3, scale=4, num_feat=16, num_block=2, num_grow_ch=8), 4, "params_ema"),
        "rrdb-2": (RRDBNet(3, 3, scale=2, num_feat=16, num_block=1, num_grow_ch=8), 2, "params_ema"),
    }


# Scale and tile's side of each result.
CASES = {
    "compact-4": [(4.0, 512), (4.0, 16), (2.0, 512), (3.3, 20), (0.7, 512)],
    "rrdb-4": [(4.0, 512), (4.0, 24), (1.5, 512)],
    "rrdb-2": [(2.0, 512), (2.0, 16), (4.0, 512)],
}


def image() -> np.ndarray:
    """Returns smooth gradients with a few hard edges and noise, BGR."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [columns * 5, rows * 6, 255 - columns * 3 - rows * 2]
    pixels = np.stack(planes, axis=-1) + rng.integers(-12, 13, (HEIGHT, WIDTH, 3))
    pixels[10:20, 8:30] = (30, 200, 240)
    pixels[25:, 33:36] = 0
    return np.clip(pixels, 0, 255).astype(np.uint8)


@torch.no_grad()
def randomize(network: nn.Module, sample: Tensor) -> None:
    """Sets seeded weights; results on `sample` get the mean 0.5 and the standard deviation 0.3."""
    for parameter in network.parameters():
        if parameter.dim() == 4:
            nn.init.kaiming_normal_(parameter, a=0.2)
        else:
            parameter.uniform_(0.0, 0.3)
    last = network.conv_last if isinstance(network, RRDBNet) else network.body[-1]
    last.weight.zero_()
    last.bias.zero_()
    base = network(sample)
    nn.init.kaiming_normal_(last.weight)
    added = network(sample) - base
    factor = 0.3 / added.std()
    last.weight.mul_(factor)
    last.bias.fill_(float(0.5 - base.mean() - factor * added.mean()))


def main(folder: Path) -> None:
    """Writes networks, input and results."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    source = image()
    cv2.imwrite(str(folder / "image.png"), source)
    sample = torch.from_numpy(source[:, :44, ::-1].copy()).permute(2, 0, 1)[None] / 255
    for name, (network, scale, key) in networks().items():
        randomize(network.eval(), sample)
        state: dict[str, Any] = {key: network.state_dict()}
        torch.save(state, folder / f"{name}.pth")
        for outscale, tile in CASES[name]:
            upscaler = RealESRGANer(scale, str(folder / f"{name}.pth"), model=network, tile=tile, device="cpu")
            result, _ = upscaler.enhance(source, outscale=outscale)
            cv2.imwrite(str(folder / f"{name}-{outscale}-{tile}.png"), result)


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
