"""Runs IOPaint 1.6.0's RMBG-2.0 on a small seeded network and writes `tests/fixtures/birefnet`.

    python make_birefnet_goldens.py FOLDER
    python make_birefnet_goldens.py --full FILE

rmbg2.safetensors is a network in half precision with few channels, tensors.safetensors an input of it and its result,
image.png an image and mask.png IOPaint's mask of it. shapes.txt lists the names and shapes of the original's tensors.
deformable.safetensors has a deformable convolution, an input, and torchvision's result. IOPaint passes BGR; here the network
gets RGB. `--full` writes a network of the original's size with random weights to FILE instead. Needs timm, kornia, einops and
torchvision.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from iopaint.plugins import briarmbg2
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

SEED = 11
IMAGE_SIZE = (96, 61)
# Channels of the first stage of the transformer, blocks and heads of each stage, side of the windows.
CHANNELS = 8
BLOCKS = [2, 2, 2, 2]
HEADS = [1, 2, 4, 8]
WINDOW = 4
# Channels inside the decoder's blocks, of a branch of their pyramids, of the patches' first convolutions.
HIDDEN = 6
BRANCH = 5
PATCHES = 4
# Rows and columns of the input: with padded windows, of unequal sides.
SIZE = (128, 192)


class SmallConfig(briarmbg2.Config):
    """The configuration of the small network."""

    def __init__(self) -> None:
        super().__init__()
        self.lateral_channels_in_collection = [2 * CHANNELS << stage for stage in (3, 2, 1, 0)]
        self.cxt = self.lateral_channels_in_collection[1:][::-1]


def small_transformer() -> nn.Module:
    """Returns the transformer of the small network."""
    return briarmbg2.SwinTransformer(embed_dim=CHANNELS, depths=BLOCKS, num_heads=HEADS, window_size=WINDOW)


def small_block(block: nn.Module) -> None:
    """Replaces the layers of a decoder's block by those with fewer channels inside."""
    inputs, outputs = block.conv_in.in_channels, block.conv_out.out_channels
    block.conv_in = nn.Conv2d(inputs, HIDDEN, 3, padding=1)
    block.bn_in = nn.BatchNorm2d(HIDDEN)
    block.conv_out = nn.Conv2d(HIDDEN, outputs, 3, padding=1)
    pyramid = briarmbg2.ASPPDeformable(HIDDEN)
    branch = briarmbg2._ASPPModuleDeformable
    pyramid.aspp1 = branch(HIDDEN, BRANCH, 1, padding=0)
    pyramid.aspp_deforms = nn.ModuleList(branch(HIDDEN, BRANCH, side, padding=side // 2) for side in (1, 3, 7))
    pyramid.global_avg_pool[1] = nn.Conv2d(HIDDEN, BRANCH, 1, bias=False)
    pyramid.global_avg_pool[2] = nn.BatchNorm2d(BRANCH)
    pyramid.conv1 = nn.Conv2d(BRANCH * 5, HIDDEN, 1, bias=False)
    block.dec_att = pyramid


def small_patches(patches: nn.Module) -> nn.Module:
    """Returns the convolutions of patches with fewer channels inside."""
    return briarmbg2.SimpleConvs(patches.conv1.in_channels, patches.conv_out.out_channels, inter_channels=PATCHES)


@torch.no_grad()
def initialize(network: nn.Module) -> None:
    """Sets all weights and statistics at random. Offsets of deformable convolutions are some pixels long."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
        if name.endswith("offset_conv"):
            module.weight.mul_(2)
        if isinstance(module, briarmbg2.WindowAttention):
            nn.init.normal_(module.relative_position_bias_table, std=1.0)


def small() -> nn.Module:
    """Returns the small network with seeded weights."""
    original = {name: getattr(briarmbg2, name) for name in ("Config", "swin_v1_l")}
    briarmbg2.Config, briarmbg2.swin_v1_l = SmallConfig, small_transformer
    network = briarmbg2.BiRefNet(bb_pretrained=False)
    for name, value in original.items():
        setattr(briarmbg2, name, value)
    decoder = network.decoder
    for block in [network.squeeze_module[0], *(getattr(decoder, f"decoder_block{level}") for level in range(1, 5))]:
        small_block(block)
    for level in range(1, 6):
        setattr(decoder, f"ipt_blk{level}", small_patches(getattr(decoder, f"ipt_blk{level}")))
    initialize(network)
    # The output spans the range of the logistic function.
    network.eval()
    with torch.no_grad():
        logits = network(torch.randn(1, 3, *SIZE))[-1]
        last = decoder.conv_out1[0]
        last.bias.sub_(logits.mean()).div_(logits.std() / 2)
        last.weight.div_(logits.std() / 2)
    # Stored and used in half precision.
    return network.half().float()


def picture() -> np.ndarray:
    """Returns gradients with a disc and noise, RGB."""
    rng = np.random.default_rng(SEED)
    width, height = IMAGE_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 2, rows * 4, 255 - columns - rows], axis=-1).astype(float)
    pixels[np.hypot(rows - 30, columns - 55) < 19] = (230, 190, 40)
    return np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)


def deformable() -> dict[str, Tensor]:
    """Returns a deformable convolution of each kernel size, whose offsets point outside the input too, and results."""
    tensors: dict[str, Tensor] = {}
    image = torch.randn(1, 4, 9, 13)
    tensors["image"] = image
    for side in (1, 3, 7):
        layer = briarmbg2._ASPPModuleDeformable(4, 3, side, padding=side // 2).eval()
        initialize(layer)
        nn.init.normal_(layer.atrous_conv.offset_conv.bias, std=3.0)
        convolution = layer.atrous_conv
        offset = convolution.offset_conv(image)
        factor = 2 * torch.sigmoid(convolution.modulator_conv(image))
        weight = convolution.regular_conv.weight
        convolved = deform_conv2d(image, offset, weight, padding=side // 2, mask=factor)
        state = layer.state_dict().items()
        tensors |= {f"{side}.{name}": value for name, value in state if value.is_floating_point()}
        tensors[f"result.{side}"] = layer.bn(convolved)
    return tensors


def contiguous(network: nn.Module) -> dict[str, Tensor]:
    """Returns the network's tensors."""
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


def write_full(path: Path) -> None:
    """Writes a network of the original's size."""
    network = briarmbg2.BiRefNet(bb_pretrained=False)
    initialize(network)
    save_file(contiguous(network), path)


@torch.no_grad()
def write_goldens(folder: Path) -> None:
    """Writes the small network, inputs and results."""
    folder.mkdir(parents=True, exist_ok=True)
    network = small()
    state = contiguous(network).items()
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state}
    save_file(halves, folder / "rmbg2.safetensors")
    sample = torch.randn(1, 3, *SIZE)
    output = network(sample.half().float())[-1]
    save_file({"input": sample.half(), "output": output}, folder / "tensors.safetensors")
    print("logits", output.min(), output.mean(), output.std(), output.max())
    save_file({key: value.contiguous() for key, value in deformable().items()}, folder / "deformable.safetensors")
    image = picture()
    Image.fromarray(image).save(folder / "image.png")
    mask = briarmbg2.briarmbg2_process("cpu", image, network, only_mask=True)
    Image.fromarray(mask).save(folder / "mask.png")
    print("mask", mask.min(), mask.mean(), mask.max())
    original = briarmbg2.BiRefNet(bb_pretrained=False).state_dict()
    tensors = {name: tensor for name, tensor in original.items() if tensor.is_floating_point()}
    lines = [" ".join([name, *map(str, tensor.shape)]) for name, tensor in tensors.items()]
    (folder / "shapes.txt").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Parses the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    if arguments.full:
        write_full(arguments.path)
    else:
        write_goldens(arguments.path)


if __name__ == "__main__":
    main()
