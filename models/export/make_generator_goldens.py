"""Runs IOPaint 1.6.0's networks MAT and FcF with few channels and writes `tests/fixtures/generators`.

    python make_generator_goldens.py FOLDER

NAME.pth are state dicts in half precision of networks for smaller images than the original's, NAME-SIDE.pth inputs and
results in half precision. NAME-shapes.txt lists the names and shapes of the original's tensors. MAT's random numbers are those of PyTorch
after `manual_seed(240)`, in each pass.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from export_torchscript import Fcf, Mat, fcf_network, mat_network
from iopaint.model import fcf, mat
from make_isnet_goldens import write_shapes
from script_paths import script_paths
from torch import Tensor, nn

SEED = 9
MAT_SIDE, FCF_SIDE = 128, 64
# Seed of MAT's random numbers in the server.
PASS_SEED = 240


def small_mat() -> nn.Module:
    """Returns MAT for images of 128 x 128 pixels with at most 16 channels."""
    channels = {7: 8, 6: 12}
    originals = mat.nf, mat.FirstStage.__init__.__defaults__
    mat.nf = lambda stage, *_rest: channels.get(stage, 16)
    side, _dimension, *rest = originals[1]
    mat.FirstStage.__init__.__defaults__ = (side, 12, *rest)
    try:
        return mat.Generator(z_dim=24, c_dim=0, w_dim=24, img_resolution=MAT_SIDE, img_channels=3)
    finally:
        mat.nf, mat.FirstStage.__init__.__defaults__ = originals


def small_fcf() -> nn.Module:
    """Returns FcF for images of 64 x 64 pixels with 32 channels."""
    sizes = {"channel_base": 32 * FCF_SIDE, "channel_max": 32, "num_fp16_res": 4, "conv_clamp": 256}
    return fcf.Generator(
        z_dim=32,
        c_dim=0,
        w_dim=32,
        img_resolution=FCF_SIDE,
        img_channels=3,
        synthesis_kwargs=sizes,
        encoder_kwargs=sizes,
        mapping_kwargs={"num_layers": 2},
    )


def randomize(network: nn.Module) -> None:
    """Sets biases and the mean style, which start as zeros; stores and uses half precision."""
    for name, tensor in network.state_dict().items():
        if name.endswith("bias") and "affine" not in name:
            nn.init.normal_(tensor, std=5.0 if name.startswith("mapping") else 0.2)
        elif name.endswith("w_avg"):
            nn.init.normal_(tensor)
        elif name.endswith("noise_strength"):
            tensor.fill_(0.3)
    network.half().float()


def holes(side: int) -> Tensor:
    """Returns known pixels: 1 outside two holes."""
    known = torch.ones(1, 1, side, side)
    known[:, :, side // 8 : side // 2, side // 3 : side - 5] = 0
    known[:, :, side - 20 : side - 14, 3 : side // 2] = 0
    return known


def image(side: int) -> Tensor:
    """Returns a smooth image with noise in -1..1."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    planes = np.stack([np.sin(rows * 9), np.cos(columns * 7 + rows), rows - columns])
    return (torch.from_numpy(planes).float()[None] * 0.8 + torch.randn(1, 3, side, side) * 0.1).clamp(-1, 1)


def run_mat(network: nn.Module, side: int) -> dict[str, Tensor]:
    """Returns inputs and result of MAT."""
    sample, known = image(side).half().float(), holes(side)
    torch.manual_seed(PASS_SEED)
    return {"image": sample, "known": known, "output": Mat(network)(sample, known)}


def run_fcf(network: nn.Module, side: int) -> dict[str, Tensor]:
    """Returns input and result of FcF."""
    known = holes(side)
    sample = torch.cat([known - 0.5, image(side) * known], dim=1).half().float()
    return {"input": sample, "output": Fcf(network)(sample)}


def calibrate(network: nn.Module, output: Tensor, known: Tensor) -> None:
    """Scales the layers that convert features to colours, so that fills have a standard deviation of 0.5."""
    factor = 0.5 / output[:, :, known[0, 0] == 0].std()
    for name, tensor in network.state_dict().items():
        if "torgb.weight" in name.lower() or "torgb.conv.weight" in name.lower() or "torgb.bias" in name.lower():
            tensor.mul_(factor)


@torch.no_grad()
def main(folder: Path) -> None:
    """Writes networks, inputs and results."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = {
        "mat": (mat_network, small_mat, run_mat, [MAT_SIDE, 2 * MAT_SIDE]),
        "fcf": (fcf_network, small_fcf, run_fcf, [FCF_SIDE]),
    }
    for name, (original, small, run, sides) in cases.items():
        write_shapes(original(), folder / f"{name}-shapes.txt")
        torch.manual_seed(SEED)
        network = small().eval()
        randomize(network)
        for _ in range(2):
            calibrate(network, run(network, sides[0])["output"], holes(sides[0]))
        network.half().float()
        # MAT's attention masks follow from the sizes; the server computes them.
        state = {key: value.half() for key, value in network.state_dict().items() if not key.endswith("attn_mask")}
        torch.save(state, folder / f"{name}.pth")
        for side in sides:
            tensors = run(network, side)
            print(name, side, tensors["output"].min(), tensors["output"].std(), tensors["output"].max())
            torch.save({key: value.half() for key, value in tensors.items()}, folder / f"{name}-{side}.pth")


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
