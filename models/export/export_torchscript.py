"""Converts the state dicts of MAT or FcF into TorchScript for this server.

    python export_torchscript.py mat Places_512_FullData_G.pth MODEL_FOLDER
    python export_torchscript.py fcf places_512_G.pth MODEL_FOLDER

needs `pip install iopaint==1.6.0 torch==2.7.0 opencv-python-headless` for the network definitions.
Writes MODEL_FOLDER/<name>.pt and its description <name>.toml; then `iopaint start --model mat`. Both networks process
images of 512 x 512 pixels; larger forward passes run at that size.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

SIDE = 512
# IOPaint draws MAT's one latent from numpy's generator with this seed.
MAT_SEED = 240

DESCRIPTION = """title = "{title}"
format = "{format}"
padding = {{ modulo = 512, min_size = 512, square = true }}
max_forward_pixels = 262_144
"""


class Mat(nn.Module):
    """MAT with IOPaint's constant inputs: forward(image in -1..1, mask with 1 for known pixels)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        latent = np.random.RandomState(MAT_SEED).randn(1, network.z_dim)
        self.register_buffer("latent", torch.from_numpy(latent).float())
        self.register_buffer("label", torch.zeros([1, network.c_dim]))

    def forward(self, image: Tensor, kept: Tensor) -> Tensor:
        return self.network(image, kept, self.latent, self.label, truncation_psi=1, noise_mode="none")


class Fcf(nn.Module):
    """FcF with IOPaint's constant inputs: forward(cat(0.5 - mask, image in -1..1 without the hole))."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("label", torch.zeros([1, network.c_dim]))

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x, self.label, truncation_psi=0.1, noise_mode="none")


def mat_network() -> nn.Module:
    """Returns MAT's generator in IOPaint's configuration, without weights."""
    from iopaint.model.mat import Generator

    return Generator(
        z_dim=512,
        c_dim=0,
        w_dim=512,
        img_resolution=SIDE,
        img_channels=3,
        mapping_kwargs={"torch_dtype": torch.float32},
    )


def fcf_network() -> nn.Module:
    """Returns FcF's generator in IOPaint's configuration, without weights."""
    from iopaint.model.fcf import Generator

    sizes = {"channel_base": 32768, "channel_max": 512, "num_fp16_res": 4, "conv_clamp": 256}
    return Generator(
        z_dim=512,
        c_dim=0,
        w_dim=512,
        img_resolution=SIDE,
        img_channels=3,
        synthesis_kwargs=sizes,
        encoder_kwargs=sizes,
        mapping_kwargs={"num_layers": 2},
    )


def mat_example() -> tuple[Tensor, ...]:
    """Returns an example input of MAT."""
    kept = torch.ones(1, 1, SIDE, SIDE)
    kept[:, :, 200:300, 150:400] = 0
    return torch.rand(1, 3, SIDE, SIDE) * 2 - 1, kept


def fcf_example() -> tuple[Tensor, ...]:
    """Returns an example input of FcF."""
    image, kept = mat_example()
    return (torch.cat([kept - 0.5, image * kept], dim=1),)


# Name -> network, wrapper with constant inputs, example input, and the description's text.
MODELS = {
    "mat": (mat_network, Mat, mat_example, {"title": "MAT", "format": "mat"}),
    "fcf": (fcf_network, Fcf, fcf_example, {"title": "FcF", "format": "migan"}),
}


@torch.no_grad()
def export(name: str, weights: dict[str, Tensor], folder: Path) -> Path:
    """Writes the TorchScript file of a model and its description; returns the file's path."""
    network, fixed, example, words = MODELS[name]
    model = network()
    model.load_state_dict(weights, strict=True)
    inputs = example()
    traced = torch.jit.trace(fixed(model.eval()).eval(), inputs, check_trace=False)
    path = folder / f"{name}.pt"
    traced.save(str(path))
    (folder / f"{name}.toml").write_text(DESCRIPTION.format(**words))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    state = torch.load(arguments.weights, map_location="cpu", weights_only=True)
    print(export(arguments.model, state, arguments.folder))


if __name__ == "__main__":
    main()
