"""Two perceptual distances: features of frozen networks that weren't trained for inpainting."""

from __future__ import annotations

import torch
import torchvision
from features import EfficientNetLite0, weights
from torch import Tensor

__all__ = ["CraftVgg", "EfficientNetLite0"]


class CraftVgg:
    """VGG16 with batch normalisation, as the text detector CRAFT trained it (Baek et al. 2019); features after each stage."""

    name = "CRAFT-VGG16"
    stages = (5, 12, 22, 32, 38)

    def __init__(self) -> None:
        net = torchvision.models.vgg16_bn(weights=None).features
        state = torch.load(weights("easyocr_en_models", "craft_mlt_25k.pth"), map_location="cpu", weights_only=True)
        # `module.basenet.slice1.7.weight` is layer 7 of the plain network; slice5 belongs to CRAFT alone.
        own = {
            key.split("basenet.")[1].split(".", 1)[1]: value
            for key, value in state.items()
            if "basenet.slice" in key and "slice5" not in key
        }
        missing, _ = net.load_state_dict(own, strict=False)
        used = [key for key in missing if int(key.split(".")[0]) <= self.stages[-1] and "num_batches" not in key]
        if used:
            raise SystemExit(f"CRAFT's weights lack {used}")
        self.net = net[: self.stages[-1] + 1].eval().requires_grad_(False)
        self.mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        self.deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

    def features(self, image: Tensor) -> list[Tensor]:
        """Returns the features of [N, 3, H, W] in 0..1."""
        found, x = [], (image - self.mean) / self.deviation
        for number, layer in enumerate(self.net):
            x = layer(x)
            if number in self.stages:
                found.append(x)
        return found
