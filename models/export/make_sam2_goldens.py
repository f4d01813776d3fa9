"""Runs IOPaint 1.6.0's SAM 2 on seeded networks and writes `tests/fixtures/sam2`.

    python make_sam2_goldens.py FOLDER

padded.pt is a checkpoint of a network with few channels, as the original's, `{"model": state dict}`, image.png the input.
NET-results.pth has, in a group per case, points [N, 3] (x, y, label), a box [4] and the logits of the mask, at an input of 256
x 256 pixels, and padded-results.pth the image embedding too. The other networks are the published architectures; their tensors
are overlapping views of the numbers in numbers.pth (`overlapping`). transform.pth has images before (`small`, `large`) and
after the transform to a square of 32 pixels. shapes.txt lists the names and shapes of the tensors of the published models:
those of all models, then those of each; ranges of indices are in braces.

`--full MODEL` writes MODEL.pt without overlapping tensors, and its results at the published size, instead.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch
from iopaint.plugins.segment_anything2.build_sam import (
    common_kwargs,
    sam2_model_registry,
)
from iopaint.plugins.segment_anything2.modeling.backbones.hieradet import Hiera
from iopaint.plugins.segment_anything2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from iopaint.plugins.segment_anything2.modeling.memory_attention import MemoryAttention, MemoryAttentionLayer
from iopaint.plugins.segment_anything2.modeling.memory_encoder import (
    CXBlock,
    Fuser,
    MaskDownSampler,
    MemoryEncoder,
)
from iopaint.plugins.segment_anything2.modeling.position_encoding import PositionEmbeddingSine
from iopaint.plugins.segment_anything2.modeling.sam.transformer import RoPEAttention, TwoWayTransformer
from iopaint.plugins.segment_anything2.modeling.sam2_base import SAM2Base
from iopaint.plugins.segment_anything2.modeling.sam2_utils import MLP
from iopaint.plugins.segment_anything2.sam2_image_predictor import SAM2ImagePredictor
from iopaint.plugins.segment_anything2.utils.transforms import SAM2Transforms
from torch import Tensor, nn

SEED = 23
WIDTH, HEIGHT = 90, 70
# Side of the small networks' input, of their embeddings' channels and of the transformed images.
SIDE, CHANNELS, TRANSFORMED = 256, 32, 32
# Numbers of each kind, of which overlapping tensors are views; the largest matrix has 4608 x 1152 elements.
STORAGE = 6000
# Networks whose results are written; SAM 2.1 differs in tensors for videos alone.
PUBLISHED = ("sam2_tiny", "sam2_small", "sam2_base", "sam2_large")


def memory() -> tuple[MemoryAttention, MemoryEncoder]:
    """Returns the parts for videos, which only contribute tensors that the image path skips."""

    def attention(**arguments: int) -> RoPEAttention:
        return RoPEAttention(feat_sizes=[4, 4], embedding_dim=CHANNELS, num_heads=1, **arguments)

    layer = MemoryAttentionLayer(
        activation="relu",
        dim_feedforward=32,
        dropout=0.1,
        pos_enc_at_attn=False,
        self_attention=attention(),
        d_model=CHANNELS,
        pos_enc_at_cross_attn_keys=True,
        pos_enc_at_cross_attn_queries=False,
        cross_attention=attention(kv_in_dim=8),
    )
    position = PositionEmbeddingSine(num_pos_feats=8, normalize=True, scale=None, temperature=10000)
    encoder = MemoryEncoder(
        out_dim=8,
        position_encoding=position,
        mask_downsampler=MaskDownSampler(CHANNELS, kernel_size=3, stride=2, padding=1, total_stride=4),
        fuser=Fuser(layer=CXBlock(dim=CHANNELS, kernel_size=7, padding=3), num_layers=1),
        in_dim=CHANNELS,
    )
    attention_layers = MemoryAttention(d_model=CHANNELS, pos_enc_at_input=True, layer=layer, num_layers=1)
    return attention_layers, encoder


def network(trunk: Hiera, options: dict) -> SAM2Base:
    """Returns a network with few channels behind the trunk."""
    neck = FpnNeck(
        position_encoding=PositionEmbeddingSine(num_pos_feats=CHANNELS, normalize=True, scale=None, temperature=10000),
        d_model=CHANNELS,
        backbone_channel_list=trunk.channel_list,
        fpn_top_down_levels=[2, 3],
        fpn_interp_model="nearest",
    )
    attention, encoder = memory()
    result = SAM2Base(
        **{**options, "image_size": SIDE},
        image_encoder=ImageEncoder(scalp=1, trunk=trunk, neck=neck),
        memory_attention=attention,
        memory_encoder=encoder,
    )
    decoder = result.sam_mask_decoder
    decoder.transformer = TwoWayTransformer(depth=2, embedding_dim=CHANNELS, mlp_dim=24, num_heads=8)
    decoder.iou_prediction_head = MLP(CHANNELS, 24, 4, 3, sigmoid_output=True)
    return result


def padded() -> SAM2Base:
    """Returns a small network in which windows of 14 and 7 pixels require padding."""
    trunk = Hiera(
        embed_dim=4,
        num_heads=1,
        stages=(1, 2, 3, 1),
        global_att_blocks=(4,),
        window_pos_embed_bkg_spatial_size=(7, 7),
        window_spec=(8, 4, 14, 7),
    )
    return network(trunk, common_kwargs)


# Points (x, y, label) and box of each case, in pixels of the image.
CASES: dict[str, tuple[list[tuple[int, int, int]], list[int] | None]] = {
    "point": ([(30, 40, 1)], None),
    "points": ([(30, 40, 1), (80, 5, 0), (12, 61, 1)], None),
    "negative": ([(70, 20, 0)], None),
    "box": ([], [10, 8, 62, 55]),
    "point-and-box": ([(41, 33, 1), (15, 12, 0)], [10, 8, 62, 55]),
}


def image(width: int, height: int) -> np.ndarray:
    """Returns smooth gradients with a few hard edges and noise, RGB."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:height, 0:width]
    planes = [columns * 255 / width, rows * 255 / height, 255 - columns * 100 / width - rows * 100 / height]
    pixels = np.stack(planes, axis=-1) + rng.integers(-12, 13, (height, width, 3))
    pixels[height // 5 : height // 2, width // 6 : width // 2] = (240, 200, 30)
    pixels[height * 2 // 3 :, width * 3 // 4 : width * 4 // 5] = 0
    return np.clip(pixels, 0, 255).astype(np.uint8)


@torch.no_grad()
def randomize(network: nn.Module) -> None:
    """Sets seeded weights, of which none is negligible: norms near 1, embeddings and biases of the order of activations."""
    for name, parameter in network.named_parameters():
        if parameter.dim() == 1:
            low, high = (0.6, 1.4) if name.endswith("weight") else (-0.3, 0.3)
            parameter.uniform_(low, high)
        elif parameter.shape[0] == 1 or "token" in name:
            parameter.normal_(0.0, 0.5)
        else:
            fan_in = parameter[0].numel()
            parameter.normal_(0.0, 1.4 / fan_in**0.5)


def numbers() -> dict[str, Tensor]:
    """Returns seeded numbers for weights, for factors of norms, and for embeddings."""
    values = {
        "weight": torch.randn(STORAGE) * 0.04,
        "norm": torch.rand(STORAGE) * 0.8 + 0.6,
        "embedding": torch.randn(STORAGE) * 0.5,
    }
    return {name: tensor.half() for name, tensor in values.items()}


def overlapping(network: nn.Module, numbers: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns a state dict of views of the numbers with all strides 1, at an offset by the sum of the name's characters."""
    state = {}
    for name, tensor in network.state_dict().items():
        if tensor.dim() == 1 and name.endswith("weight"):
            kind = "norm"
        elif tensor.dim() > 1 and (tensor.shape[0] == 1 or "token" in name or "gaussian" in name):
            kind = "embedding"
        else:
            kind = "weight"
        extent = sum(side - 1 for side in tensor.shape) + 1
        offset = sum(map(ord, name)) * 7 % (STORAGE - extent)
        state[name] = numbers[kind].as_strided(tensor.shape, (1,) * tensor.dim(), offset)
    return state


def rounded(network: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """Returns a seeded state dict of the given type."""
    randomize(network)
    return {name: tensor.to(dtype) for name, tensor in network.state_dict().items()}


@torch.no_grad()
def run(
    name: str,
    network: SAM2Base,
    state: dict[str, Tensor],
    folder: Path,
    source: np.ndarray,
    cases: Iterable[str],
) -> None:
    """Writes a network's results on the image."""
    network.eval().load_state_dict(state)
    predictor = SAM2ImagePredictor(network)
    side = network.image_size
    predictor._bb_feat_sizes = [(side // stride, side // stride) for stride in (4, 8, 16)]
    predictor.set_image(source)
    results: dict[str, Tensor | dict[str, Tensor]] = {}
    if network.hidden_dim == CHANNELS:
        results["embedding"] = predictor.get_image_embedding().clone()
    for case in cases:
        points, box = CASES[case]
        coordinates = [(point[0], point[1]) for point in points]
        logits, _, _ = predictor.predict(
            point_coords=np.array(coordinates) if points else None,
            point_labels=np.array([point[2] for point in points]) if points else None,
            box=np.array(box) if box else None,
            multimask_output=False,
            return_logits=True,
        )
        group = {"logits": torch.from_numpy(logits[0]).clone()}
        print(f"{name} {case}: {(logits > 0).mean():.0%} positive, standard deviation {logits.std():.2f}")
        if points:
            group["points"] = torch.tensor(points, dtype=torch.float32)
        if box:
            group["box"] = torch.tensor(box, dtype=torch.float32)
        results[case] = group
    torch.save(results, folder / f"{name}-results.pth")


def write_transforms(folder: Path) -> None:
    """Writes images before and after the transform."""
    transforms = SAM2Transforms(TRANSFORMED, mask_threshold=0.0)
    results = {}
    for name, (width, height) in {"small": (20, 27), "large": (50, 40)}.items():
        pixels = image(width, height)
        results[name] = {"image": torch.from_numpy(pixels).float(), "result": transforms(pixels)}
    torch.save(results, folder / "transform.pth")


def shape_lines(state: dict[str, Tensor]) -> list[str]:
    """Returns `name shape` lines in which the blocks with tensors of equal shape share one, as `blocks.{2-9}.`."""
    groups: dict[tuple[str, str], list[int]] = {}
    for name, tensor in state.items():
        found = re.search(r"(?<=blocks\.)\d+", name)
        pattern = name if found is None else name.replace(f"blocks.{found[0]}.", "blocks.#.")
        shape = "x".join(str(side) for side in tensor.shape)
        groups.setdefault((pattern, shape), []).append(-1 if found is None else int(found[0]))
    lines = []
    for (pattern, shape), indices in groups.items():
        ranges: list[list[int]] = []
        for index in indices:
            if ranges and index == ranges[-1][1] + 1:
                ranges[-1][1] = index
            else:
                ranges.append([index, index])
        lines += [f"{pattern.replace('#', f'{{{first}-{last}}}')} {shape}" for first, last in ranges]
    return lines


def write_shapes(folder: Path) -> None:
    """Writes the names and shapes of the published models."""
    sections = {}
    for name in sam2_model_registry:
        # The trunk reads the values of a linspace, which tensors without values don't have.
        rates = mock.patch("torch.linspace", lambda start, stop, steps: torch.zeros(steps, device="cpu"))
        with torch.device("meta"), rates:
            state = sam2_model_registry[name]().state_dict()
        sections[name] = shape_lines(state)
    shared = set.intersection(*(set(lines) for lines in sections.values()))
    lines = ["[all]", *sorted(shared)]
    for name, section in sections.items():
        lines += [f"[{name}]", *(line for line in section if line not in shared)]
    (folder / "shapes.txt").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Writes networks, input and results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", choices=sam2_model_registry)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    source = image(WIDTH, HEIGHT)
    cv2.imwrite(str(folder / "image.png"), source[:, :, ::-1])
    if (name := arguments.full) is not None:
        built = sam2_model_registry[name]()
        state = rounded(built, torch.float32)
        torch.save({"model": state}, folder / f"{name}.pt")
        run(name, built, state, folder, source, CASES)
        return
    small = padded()
    state = rounded(small, torch.float16)
    torch.save({"model": state}, folder / "padded.pt")
    run("padded", small, state, folder, source, CASES)
    values = numbers()
    torch.save(values, folder / "numbers.pth")
    for name in PUBLISHED:
        with mock.patch.dict(common_kwargs, image_size=SIDE):
            reduced = sam2_model_registry[name]()
        run(name, reduced, overlapping(reduced, values), folder, source, ["points"])
    write_transforms(folder)
    write_shapes(folder)


if __name__ == "__main__":
    main()
