"""Runs IOPaint 1.6.0's RestoreFormer plugin on a small seeded network and extends `tests/fixtures/faces`.

    python make_restoreformer_goldens.py FOLDER UPSCALER

FOLDER has the files of `make_face_goldens.py`, whose detector, parser and image are used. restoreformer.pth is a state dict,
restoreformer.png the restored image, restoreformer-upscaled.png the same with the background repainted by RealESRGAN with the
network UPSCALER, `tests/fixtures/upscale/compact-4.pth`. restoreformer-expected.pth has the network's result for face.png, and
RestoreFormer.shapes.txt the names and shapes of the published network's tensors.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import cv2
import numpy as np
import torch
from iopaint.plugins import restoreformer
from iopaint.plugins.facexlib.parsing.parsenet import ParseNet
from iopaint.plugins.facexlib.utils import face_restoration_helper
from iopaint.plugins.gfpgan.archs import restoreformer_arch
from iopaint.plugins.gfpgan.archs.restoreformer_arch import RestoreFormer
from iopaint.plugins.realesrgan import RealESRGANer, SRVGGNetCompact
from make_face_goldens import detector, shapes
from script_paths import script_paths
from torch import nn

SEED = 12
CODES, CODE_LENGTH = 16, 16
# Weights of a filter of 3 x 3 pixels for one channel.
TAPS = 9
# Elements by which the filters of successive layers are apart in the values that they share. The server rejects files whose
# tensors have more than four times the file's size.
STEP = 228 * TAPS


def restorer() -> nn.Module:
    """Returns a RestoreFormer for 512 x 512 pixels with few channels."""
    return RestoreFormer(
        n_embed=CODES,
        embed_dim=CODE_LENGTH,
        ch=32,
        ch_mult=(1, 1, 1, 1, 1, 2),
        num_res_blocks=1,
        z_channels=CODE_LENGTH,
    )


@torch.no_grad()
def randomize(network: nn.Module) -> dict[str, torch.Tensor]:
    """Sets seeded weights and returns them in half precision. Filters of one size share values for a small file."""
    state = network.state_dict()
    by_fan: dict[int, list[str]] = {}
    for name, tensor in state.items():
        if tensor.dim() == 4:
            by_fan.setdefault(tensor[0].numel(), []).append(name)
    saved = {}
    for fan, names in by_fan.items():
        largest = max(state[name].numel() for name in names)
        values = torch.randn(largest + STEP * len(names))
        if fan % TAPS == 0:
            # Nearly equal values per filter, so that roundings of single colours choose no other codes.
            values = 0.2 * values + torch.randn(-(-len(values) // TAPS)).repeat_interleave(TAPS)[: len(values)]
        values = values.mul_(1.4 / fan**0.5).half()
        for index, name in enumerate(names):
            tensor = state[name]
            saved[name] = values[STEP * index : STEP * index + tensor.numel()].view(tensor.shape)
    for name, tensor in state.items():
        if name not in saved:
            is_scale = "norm" in name and name.endswith("weight")
            values = torch.empty_like(tensor)
            saved[name] = (values.uniform_(0.5, 1.5) if is_scale else values.normal_(0.0, 0.2)).half()
    for name, tensor in state.items():
        tensor.copy_(saved[name].float())
    return saved


@torch.no_grad()
def fit(network: nn.Module, saved: dict[str, torch.Tensor], face: torch.Tensor) -> None:
    """Spreads the codes over the encoder's results for a face, and scales the results to a deviation of 0.5."""

    def change(name: str, values: torch.Tensor) -> None:
        saved[name] = values.half()
        network.state_dict()[name].copy_(saved[name].float())

    latents = network.quant_conv(network.encoder(face)["out"])
    deviation, mean = torch.std_mean(latents, dim=(0, 2, 3))
    change("quantize.embedding.weight", torch.randn(CODES, CODE_LENGTH) * deviation + mean)
    deviation, mean = torch.std_mean(network(face)[0], dim=(0, 2, 3))
    layer = "decoder.conv_out"
    bias = saved[f"{layer}.bias"].float()
    change(f"{layer}.weight", saved[f"{layer}.weight"].float() * (0.5 / deviation).view(-1, 1, 1, 1))
    change(f"{layer}.bias", (bias - mean) * 0.5 / deviation)


def load(folder: Path) -> tuple[nn.Module, nn.Module]:
    """Returns the detector and the parser of a folder."""
    detection, parsing = detector(), ParseNet(512, 512, base_ch=8, ch_range=[4, 16], res_depth=2)
    state = torch.load(folder / "detector.pth")
    detection.load_state_dict({name.removeprefix("module."): tensor.float() for name, tensor in state.items()})
    parsing.load_state_dict(torch.load(folder / "parser.pth"))
    return detection.eval(), parsing.eval()


@torch.no_grad()
def main(folder: Path, upscaler_file: Path) -> None:
    """Writes network and results."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    detection, parsing = load(folder)
    image = cv2.imread(str(folder / "image.png"))[:, :, ::-1]
    pixels = cv2.imread(str(folder / "face.png"))[:, :, ::-1]
    face = torch.from_numpy((pixels / 255.0 * 2 - 1).astype(np.float32).transpose(2, 0, 1).copy())[None]
    network = restorer().eval()
    saved = randomize(network)
    fit(network, saved, face)
    file = folder / "restoreformer.pth"
    torch.save({"params": saved}, file)

    network_for_background = SRVGGNetCompact(num_feat=16, num_conv=3, upscale=4)
    background = RealESRGANer(4, str(upscaler_file), model=network_for_background, tile=512, tile_pad=10, device="cpu")
    for upscaler, name in [(None, "restoreformer"), (SimpleNamespace(model=background), "restoreformer-upscaled")]:
        with (
            mock.patch.object(face_restoration_helper, "init_detection_model", lambda *_, **__: detection),
            mock.patch.object(face_restoration_helper, "init_parsing_model", lambda *_, **__: parsing),
            mock.patch.object(restoreformer_arch, "RestoreFormer", lambda: network),
            mock.patch.object(restoreformer, "download_model", lambda *_: str(file)),
        ):
            plugin = restoreformer.RestoreFormerPlugin(torch.device("cpu"), upscaler)
        result = plugin.gen_image(image, None)
        cv2.imwrite(str(folder / f"{name}.png"), result)
    helper = plugin.face_enhancer.face_helper
    print("restored", [(face.mean(), face.std()) for face in helper.restored_faces])

    step = slice(None, None, 16)
    expected = {"restoreformer": network(face)[0][:, :, step, step].clone()}
    torch.save(expected, folder / "restoreformer-expected.pth")
    (folder / "RestoreFormer.shapes.txt").write_text(shapes(RestoreFormer()))


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder", "upscaler"))
