"""Smooth fills without weights, the network's initial guess."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pull(colours: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Downsamples colours [N, 3, H, W] and weights [N, 1, H, W] in 0..1 by two; averages known pixels only."""
    summed = F.avg_pool2d(colours * weights, 2, 2, 0, True, False)
    known = F.avg_pool2d(weights, 2, 2, 0, True, False)
    return summed / known.clamp(min=1e-6), (known * 4.0).clamp(max=1.0)


def pull_push(image: Tensor, mask: Tensor) -> Tensor:
    """Fills the hole (1 in the mask) from a pyramid of averages of known pixels (Gortler et al. 1996)."""
    weights = 1.0 - mask
    colours = image * weights
    levels = [(colours, weights)]
    while colours.shape[2] > 1 or colours.shape[3] > 1:
        colours, weights = pull(colours, weights)
        levels.append((colours, weights))
    filled = levels[-1][0]
    for level in range(len(levels) - 2, -1, -1):
        colours, weights = levels[level]
        size = (colours.shape[2], colours.shape[3])
        coarser = F.interpolate(filled, size=size, mode="bilinear", align_corners=False)
        filled = weights * colours + (1.0 - weights) * coarser
    return filled


def relax(filling: Tensor, image: Tensor, mask: Tensor, steps: int = 10) -> Tensor:
    """Returns the image with the fill in its hole, smoothed towards the border by a few diffusion steps."""
    known = image * (1.0 - mask)
    filled = known + filling * mask
    for _ in range(steps):
        filled = known + mask * F.avg_pool2d(filled, 3, 1, 1, False, False)
    return filled
