#!/usr/bin/env python3
"""Restores weights for training from an exported network: `restore.py strokes.onnx --photos DIR --fonts DIR --out strokes.pth`.

The export has folded batch normalisation into the convolutions; mean and variance are estimated anew on random
samples. Files without residual blocks, of an earlier network, are read too: the blocks begin as identities.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import onnx
import torch
from network import Strokes
from onnx import numpy_helper
from samples import photographs, sample
from texts import faces
from torch import Tensor, nn

SAMPLES = 96
Layer = tuple[nn.Module, nn.BatchNorm2d | None]


def blocks(layers: nn.Module) -> list[Layer]:
    modules = [module for module in layers.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    return list(zip(modules[::2], modules[1::2], strict=True))


def layers_of(network: Strokes, residuals: bool) -> list[Layer]:
    """Returns the convolutions in the order of the export, with their normalisation."""
    found = [*blocks(network.stem), *(layer for part in network.down for layer in blocks(part))]
    found += blocks(network.middle)
    if residuals:
        found += [*blocks(network.context), *blocks(network.detail)]
    for up, merge in zip(reversed(network.up), reversed(network.merge), strict=True):
        found += [(up, None), *blocks(merge)]
    return [*found, (network.head, None)]


def fill(network: Strokes, model: onnx.ModelProto) -> None:
    weights = {array.name: torch.tensor(numpy_helper.to_array(array)) for array in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    layers = layers_of(network, residuals=False)
    if len(nodes) > len(layers):
        layers = layers_of(network, residuals=True)
    for (layer, norm), node in zip(layers, nodes, strict=True):
        layer.weight.data.copy_(weights[node.input[1]])
        bias = weights[node.input[2]]
        if norm is None:
            layer.bias.data.copy_(bias)
        else:
            norm.weight.data.fill_((1 + norm.eps) ** 0.5)
            norm.bias.data.copy_(bias)


def estimate_statistics(network: Strokes, images: Tensor) -> None:
    """Sets means and variances to those of `images`, and scale and shift such that the output stays the same."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    found: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        found[norm] = (inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3)))

    hooks = [norm.register_forward_pre_hook(keep) for norm in norms]
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, variance = found[norm]
        scale = norm.weight.data / (1 + norm.eps) ** 0.5
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data = scale * (variance + norm.eps).sqrt()
        norm.bias.data += scale * mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    network = Strokes().eval()
    fill(network, onnx.load(args.source))
    rng, photos = random.Random(99), photographs(args.photos)
    western, others = faces(args.fonts)
    samples: list[np.ndarray] = []
    while len(samples) < SAMPLES:
        try:
            samples.append(sample(rng, photos, western, others)[0])
        except OSError:
            continue
    images = torch.tensor(np.stack(samples))
    with torch.no_grad():
        before = network(images)
        estimate_statistics(network, images)
        print(f"largest difference: {(network(images) - before).abs().max():.2e}")
    torch.save(network.state_dict(), args.out)


if __name__ == "__main__":
    main()
