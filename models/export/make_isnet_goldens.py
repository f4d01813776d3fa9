"""Runs IOPaint 1.6.0's AnimeSeg and RMBG-1.4 on small seeded networks and writes `tests/fixtures/isnet`.

    python make_isnet_goldens.py FOLDER

NET.pth are state dicts in half precision with a sixteenth of the original's channels, NET-tensors.pth an input of such a
network and its result, image.png an image and NET-mask.png IOPaint's mask of it. NET-shapes.txt lists the names and shapes
of the original's tensors. IOPaint passes BGR to RMBG-1.4; here it gets RGB.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from iopaint.plugins import anime_seg, briarmbg
from PIL import Image
from script_paths import script_paths
from torch import Tensor, nn

SEED = 5
# Divisor of the numbers of channels.
REDUCTION = 16
IMAGE_SIZE = (96, 61)
# Stage -> class, channels of input, middle and output in the original.
STAGES = {
    "stage1": ("RSU7", 64, 32, 64),
    "stage2": ("RSU6", 64, 32, 128),
    "stage3": ("RSU5", 128, 64, 256),
    "stage4": ("RSU4", 256, 128, 512),
    "stage5": ("RSU4F", 512, 256, 512),
    "stage6": ("RSU4F", 512, 256, 512),
    "stage5d": ("RSU4F", 1024, 256, 512),
    "stage4d": ("RSU4", 1024, 128, 256),
    "stage3d": ("RSU5", 512, 64, 128),
    "stage2d": ("RSU6", 256, 32, 64),
    "stage1d": ("RSU7", 128, 16, 64),
}
SIDES = {"side1": 64, "side2": 64, "side3": 128, "side4": 256, "side5": 512, "side6": 512}


def small(original: type[nn.Module]) -> nn.Module:
    """Returns the network `original` with fewer channels and seeded weights."""
    library = sys.modules[original.__module__]
    network = original()
    for stage, (block, *channels) in STAGES.items():
        setattr(network, stage, getattr(library, block)(*(count // REDUCTION for count in channels)))
    network.conv_in = nn.Conv2d(3, 64 // REDUCTION, 3, stride=2, padding=1)
    for side, channels in SIDES.items():
        if hasattr(network, side):
            setattr(network, side, nn.Conv2d(channels // REDUCTION, 1, 3, padding=1))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    # The output spans the range of the logistic function.
    network.eval()
    with torch.no_grad():
        probability = first_output(network, torch.rand(1, 3, 256, 256))
        deviation = torch.logit(probability, 1e-6).std()
        network.side1.weight.mul_(1.5 / deviation)
        mean = torch.logit(first_output(network, torch.rand(1, 3, 256, 256)), 1e-6).mean()
        network.side1.bias.sub_(mean)
    # Stored and used in half precision.
    return network.half().float()


def first_output(network: nn.Module, image: Tensor) -> Tensor:
    """Returns the network's map."""
    output = network(image)
    return output if isinstance(output, Tensor) else output[0][0]


def picture() -> np.ndarray:
    """Returns gradients with a disc and noise, RGB."""
    rng = np.random.default_rng(SEED)
    width, height = IMAGE_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 2, rows * 4, 255 - columns - rows], axis=-1).astype(float)
    pixels[np.hypot(rows - 30, columns - 55) < 19] = (230, 190, 40)
    return np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)


def write_shapes(network: nn.Module, path: Path) -> None:
    """Writes a line with name and shape per floating-point tensor."""
    tensors = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    lines = [" ".join([name, *map(str, tensor.shape)]) for name, tensor in tensors.items()]
    path.write_text("\n".join(lines) + "\n")


@torch.no_grad()
def main(folder: Path) -> None:
    """Writes networks, inputs and results."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    image = picture()
    Image.fromarray(image).save(folder / "image.png")
    for name, original in {"anime-seg": anime_seg.ISNetDIS, "rmbg": briarmbg.BriaRMBG}.items():
        with torch.device("meta"):
            write_shapes(original(), folder / f"{name}-shapes.txt")
        network = small(original)
        state = {
            key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()
        }
        torch.save(state, folder / f"{name}.pth")
        sample = torch.rand(1, 3, 72, 110)
        torch.save(
            {"input": sample, "output": first_output(network, sample).contiguous()}, folder / f"{name}-tensors.pth"
        )
        if name == "anime-seg":
            plugin = anime_seg.AnimeSeg.__new__(anime_seg.AnimeSeg)
            plugin.model = network
            mask = plugin.forward(image)
        else:
            mask = briarmbg.briarmbg_process("cpu", image, network, only_mask=True)
        Image.fromarray(mask).save(folder / f"{name}-mask.png")
        print(name, mask.min(), mask.mean(), mask.max())


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
